/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "layer/stubline.h"

static const struct {
        const char *text;
        size_t size;
        const char *early, *later; /* of 252 and 254, and from 255 on */
} lines[] = {
        { "quiet", 5, "quiet", "quiet" },
        { " a  b ", 6, " a  b", "a  b" },
        { "\ta\nb\n", 5, " a b", "a b" },
        { "a\0b", 3, "a", "a" },
        { "a\x7f"
          "b\x7f",
                        4,
                        "a\x7f"
                        "b\x7f",
                        "a b" },
        { " \n ", 3, "", "" },
        { "", 0, "", "" },
};

static void lines_are_settled_as_each_generation_does(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(lines); i++)
                for (unsigned generation = 252; generation <= 262; generation++) {
                        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);

                        stub_line_settle(generation,
                                        (Span){ (const uint8_t *) lines[i].text, lines[i].size },
                                        &b);
                        assert_true(span_is(buf_span(&b),
                                        generation < 255 ? lines[i].early : lines[i].later));
                }
}

static void they_are_measured_in_utf16_with_a_nul(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);

        (void) state;
        assert_int_equal(stub_line_measured(SPAN_LITERAL("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
                                                         "b"),
                                         &b, NULL),
                        0);
        assert_true(span_equal(buf_span(&b), SPAN_LITERAL("a\0\xe9\0\xac\x20"
                                                          "b\0\0\0")));
}

static void what_is_no_utf8_is_refused(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64), small = BUF_UP_TO(3);

        (void) state;
        assert_int_equal(stub_line_measured(SPAN_LITERAL("a\xff"), &b, NULL), -EBADMSG);
        assert_int_equal(stub_line_measured(SPAN_LITERAL("a"), &small, NULL), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_settled_as_each_generation_does),
                cmocka_unit_test(they_are_measured_in_utf16_with_a_nul),
                cmocka_unit_test(what_is_no_utf8_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
