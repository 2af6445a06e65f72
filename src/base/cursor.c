/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cursor.h"

#include <assert.h>
#include <errno.h>

void cursor_reject_at(Cursor *c, size_t at, const char *why) {
        if (c->failed)
                return;
        c->failed = true;
        c->failed_at = at;
        c->why = why;
}

void cursor_reject(Cursor *c, const char *why) {
        cursor_reject_at(c, c->at, why);
}

Span cursor_rest(const Cursor *c) {
        /* nothing is added to the NULL of an empty Span: C does not allow it, not even zero */
        return (Span){ c->at > 0 ? c->bytes.data + c->at : c->bytes.data, cursor_left(c) };
}

Span cursor_bytes(Cursor *c, size_t n) {
        Span out = cursor_rest(c);

        /* Compared as "n against what is left", never "at + n against the end": no sum, no wrap. */
        if (n > out.size) {
                cursor_reject(c, NULL);
                return (Span){};
        }

        out.size = n;
        c->at += n;
        return out;
}

static uint64_t read_be(Cursor *c, size_t n) {
        Span s = cursor_bytes(c, n);
        uint64_t v = 0;

        for (size_t i = 0; i < s.size; i++)
                v = v << 8 | s.data[i];
        return v;
}

static uint64_t read_le(Cursor *c, size_t n) {
        Span s = cursor_bytes(c, n);
        uint64_t v = 0;

        for (size_t i = s.size; i > 0; i--)
                v = v << 8 | s.data[i - 1];
        return v;
}

uint8_t cursor_u8(Cursor *c) {
        return (uint8_t) read_be(c, 1);
}

uint16_t cursor_u16be(Cursor *c) {
        return (uint16_t) read_be(c, 2);
}

uint32_t cursor_u32be(Cursor *c) {
        return (uint32_t) read_be(c, 4);
}

uint64_t cursor_u64be(Cursor *c) {
        return read_be(c, 8);
}

uint16_t cursor_u16le(Cursor *c) {
        return (uint16_t) read_le(c, 2);
}

uint32_t cursor_u32le(Cursor *c) {
        return (uint32_t) read_le(c, 4);
}

uint64_t cursor_u64le(Cursor *c) {
        return read_le(c, 8);
}

Span cursor_prefixed(Cursor *c, unsigned length_size, size_t max) {
        uint64_t n;

        assert(length_size == 1 || length_size == 2 || length_size == 4);

        n = read_be(c, length_size);
        if (n > max) {
                cursor_reject(c, "a length above its limit");
                return (Span){};
        }
        return cursor_bytes(c, (size_t) n);
}

bool cursor_skip(Cursor *c, Span literal) {
        if (!span_starts(cursor_rest(c), literal))
                return false;
        c->at += literal.size;
        return true;
}

void cursor_expect(Cursor *c, Span literal, const char *why) {
        if (!cursor_skip(c, literal))
                cursor_reject(c, why);
}

void cursor_expect_u32le(Cursor *c, uint32_t value, const char *why) {
        size_t start = c->at;

        if (cursor_u32le(c) != value)
                cursor_reject_at(c, start, why);
}

void cursor_expect_zeros(Cursor *c, size_t n, const char *why) {
        size_t start = c->at;

        if (!span_is_zero(cursor_bytes(c, n)))
                cursor_reject_at(c, start, why);
}

Span cursor_until(Cursor *c, uint8_t stop, size_t max) {
        Span rest = cursor_rest(c), out = {};

        for (size_t i = 0; i < rest.size && i <= max; i++) {
                if (rest.data[i] != stop)
                        continue;
                out = cursor_bytes(c, i);
                (void) cursor_u8(c);
                return out;
        }
        cursor_reject(c, rest.size > max ? "more bytes than allowed" : NULL);
        return out;
}

int cursor_end(const Cursor *c, const char *what, Err *e) {
        if (c->failed && c->why)
                return err_set(e, -EBADMSG, "%s: malformed at byte %zu of %zu: %s", what,
                                c->failed_at, c->bytes.size, c->why);
        if (c->failed)
                return err_set(e, -EBADMSG, "%s: cut short at byte %zu of %zu", what, c->failed_at,
                                c->bytes.size);
        if (c->at != c->bytes.size)
                return err_set(e, -EBADMSG, "%s: %zu stray bytes after byte %zu", what,
                                c->bytes.size - c->at, c->at);
        return 0;
}
