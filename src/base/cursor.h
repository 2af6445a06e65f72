/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* The only way this project reads bytes it did not write itself.
 *
 * Failure is sticky: the first read past the end marks the cursor failed and remembers where; that
 * read and every later one yields zero or an empty Span. A parser therefore reads straight through
 * and asks cursor_end() once. Nothing read may be acted upon before cursor_end() (or
 * cursor_failed()) has been asked; a count read from a failed cursor is 0, so loops stay empty. */
typedef struct Cursor {
        Span bytes;
        size_t at;
        size_t failed_at;
        const char *why; /* a constant; NULL where the bytes simply ended */
        bool failed;
} Cursor;

static inline Cursor cursor_over(Span bytes) {
        return (Cursor){ .bytes = bytes };
}

static inline bool cursor_failed(const Cursor *c) {
        return c->failed;
}

static inline size_t cursor_left(const Cursor *c) {
        return c->failed ? 0 : c->bytes.size - c->at;
}

/* What is left, not stepped over; empty where the cursor has failed. */
Span cursor_rest(const Cursor *c);

/* Big-endian, as the TPM writes. */
uint8_t cursor_u8(Cursor *c);
uint16_t cursor_u16be(Cursor *c);
uint32_t cursor_u32be(Cursor *c);
uint64_t cursor_u64be(Cursor *c);

/* Little-endian, as disks and PE files have it. */
uint16_t cursor_u16le(Cursor *c);
uint32_t cursor_u32le(Cursor *c);
uint64_t cursor_u64le(Cursor *c);

Span cursor_bytes(Cursor *c, size_t n);

/* Reads a big-endian length of 1, 2 or 4 bytes, refuses more than max, and hands out that many
 * bytes. */
Span cursor_prefixed(Cursor *c, unsigned length_size, size_t max);

/* Steps over exactly these bytes, or fails with why. */
void cursor_expect(Cursor *c, Span literal, const char *why);
void cursor_expect_u32le(Cursor *c, uint32_t value, const char *why);

/* n bytes that are zero, as what is reserved or padding has to be. */
void cursor_expect_zeros(Cursor *c, size_t n, const char *why);

/* True, and steps over the literal, where it stands next; false and no step otherwise. */
bool cursor_skip(Cursor *c, Span literal);

/* Hands out the bytes before the next stop byte, and steps over that too; at most max bytes, else
 * the cursor fails. */
Span cursor_until(Cursor *c, uint8_t stop, size_t max);

/* Marks the cursor failed, for a value that fits but is not allowed. why is a constant that
 * completes "malformed at byte N: ...". */
void cursor_reject(Cursor *c, const char *why);

/* The same for a value that was read already, and began at this byte. */
void cursor_reject_at(Cursor *c, size_t at, const char *why);

/* 0 where all was read and nothing failed; -EBADMSG otherwise, with what and the offset in e. */
int cursor_end(const Cursor *c, const char *what, Err *e) _must_check_;
