/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "measure/quota.h"
#include "support/world.h"
#include "wire/limits.h"

enum { SECOND = 1000000 };

static const char *why;

/* How many records this user gets at once. */
static unsigned admitted(Quota *q, uint32_t uid, int64_t now) {
        unsigned n = 0;

        while (n < 1000 && quota_admits(q, uid, now, 100, 0, &why))
                n++;
        return n;
}

static void a_user_has_some_at_once_and_then_by_the_minute(void **state) {
        Quota q = {};

        (void) state;
        assert_int_equal(admitted(&q, 1000, 5 * SECOND), UNTRUSTED_BURST);
        assert_string_equal(why, "too many records in a short time");
        assert_int_equal(admitted(&q, 1000, 5 * SECOND), 0);
        assert_int_equal(admitted(&q, 1000, 5 * SECOND + 60 * SECOND / UNTRUSTED_PER_MINUTE), 1);
        assert_int_equal(admitted(&q, 1000, 16 * SECOND), 10 * UNTRUSTED_PER_MINUTE / 60);
        assert_int_equal(admitted(&q, 1000, INT64_MAX), UNTRUSTED_BURST);
}

static void users_do_not_take_from_each_other(void **state) {
        Quota q = {};

        (void) state;
        for (uint32_t uid = 0; uid < QUOTA_USERS; uid++)
                assert_int_equal(admitted(&q, 1000 + uid, SECOND + uid), UNTRUSTED_BURST);
        assert_int_equal(admitted(&q, 1000, SECOND), 0);
        /* and those that come after come into the places of the quietest, without a burst of their
         * own */
        assert_int_equal(admitted(&q, 5000, 2 * SECOND), UNTRUSTED_PER_MINUTE / 60);
        assert_int_equal(admitted(&q, 1001, 2 * SECOND + 1), UNTRUSTED_PER_MINUTE / 60);
}

static void a_clock_that_goes_back_gives_nothing(void **state) {
        Quota q = {};

        (void) state;
        assert_int_equal(admitted(&q, 1000, 100 * SECOND), UNTRUSTED_BURST);
        assert_int_equal(admitted(&q, 1000, 10 * SECOND), 0);
        assert_int_equal(admitted(&q, 1000, 100 * SECOND), 0);
        assert_int_equal(admitted(&q, 1000, 101 * SECOND), UNTRUSTED_PER_MINUTE / 60);
}

static void what_is_too_long_or_too_late_is_refused(void **state) {
        Quota q = {};

        (void) state;
        assert_true(quota_admits(&q, 1, 0, UNTRUSTED_CONTENT_MAX, UNTRUSTED_LOG_MAX, &why));
        assert_false(quota_admits(&q, 1, 0, UNTRUSTED_CONTENT_MAX + 1, 0, &why));
        assert_string_equal(why, "the record is too long");
        assert_false(quota_admits(&q, 1, 0, 1, UNTRUSTED_LOG_MAX + 1, &why));
        assert_non_null(strstr(why, "the log is so full"));
        assert_true(q.lost == 2);
        assert_int_equal(admitted(&q, 1, 0), UNTRUSTED_BURST - 1); /* and costs nothing */
}

static void what_was_left_out_is_told_once(void **state) {
        Register pcr8 = { REGISTER_PCR, WORLD_PCR };
        Quota q = {};
        Account a;
        World w;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(quota_tell(&q, &a, NULL), 0);
        assert_int_equal(a.chain.next_seq, 1); /* nothing was */
        (void) admitted(&q, 1, 0);
        (void) admitted(&q, 1, 0);
        world_fail_after(&w, 0, FAULT_FOR_EVER);
        assert_true(quota_tell(&q, &a, NULL) < 0);
        assert_true(q.lost == 2); /* it is told the next time */
        world_heal(&w);
        assert_int_equal(quota_tell(&q, &a, NULL), 0);
        assert_int_equal(quota_tell(&q, &a, NULL), 0);
        assert_int_equal(a.chain.next_seq, 2);
        assert_non_null(memmem(w.log.data, w.log.size,
                        "\"event\":\"note.lost\",\"lane\":\"note\",\"lost\":2,", 43));
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_user_has_some_at_once_and_then_by_the_minute),
                cmocka_unit_test(users_do_not_take_from_each_other),
                cmocka_unit_test(a_clock_that_goes_back_gives_nothing),
                cmocka_unit_test(what_is_too_long_or_too_late_is_refused),
                cmocka_unit_test(what_was_left_out_is_told_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
