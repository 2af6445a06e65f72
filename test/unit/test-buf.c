/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/buf.h"

static void what_was_written_stands_in_order(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
        Span s = {};

        (void) state;
        buf_bytes(&b, SPAN_LITERAL("ab"));
        buf_string(&b, "cd");
        buf_byte(&b, 'e');
        buf_be(&b, 0x0102, 2);
        buf_be(&b, 0x0304050607080910, 8);
        buf_le(&b, 0x0102, 2);
        buf_le(&b, 0x0304050607080910, 8);
        buf_zeros(&b, 3);
        buf_printf(&b, "%d%%", 42);
        assert_int_equal(buf_end(&b, &s), 0);
        assert_true(span_equal(s, SPAN_LITERAL("abcde"
                                               "\x01\x02"
                                               "\x03\x04\x05\x06\x07\x08\x09\x10"
                                               "\x02\x01"
                                               "\x10\x09\x08\x07\x06\x05\x04\x03"
                                               "\0\0\0"
                                               "42%")));
        assert_true(span_equal(buf_span(&b), s));
}

static void fill(Buf *b, unsigned way) {
        switch (way) {
        case 0:
                buf_string(b, "12345678");
                break;
        case 1:
                buf_printf(b, "%s", "12345678");
                break;
        case 2:
                buf_zeros(b, 8);
                break;
        case 3:
                buf_be(b, 1, 8);
                break;
        default:
                (void) buf_room(b, 8);
        }
}

static void a_limit_is_reached_and_never_passed(void **state) {
        (void) state;
        for (unsigned way = 0; way < 5; way++)
                for (size_t max = 0; max < 10; max++) {
                        _cleanup_(buf_done) Buf b = BUF_UP_TO(max);
                        Span s = { .size = 77 };

                        fill(&b, way);
                        assert_int_equal(buf_end(&b, &s), max < 8 ? -E2BIG : 0);
                        assert_int_equal(s.size, max < 8 ? 77 : 8); /* untouched on failure */
                        assert_int_equal(buf_span(&b).size, max < 8 ? 0 : 8);
                }
}

static void failure_is_sticky(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4);
        Span s;

        (void) state;
        buf_string(&b, "abc");
        buf_string(&b, "de");
        buf_string(&b, "f"); /* would fit */
        assert_int_equal(buf_end(&b, &s), -E2BIG);
        assert_null(buf_room(&b, 0));
        assert_int_equal(b.size, 3);
}

static void a_reason_of_the_callers_own_is_kept_if_it_is_the_first(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8);
        Span s;

        (void) state;
        buf_string(&b, "1234");
        buf_fail(&b, 0);
        buf_fail(&b, 1);
        assert_true(span_is(buf_span(&b), "1234"));
        buf_fail(&b, -EIO);
        buf_fail(&b, -ENOMEM);
        assert_int_equal(buf_end(&b, &s), -EIO);
        assert_int_equal(buf_span(&b).size, 0);
}

static void no_size_wraps(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(SIZE_MAX);

        (void) state;
        buf_byte(&b, 'a');
        assert_null(buf_room(&b, SIZE_MAX));
        assert_int_equal(b.failed, -E2BIG);
        buf_done(&b);
        buf_byte(&b, 'a');
        assert_null(buf_room(&b, SIZE_MAX - 1));
        assert_int_equal(b.failed, -ENOMEM);
}

static void nothing_is_written_for_nothing(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8);
        Span s = { .size = 77 };

        (void) state;
        buf_bytes(&b, (Span){});
        buf_string(&b, "");
        buf_zeros(&b, 0);
        buf_printf(&b, "%s", "");
        assert_int_equal(buf_end(&b, &s), 0);
        assert_int_equal(s.size, 0);
        buf_string(&b, "12345678");
        buf_printf(&b, "%s", "");
        assert_non_null(buf_room(&b, 0)); /* NULL would say that it has failed */
        assert_true(span_is(buf_span(&b), "12345678"));
}

static void a_text_of_any_length_is_printed_whole(void **state) {
        static char text[5001];

        (void) state;
        memset(text, 'x', sizeof(text) - 1);
        for (size_t n = 1; n < sizeof(text) - 1; n += n < 300 ? 1 : 97) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(n), behind = BUF_UP_TO(n + 1);

                buf_printf(&b, "%.*s", (int) n, text);
                assert_true(span_equal(buf_span(&b), (Span){ (const uint8_t *) text, n }));
                buf_byte(&behind, 'x'); /* there is room, for some of them */
                buf_printf(&behind, "%.*s", (int) n, text);
                assert_true(span_equal(buf_span(&behind), (Span){ (const uint8_t *) text, n + 1 }));
        }
}

static void a_buf_can_be_used_again_with_its_limit(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4);

        (void) state;
        buf_string(&b, "12345");
        assert_int_equal(b.failed, -E2BIG);
        buf_done(&b);
        buf_string(&b, "1234");
        assert_true(span_is(buf_span(&b), "1234"));
        buf_done(&b);
        buf_done(&b);
        buf_string(&b, "12345");
        assert_int_equal(b.failed, -E2BIG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_written_stands_in_order),
                cmocka_unit_test(a_limit_is_reached_and_never_passed),
                cmocka_unit_test(failure_is_sticky),
                cmocka_unit_test(a_reason_of_the_callers_own_is_kept_if_it_is_the_first),
                cmocka_unit_test(no_size_wraps),
                cmocka_unit_test(nothing_is_written_for_nothing),
                cmocka_unit_test(a_text_of_any_length_is_printed_whole),
                cmocka_unit_test(a_buf_can_be_used_again_with_its_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
