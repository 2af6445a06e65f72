/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/cursor.h"

static void reads_both_byte_orders(void **state) {
        Cursor c = cursor_over(
                        SPAN_LITERAL("\x01\x02\x03\x04\x05\x06\x07\x02\x01\x04\x03\x02\x01"));

        (void) state;
        assert_int_equal(cursor_u8(&c), 0x01);
        assert_int_equal(cursor_u16be(&c), 0x0203);
        assert_int_equal(cursor_u32be(&c), 0x04050607);
        assert_int_equal(cursor_u16le(&c), 0x0102);
        assert_int_equal(cursor_u32le(&c), 0x01020304);
        assert_int_equal(cursor_end(&c, "thirteen bytes", NULL), 0);
}

static void failure_is_sticky_and_says_where(void **state) {
        Cursor c = cursor_over(SPAN_LITERAL("\x01\x02\x03"));
        Err e = {};

        (void) state;
        (void) cursor_u16be(&c);
        assert_int_equal(cursor_u32be(&c), 0);
        assert_int_equal(cursor_u8(&c), 0); /* one byte is left, but the cursor has failed */
        assert_int_equal(cursor_left(&c), 0);
        assert_int_equal(cursor_end(&c, "three bytes", &e), -EBADMSG);
        assert_string_equal(e.text, "three bytes: cut short at byte 2 of 3");
}

static void stray_bytes_are_refused(void **state) {
        Cursor c = cursor_over(SPAN_LITERAL("\x01\x02"));

        (void) state;
        (void) cursor_u8(&c);
        assert_int_equal(cursor_end(&c, "one byte", NULL), -EBADMSG);
}

static void a_length_cannot_wrap(void **state) {
        Cursor c = cursor_over(SPAN_LITERAL("\xff\xff\xff\xff"
                                            "abc"));

        (void) state;
        assert_null(cursor_prefixed(&c, 4, SIZE_MAX).data);
        assert_true(cursor_failed(&c));
}

static void a_length_is_taken_up_to_its_limit(void **state) {
        Cursor fits = cursor_over(SPAN_LITERAL("\x03"
                                               "abc"));
        Cursor large = fits;

        (void) state;
        assert_true(span_is(cursor_prefixed(&fits, 1, 3), "abc"));
        assert_int_equal(cursor_end(&fits, "a word", NULL), 0);
        assert_null(cursor_prefixed(&large, 1, 2).data);
        assert_true(cursor_failed(&large));
}

static void literals_are_stepped_over_or_refused(void **state) {
        Cursor c = cursor_over(SPAN_LITERAL("key=value;"));
        Err e = {};

        (void) state;
        assert_false(cursor_skip(&c, SPAN_LITERAL("word")));
        assert_true(cursor_skip(&c, SPAN_LITERAL("key=")));
        assert_true(span_is(cursor_until(&c, ';', 5), "value"));
        cursor_expect(&c, SPAN_LITERAL("!"), "no mark");
        assert_int_equal(cursor_end(&c, "text", &e), -EBADMSG);
        assert_string_equal(e.text, "text: malformed at byte 10 of 10: no mark");
}

static void what_is_expected_is_refused_where_it_begins(void **state) {
        Cursor c = cursor_over(SPAN_LITERAL("\x01\x02\0\0\0\0"));
        Cursor number = c, padding = c;
        Err e = {};

        (void) state;
        cursor_expect_u32le(&c, 0x0201, "not 513");
        cursor_expect_zeros(&c, 2, "padding that is not zero");
        assert_int_equal(cursor_end(&c, "six bytes", NULL), 0);
        (void) cursor_u8(&number);
        cursor_expect_u32le(&number, 3, "not 3");
        assert_int_equal(cursor_end(&number, "six bytes", &e), -EBADMSG);
        assert_string_equal(e.text, "six bytes: malformed at byte 1 of 6: not 3");
        e = (Err){};
        (void) cursor_u8(&padding);
        cursor_expect_zeros(&padding, 3, "padding that is not zero");
        assert_int_equal(cursor_end(&padding, "six bytes", &e), -EBADMSG);
        assert_string_equal(
                        e.text, "six bytes: malformed at byte 1 of 6: padding that is not zero");
}

static void a_stop_too_far_away_is_refused(void **state) {
        Cursor c = cursor_over(SPAN_LITERAL("value;"));

        (void) state;
        assert_null(cursor_until(&c, ';', 4).data);
        assert_true(cursor_failed(&c));
}

static void a_value_is_refused_where_it_began(void **state) {
        Cursor c = cursor_over(SPAN_LITERAL("\x01\x02\x03\x04"));
        Err e = {};

        (void) state;
        (void) cursor_u8(&c);
        (void) cursor_u16be(&c);
        cursor_reject_at(&c, 1, "no such number");
        cursor_reject_at(&c, 0, "too late");
        assert_int_equal(cursor_end(&c, "four bytes", &e), -EBADMSG);
        assert_string_equal(e.text, "four bytes: malformed at byte 1 of 4: no such number");
}

static void what_is_left_is_seen_without_a_step(void **state) {
        Cursor c = cursor_over(SPAN_LITERAL("abc"));

        (void) state;
        assert_true(span_is(cursor_rest(&c), "abc"));
        (void) cursor_u8(&c);
        assert_true(span_is(cursor_rest(&c), "bc"));
        assert_int_equal(cursor_left(&c), 2);
        cursor_reject(&c, "enough");
        assert_int_equal(cursor_rest(&c).size, 0);
}

/* Under clang's sanitizer: NULL is not added to. */
static void a_span_of_nothing_is_read_like_any_other(void **state) {
        Cursor c = cursor_over((Span){});

        (void) state;
        assert_int_equal(cursor_rest(&c).size, 0);
        assert_false(cursor_skip(&c, SPAN_LITERAL("a")));
        assert_true(cursor_skip(&c, (Span){}));
        assert_int_equal(cursor_bytes(&c, 0).size, 0);
        assert_int_equal(cursor_end(&c, "nothing", NULL), 0);
        assert_int_equal(cursor_until(&c, ';', 5).size, 0);
        assert_int_equal(cursor_end(&c, "nothing", NULL), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reads_both_byte_orders),
                cmocka_unit_test(failure_is_sticky_and_says_where),
                cmocka_unit_test(stray_bytes_are_refused),
                cmocka_unit_test(a_length_cannot_wrap),
                cmocka_unit_test(a_length_is_taken_up_to_its_limit),
                cmocka_unit_test(literals_are_stepped_over_or_refused),
                cmocka_unit_test(what_is_expected_is_refused_where_it_begins),
                cmocka_unit_test(a_stop_too_far_away_is_refused),
                cmocka_unit_test(a_value_is_refused_where_it_began),
                cmocka_unit_test(what_is_left_is_seen_without_a_step),
                cmocka_unit_test(a_span_of_nothing_is_read_like_any_other),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
