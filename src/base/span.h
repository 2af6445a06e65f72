/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of bytes that someone else owns. A Span never frees and never outlives its bytes. */
typedef struct Span {
        const uint8_t *data;
        size_t size;
} Span;

#define SPAN_LITERAL(s) ((Span){ (const uint8_t *) (s), sizeof(s) - 1 })

/* The characters of a C string, without its NUL; empty for NULL. */
static inline Span span_of(const char *s) {
        return (Span){ (const uint8_t *) s, s ? strlen(s) : 0 };
}

static inline bool span_equal(Span a, Span b) {
        return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool span_is(Span a, const char *s) {
        return span_equal(a, span_of(s));
}

static inline bool span_starts(Span a, Span head) {
        return a.size >= head.size && span_equal((Span){ a.data, head.size }, head);
}

/* What stands behind the first n bytes, of which there must be as many. No step is made from an
 * empty Span, whose data may be NULL. */
static inline Span span_from(Span s, size_t n) {
        if (n > 0) {
                s.data += n;
                s.size -= n;
        }
        return s;
}

static inline bool span_ends(Span a, Span tail) {
        return a.size >= tail.size && span_equal(span_from(a, a.size - tail.size), tail);
}

/* Bytewise order, a shorter Span before a longer one that begins with it: -1, 0 or 1. */
int span_compare(Span a, Span b);

/* True where every byte is zero; an empty Span is. */
bool span_is_zero(Span a);
