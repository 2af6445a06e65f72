/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/stubline.h"

#include <errno.h>

#include "base/text.h"
#include "wire/stub.h"

/* mangle_stub_cmdline() of 252 knows fewer than that of 255. */
static bool is_blank(unsigned generation, uint8_t c) {
        return c < ' ' || c == ' ' || (generation >= STUB_LINES_TRIMMED && c == 0x7f);
}

static Span up_to_nul(Span s) {
        const uint8_t *nul = s.size > 0 ? memchr(s.data, 0, s.size) : NULL;

        return nul ? (Span){ s.data, (size_t) (nul - s.data) } : s;
}

void stub_line_settle(unsigned generation, Span text, Buf *to) {
        Span s = up_to_nul(text);

        while (s.size > 0 && is_blank(generation, s.data[s.size - 1]))
                s.size--;
        while (generation >= STUB_LINES_TRIMMED && s.size > 0 && is_blank(generation, s.data[0]))
                s = span_from(s, 1);
        for (size_t i = 0; i < s.size; i++)
                buf_byte(to, is_blank(generation, s.data[i]) ? ' ' : s.data[i]);
}

int stub_line_measured(Span text, Buf *to, Err *e) {
        Span s = up_to_nul(text);

        while (s.size > 0) {
                uint32_t c = 0;
                size_t n = text_utf8(s, &c);

                if (n == 0)
                        return err_set(e, -EBADMSG, "a command line that is no UTF-8");
                if (c <= 0xffff)
                        buf_le(to, c, 2);
                s = span_from(s, n);
        }
        buf_zeros(to, 2);
        return to->failed < 0 ? err_set(e, -EBADMSG, "a command line that is too long") : 0;
}
