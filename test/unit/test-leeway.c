/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "port/leeway.h"

static rlim_t now(__rlimit_resource_t which) {
        struct rlimit l;

        assert_int_equal(getrlimit(which, &l), 0);
        return l.rlim_cur;
}

/* What there is while it is taken, of so much; then all is as it was. */
static rlim_t taken(__rlimit_resource_t which, rlim_t of) {
        struct rlimit at_first, soft;
        rlim_t ret;
        Leeway l;

        assert_int_equal(getrlimit(which, &at_first), 0);
        assert_true(at_first.rlim_max >= of);
        soft = (struct rlimit){ of, at_first.rlim_max };
        assert_int_equal(setrlimit(which, &soft), 0);
        l = leeway_take();
        ret = now(which);
        leeway_give(&l);
        assert_true(now(which) == of);
        assert_int_equal(setrlimit(which, &at_first), 0);
        return ret;
}

static void too_little_becomes_enough_and_enough_stays(void **state) {
        /* more memory than there is, and less than any: a sanitizer takes much */
        static const rlim_t much = (rlim_t) 1 << 50;

        (void) state;
        assert_true(taken(RLIMIT_NOFILE, 64) == 1024);
        assert_true(taken(RLIMIT_NOFILE, 1500) == 1500);
        assert_true(taken(RLIMIT_AS, much) == RLIM_INFINITY);
        assert_true(taken(RLIMIT_DATA, much) == RLIM_INFINITY);
}

/* The hard limit is the end of it for who may not raise that. */
static void what_we_may_not_have_stays_as_it_is(void **state) {
        struct rlimit hard = { 64, 96 };
        Leeway l;

        (void) state;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &hard), 0); /* for the rest of this program */
        l = leeway_take();
        assert_true(now(RLIMIT_NOFILE) == 96 || now(RLIMIT_NOFILE) == 1024);
        leeway_give(&l);
        assert_true(now(RLIMIT_NOFILE) == 64);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(too_little_becomes_enough_and_enough_stays),
                cmocka_unit_test(what_we_may_not_have_stays_as_it_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
