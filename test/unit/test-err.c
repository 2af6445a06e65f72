/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void the_first_reason_stays(void **state) {
        Err e = {};

        (void) state;
        assert_int_equal(err_set(&e, -EIO, "byte %d", 7), -EIO);
        assert_int_equal(err_set(&e, -EINVAL, "later"), -EINVAL); /* hands its own code on */
        assert_int_equal(e.code, -EIO);
        assert_string_equal(e.text, "byte 7");
}

static void nobody_need_ask(void **state) {
        (void) state;
        assert_int_equal(err_set(NULL, -EIO, "byte %d", 7), -EIO);
        err_at(NULL, "file");
}

static void a_place_is_put_before_a_reason_only(void **state) {
        Err e = {};

        (void) state;
        err_at(&e, "file");
        assert_int_equal(e.code, 0);
        assert_string_equal(e.text, "");
        (void) err_set(&e, -EIO, "byte 7");
        err_at(&e, "record 3");
        err_at(&e, "a.log");
        assert_string_equal(e.text, "a.log: record 3: byte 7");
        assert_int_equal(e.code, -EIO);
}

static void a_text_is_one_line_whatever_it_quotes(void **state) {
        Err e = {};

        (void) state;
        (void) err_set(&e, -EIO, "%s", "a\nb\r\x1b[31mc\x7f\td\x01");
        assert_string_equal(e.text, "a?b??[31mc??d?");
        err_at(&e, "x\ny");
        assert_string_equal(e.text, "x?y: a?b??[31mc??d?");
}

static void a_long_text_is_cut_and_ends(void **state) {
        char text[2 * ERR_TEXT_MAX];
        Err e = {};

        (void) state;
        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        (void) err_set(&e, -EIO, "%s", text);
        assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
        err_at(&e, text); /* a long place leaves room for the reason */
        assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
        e = (Err){};
        (void) err_set(&e, -EIO, "the reason");
        err_at(&e, text);
        assert_non_null(strstr(e.text, ": the reason"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_reason_stays),
                cmocka_unit_test(nobody_need_ask),
                cmocka_unit_test(a_place_is_put_before_a_reason_only),
                cmocka_unit_test(a_text_is_one_line_whatever_it_quotes),
                cmocka_unit_test(a_long_text_is_cut_and_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
