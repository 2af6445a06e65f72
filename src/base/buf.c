/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_done(Buf *b) {
        free(b->data);
        *b = (Buf){ .max = b->max };
}

/* One byte more than room is allocated: the NUL of vsnprintf(), which does not count. */
static bool reserve(Buf *b, size_t n) {
        size_t room;
        uint8_t *p;

        if (b->failed < 0)
                return false;
        if (n > b->max - b->size) {
                b->failed = -E2BIG;
                return false;
        }
        if (b->data && n <= b->room - b->size)
                return true;

        room = b->room < 64 ? 64 : b->room;
        while (room - b->size < n) {
                if (room > SIZE_MAX / 2 - 1) {
                        b->failed = -ENOMEM;
                        return false;
                }
                room *= 2;
        }
        p = realloc(b->data, room + 1);
        if (!p) {
                b->failed = -ENOMEM;
                return false;
        }
        b->data = p;
        b->room = room;
        return true;
}

uint8_t *buf_room(Buf *b, size_t n) {
        uint8_t *at;

        if (!reserve(b, n))
                return NULL;
        at = b->data + b->size;
        b->size += n;
        return at;
}

void buf_bytes(Buf *b, Span s) {
        uint8_t *at;

        if (s.size == 0)
                return;
        at = buf_room(b, s.size);
        if (at)
                memcpy(at, s.data, s.size);
}

void buf_string(Buf *b, const char *s) {
        buf_bytes(b, span_of(s));
}

void buf_byte(Buf *b, uint8_t v) {
        buf_bytes(b, (Span){ &v, 1 });
}

void buf_be(Buf *b, uint64_t v, unsigned n_bytes) {
        uint8_t raw[8];

        assert(n_bytes >= 1 && n_bytes <= 8);
        assert(n_bytes == 8 || v >> (8 * n_bytes) == 0);

        for (unsigned i = 0; i < n_bytes; i++)
                raw[i] = (uint8_t) (v >> (8 * (n_bytes - 1 - i)));
        buf_bytes(b, (Span){ raw, n_bytes });
}

void buf_le(Buf *b, uint64_t v, unsigned n_bytes) {
        uint8_t raw[8];

        assert(n_bytes >= 1 && n_bytes <= 8);
        assert(n_bytes == 8 || v >> (8 * n_bytes) == 0);

        for (unsigned i = 0; i < n_bytes; i++)
                raw[i] = (uint8_t) (v >> (8 * i));
        buf_bytes(b, (Span){ raw, n_bytes });
}

void buf_zeros(Buf *b, size_t n) {
        uint8_t *at;

        if (n == 0)
                return;
        at = buf_room(b, n);
        if (at)
                memset(at, 0, n);
}

/* Straight into the room that there is; once more where that does not suffice. */
void buf_printf(Buf *b, const char *format, ...) {
        size_t room = b->failed < 0 || !b->data ? 0 : b->room - b->size;
        va_list ap, again;
        uint8_t *at;
        int n;

        va_start(ap, format);
        va_copy(again, ap);
        n = vsnprintf(room > 0 ? (char *) b->data + b->size : NULL, room > 0 ? room + 1 : 0, format,
                        ap);
        va_end(ap);
        assert(n >= 0);

        at = buf_room(b, (size_t) n);
        if (at && (size_t) n > room)
                (void) vsnprintf((char *) at, (size_t) n + 1, format, again);
        va_end(again);
}

void buf_fail(Buf *b, int code) {
        if (code < 0 && b->failed == 0)
                b->failed = code;
}

int buf_end(const Buf *b, Span *ret) {
        if (b->failed < 0)
                return b->failed;
        *ret = (Span){ b->data, b->size };
        return 0;
}

Span buf_span(const Buf *b) {
        return b->failed < 0 ? (Span){} : (Span){ b->data, b->size };
}
