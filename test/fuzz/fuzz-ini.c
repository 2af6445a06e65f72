/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "base/buf.h"
#include "base/ini.h"

enum { INI_MAX = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(Span part, Span whole) {
        return part.size == 0 ||
               (part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

/* What is read points into the text, line by line, and reads the same when it is written plainly.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf plain = BUF_UP_TO(8 * INI_MAX);
        Span text = { data, size };
        Ini ini = ini_over(text), again;
        Assignment a = {}, b;
        unsigned line = 0, n = 0;
        int rc;

        while (size <= 4096 && (rc = ini_next(&ini, &a, NULL)) == 1) {
                if (!inside(a.section, text) || !inside(a.key, text) || !inside(a.value, text))
                        abort();
                if (a.line <= line)
                        abort();
                line = a.line;
                n++;
                if (a.key.size == 0) {
                        buf_byte(&plain, '[');
                        buf_bytes(&plain, a.section);
                        buf_string(&plain, "]\n");
                        continue;
                }
                buf_bytes(&plain, a.key);
                buf_byte(&plain, '=');
                buf_bytes(&plain, a.value);
                buf_byte(&plain, '\n');
        }

        ini = ini_over(text);
        again = ini_over(buf_span(&plain));
        for (; n > 0; n--)
                if (ini_next(&ini, &a, NULL) != 1 || ini_next(&again, &b, NULL) != 1 ||
                                !span_equal(a.section, b.section) || !span_equal(a.key, b.key) ||
                                !span_equal(a.value, b.value))
                        abort();
        return 0;
}
