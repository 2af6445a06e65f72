/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "base/text.h"

enum { TEXT_MAX = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef bool (*Decode)(Span text, Buf *to);
typedef void (*Encode)(Buf *to, Span bytes);

static bool unhex(Span text, Buf *to) {
        return text_unhex_buf(text, false, to);
}

/* What decodes has one spelling: it encodes to the very same text. */
static void one_spelling(Span text, Decode decode, Encode encode) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(TEXT_MAX), again = BUF_UP_TO(4 * TEXT_MAX);

        if (!decode(text, &bytes))
                return;
        encode(&again, buf_span(&bytes));
        if (!span_equal(text, buf_span(&again)))
                abort();
}

/* Foreign text that was escaped is printable UTF-8, and no two texts escape to the same. */
static void escaped_is_harmless(Span text) {
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(4 * TEXT_MAX), again = BUF_UP_TO(TEXT_MAX);
        Span s;

        text_escape(&escaped, text);
        for (s = buf_span(&escaped); s.size > 0;) {
                uint32_t character = 0;
                size_t n = text_utf8(s, &character);
                uint8_t byte;

                if (n == 0 || character < ' ' || character == 0x7f)
                        abort();
                if (character == '\\') {
                        if (s.size < 4 || s.data[1] != 'x' ||
                                        !text_unhex((Span){ s.data + 2, 2 }, &byte, 1))
                                abort();
                        buf_byte(&again, byte);
                        n = 4;
                } else {
                        buf_bytes(&again, (Span){ s.data, n });
                }
                s = span_from(s, n);
        }
        if (!span_equal(text, buf_span(&again)))
                abort();
}

static void number_has_one_spelling(Span text) {
        _cleanup_(buf_done) Buf again = BUF_UP_TO(32);
        uint64_t v;

        if (!text_number(text, UINT64_MAX, &v))
                return;
        buf_printf(&again, "%llu", (unsigned long long) v);
        if (!span_equal(text, buf_span(&again)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const names[] = { "certificate", "private-key", "output", NULL };
        Span text = { data, size };

        if (size > TEXT_MAX)
                return 0;
        one_spelling(text, unhex, text_hex);
        one_spelling(text, text_unbase64, text_base64);
        one_spelling(text, text_unbase64url, text_base64url);
        escaped_is_harmless(text);
        number_has_one_spelling(text);
        (void) text_nearest(text, names);
        return 0;
}
