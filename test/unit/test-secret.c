/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

static void what_fits_is_kept(void **state) {
        _cleanup_(secret_done) Secret s = {};

        (void) state;
        assert_int_equal(secret_new(8, &s, NULL), 0);
        assert_int_equal(secret_set(&s, SPAN_LITERAL("12345678"), NULL), 0);
        assert_true(span_is(secret_span(&s), "12345678"));
        assert_int_equal(secret_set(&s, SPAN_LITERAL("123456789"), NULL), -E2BIG);
        assert_true(span_is(secret_span(&s), "12345678"));
        assert_int_equal(secret_set(&s, (Span){}, NULL), 0);
        assert_int_equal(s.size, 0);
}

/* Through a pipe, which has no size. */
static int read_back(Span bytes, Secret *s, Err *e) {
        int ends[2], rc;

        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], bytes.data, bytes.size), (ssize_t) bytes.size);
        assert_int_equal(close(ends[1]), 0);
        rc = secret_read_fd(ends[0], "a pipe", s, e);
        assert_int_equal(close(ends[0]), 0);
        return rc;
}

static void a_file_is_read_to_its_end_or_refused(void **state) {
        _cleanup_(secret_done) Secret s = {};
        Err e = {};

        (void) state;
        assert_int_equal(secret_new(8, &s, NULL), 0);
        assert_int_equal(read_back(SPAN_LITERAL("12345678"), &s, NULL), 0);
        assert_true(span_is(secret_span(&s), "12345678"));
        assert_int_equal(read_back(SPAN_LITERAL("1"), &s, NULL), 0);
        assert_true(span_is(secret_span(&s), "1"));
        assert_int_equal(read_back(SPAN_LITERAL("123456789"), &s, &e), -E2BIG);
        assert_string_equal(e.text, "a pipe: larger than the 8 bytes that are read");
        e = (Err){};
        assert_int_equal(secret_read_fd(-1, "nothing", &s, &e), -EBADF);
        assert_non_null(strstr(e.text, "nothing: "));
}

/* What free() is handed is looked at before it is gone. */
static uint8_t *watched;
static bool wiped;
void __real_free(void *p);
void __wrap_free(void *p);

void __wrap_free(void *p) {
        if (p && p == watched)
                wiped = span_is_zero((Span){ watched, 8 });
        __real_free(p);
}

static void it_is_wiped_before_it_is_given_back(void **state) {
        Secret s = {};

        (void) state;
        assert_int_equal(secret_new(8, &s, NULL), 0);
        assert_int_equal(secret_set(&s, SPAN_LITERAL("12345678"), NULL), 0);
        watched = s.data;
        assert_int_equal(secret_set(&s, SPAN_LITERAL("1"), NULL), 0);
        secret_done(&s);
        assert_true(wiped);
        assert_null(s.data);
        secret_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_fits_is_kept),
                cmocka_unit_test(a_file_is_read_to_its_end_or_refused),
                cmocka_unit_test(it_is_wiped_before_it_is_given_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
