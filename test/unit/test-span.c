/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/macro.h"
#include "base/span.h"

static void order_is_bytewise_and_the_shorter_comes_first(void **state) {
        static const struct {
                const char *a, *b;
                int order;
        } cases[] = {
                { "", "", 0 },
                { NULL, "", 0 },
                { "", "a", -1 },
                { "a", "a", 0 },
                { "a", "b", -1 },
                { "a", "ab", -1 },
                { "b", "ab", 1 },
                { "B", "a", -1 },
                { "a\x7f", "a\x80", -1 }, /* bytes, not signed characters */
                { "\xc3\xa9", "z", 1 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Span a = span_of(cases[i].a), b = span_of(cases[i].b);

                assert_int_equal(span_compare(a, b), cases[i].order);
                assert_int_equal(span_compare(b, a), -cases[i].order);
                assert_int_equal(span_equal(a, b), cases[i].order == 0);
        }
}

static void equality_takes_both_sizes(void **state) {
        (void) state;
        assert_true(span_is(SPAN_LITERAL("abc"), "abc"));
        assert_false(span_is(SPAN_LITERAL("abc"), "ab"));
        assert_false(span_is(SPAN_LITERAL("ab"), "abc"));
        assert_false(span_is(SPAN_LITERAL("abc\0"), "abc"));
        assert_true(span_is((Span){}, ""));
        assert_true(span_equal((Span){}, span_of(NULL)));
        assert_int_equal(SPAN_LITERAL("a\0b").size, 3);
}

static void a_head_is_no_longer_than_what_it_heads(void **state) {
        (void) state;
        assert_true(span_starts(SPAN_LITERAL("abc"), SPAN_LITERAL("ab")));
        assert_true(span_starts(SPAN_LITERAL("abc"), SPAN_LITERAL("abc")));
        assert_true(span_starts(SPAN_LITERAL("abc"), (Span){}));
        assert_true(span_starts((Span){}, (Span){}));
        assert_false(span_starts(SPAN_LITERAL("ab"), SPAN_LITERAL("abc")));
        assert_false(span_starts(SPAN_LITERAL("abc"), SPAN_LITERAL("b")));
        assert_false(span_starts((Span){}, SPAN_LITERAL("a")));
}

static void an_end_is_no_longer_than_what_it_ends(void **state) {
        (void) state;
        assert_true(span_ends(SPAN_LITERAL("abc"), SPAN_LITERAL("bc")));
        assert_true(span_ends(SPAN_LITERAL("abc"), SPAN_LITERAL("abc")));
        assert_true(span_ends(SPAN_LITERAL("abc"), (Span){}));
        assert_true(span_ends((Span){}, (Span){}));
        assert_false(span_ends(SPAN_LITERAL("bc"), SPAN_LITERAL("abc")));
        assert_false(span_ends(SPAN_LITERAL("abc"), SPAN_LITERAL("b")));
        assert_false(span_ends((Span){}, SPAN_LITERAL("a")));
}

static void what_stands_behind(void **state) {
        (void) state;
        assert_true(span_is(span_from(SPAN_LITERAL("abc"), 1), "bc"));
        assert_true(span_is(span_from(SPAN_LITERAL("abc"), 0), "abc"));
        assert_true(span_is(span_from(SPAN_LITERAL("abc"), 3), ""));
        assert_null(span_from((Span){}, 0).data);
}

static void zero_means_every_byte(void **state) {
        (void) state;
        assert_true(span_is_zero((Span){}));
        assert_true(span_is_zero(SPAN_LITERAL("\0\0\0")));
        assert_false(span_is_zero(SPAN_LITERAL("\0\0\1")));
        assert_false(span_is_zero(SPAN_LITERAL("\1\0\0")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(order_is_bytewise_and_the_shorter_comes_first),
                cmocka_unit_test(equality_takes_both_sizes),
                cmocka_unit_test(a_head_is_no_longer_than_what_it_heads),
                cmocka_unit_test(an_end_is_no_longer_than_what_it_ends),
                cmocka_unit_test(what_stands_behind),
                cmocka_unit_test(zero_means_every_byte),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
