/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/uki-sbat.h"

#include <errno.h>
#include <string.h>

#define FIRST_LINE "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"

enum { LAST_WITH_NUL = 257 };

static Span without_nuls(Span s) {
        while (s.size > 0 && s.data[s.size - 1] == 0)
                s.size--;
        return s;
}

void uki_sbat_begin(Buf *to) {
        buf_string(to, FIRST_LINE);
}

int uki_sbat_add(const char *what, Span text, Buf *to, Err *e) {
        const uint8_t *end;
        size_t first;

        text = without_nuls(text);
        if (text.size == 0)
                return 0;
        if (!span_starts(text, SPAN_LITERAL("sbat,")))
                return err_set(e, -EBADMSG, "%s does not begin with 'sbat,'", what);
        for (size_t i = 0; i < text.size; i++)
                if ((text.data[i] < ' ' && text.data[i] != '\n') || text.data[i] >= 0x7f)
                        return err_set(e, -EBADMSG, "%s: byte %zu is no plain text", what, i);
        end = memchr(text.data, '\n', text.size);
        first = end ? (size_t) (end - text.data) + 1 : text.size;
        text = span_from(text, first);
        buf_bytes(to, text);
        if (text.size > 0 && text.data[text.size - 1] != '\n')
                buf_byte(to, '\n');
        return 0;
}

int uki_sbat_end(Buf *to, unsigned generation, Err *e) {
        Span unused;
        int rc;

        if (generation <= LAST_WITH_NUL)
                buf_byte(to, 0);
        rc = buf_end(to, &unused);
        return rc < 0 ? err_set(e, rc, "the .sbat section takes more than %zu bytes", to->max) : 0;
}
