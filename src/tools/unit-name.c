/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/unit-name.h"

#include <ctype.h>

static void put_escaped(Buf *to, uint8_t c, bool first) {
        if (c == '/')
                buf_byte(to, '-');
        else if ((c < 0x80 && isalnum(c)) || c == ':' || c == '_' || (c == '.' && !first))
                buf_byte(to, c);
        else
                buf_printf(to, "\\x%02x", c);
}

void unit_escape(Buf *to, Span instance) {
        for (size_t i = 0; i < instance.size; i++)
                put_escaped(to, instance.data[i], i == 0);
}

void unit_escape_path(Buf *to, Span path) {
        bool first = true;

        for (size_t i = 0; i < path.size; i++) {
                bool slash = path.data[i] == '/';

                /* the one that stands between two names, and no other */
                if (slash && (first || i + 1 == path.size || path.data[i + 1] == '/'))
                        continue;
                put_escaped(to, path.data[i], first);
                first = false;
        }
        if (first)
                buf_byte(to, '-'); /* the root itself */
}
