/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/version.h"

static uint8_t first(Span s) {
        return s.size > 0 ? s.data[0] : 0;
}

static Span behind(Span s, size_t n) {
        return span_from(s, n);
}

static bool is_digit(uint8_t c) {
        return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_mark(uint8_t c) {
        return c == '~' || c == '-' || c == '^' || c == '.';
}

static Span skip_foreign(Span s) {
        while (s.size > 0 && !is_digit(first(s)) && !is_letter(first(s)) && !is_mark(first(s)))
                s = behind(s, 1);
        return s;
}

/* Where one of them goes on with this mark, that one is older; both: it is taken off. */
static int take_mark(Span *a, Span *b, uint8_t mark) {
        bool in_a = first(*a) == mark, in_b = first(*b) == mark;

        if (in_a && in_b) {
                *a = behind(*a, 1);
                *b = behind(*b, 1);
        }
        return (int) in_b - (int) in_a;
}

static Span take_run(Span *s, bool (*belongs)(uint8_t)) {
        size_t n = 0;

        while (n < s->size && belongs(s->data[n]))
                n++;
        *s = behind(*s, n);
        return (Span){ s->data - n, n };
}

static int compare_sizes(size_t a, size_t b) {
        return (a > b) - (a < b);
}

/* As numbers, however long they are; one that is missing is older than any. */
static int compare_numbers(Span *a, Span *b) {
        Span m = take_run(a, is_digit), n = take_run(b, is_digit);
        int rc;

        if (m.size == 0 || n.size == 0)
                return compare_sizes(m.size > 0, n.size > 0);
        while (first(m) == '0')
                m = behind(m, 1);
        while (first(n) == '0')
                n = behind(n, 1);
        rc = compare_sizes(m.size, n.size);
        return rc != 0 ? rc : memcmp(m.data, n.data, m.size);
}

/* By their bytes, so that capitals are older; of two that begin alike the longer one is newer. */
static int compare_words(Span *a, Span *b) {
        Span m = take_run(a, is_letter), n = take_run(b, is_letter);
        size_t common = m.size < n.size ? m.size : n.size;
        int rc = common > 0 ? memcmp(m.data, n.data, common) : 0;

        return rc != 0 ? rc : compare_sizes(m.size, n.size);
}

int version_compare(Span a, Span b) {
        static const uint8_t marks[] = { '-', '^', '.' };
        int rc;

        for (;;) {
                a = skip_foreign(a);
                b = skip_foreign(b);
                rc = take_mark(&a, &b, '~');
                if (rc != 0)
                        return rc;
                if (a.size == 0 || b.size == 0) /* but for "~", what goes on is newer */
                        return compare_sizes(a.size > 0, b.size > 0);
                for (size_t i = 0; rc == 0 && i < sizeof(marks); i++)
                        rc = take_mark(&a, &b, marks[i]);
                if (rc == 0)
                        rc = is_digit(first(a)) || is_digit(first(b)) ? compare_numbers(&a, &b)
                                                                      : compare_words(&a, &b);
                if (rc != 0)
                        return rc;
        }
}
