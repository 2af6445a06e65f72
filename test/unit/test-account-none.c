/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "measure/checkpoint.h"
#include "measure/odometer.h"
#include "measure/replay.h"
#include "measure/words.h"
#include "support/worldlog.h"

/* The account of a machine without a TPM: kept, chained, and in no register. */

static int open_without(World *w, Account *a, Err *e) {
        const Plan plan = plan_of((Register){ REGISTER_PCR, WORLD_PCR });

        return account_open_plan(&w->store, NULL, &plan, a, e);
}

static int open_with(World *w, Account *a, Err *e) {
        const Plan plan = plan_of((Register){ REGISTER_PCR, WORLD_PCR });

        return account_open_plan(&w->store, &w->tpm, &plan, a, e);
}

static void records_are_chained_and_in_no_register(void **state) {
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        assert_int_equal(open_without(&w, &a, NULL), 0);
        assert_true(a.began);
        assert_false(a.robbed);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        assert_int_equal(account_pause(&a, NULL), 0);
        assert_int_equal(account_resume(&a, 1, NULL), 0);
        assert_int_equal(measure_note(&a, "two", NULL), 0);
        assert_int_equal(open_without(&w, &a, NULL), 0);
        assert_false(a.began);
        assert_int_equal(measure_note(&a, "three", NULL), 0);
        assert_int_equal(world_follow(&w, &c), 4);
        assert_false(chain_has_register(&c));
        assert_int_equal(c.n_strands, 1);
        assert_int_equal(c.strands[0].n_banks, 0);
        assert_false(strand_starts_at_reset(&c.strands[0]));
        assert_string_equal(register_name(c.strands[0].reg).text, "none");
        assert_true(world_log_has(&w, "\"register\":\"none\""));
        assert_true(world_log_has(&w, "\x1e{\"recnum\":0,\"digests\":[],"));
        assert_int_equal(w.tpm_commands, 0);
        world_done(&w);
}

static void what_is_in_no_register_is_shown_by_none(void **state) {
        Replayed r;
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        assert_int_equal(open_without(&w, &a, NULL), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        (void) world_follow(&w, &c);
        assert_int_equal(replay(NULL, buf_span(&w.log), &c, &r, NULL), 0);
        assert_false(replay_matches(&r));
        assert_false(r.strands[0].shows_some);
        assert_int_equal(r.strands[0].n_records, 2);
        world_done(&w);
}

static void it_is_taken_up_by_its_checkpoint(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(open_without(&w, &a, NULL), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        checkpoint_keep(&a);
        w.loaded = 0;
        assert_int_equal(open_without(&w, &a, NULL), 0);
        assert_int_equal(a.chain.next_seq, 2);
        assert_int_equal(w.loaded, 0);
        world_done(&w);
}

/* Nobody takes the segment with the TPM for the whole of this boot: its genesis says that it is
 * not, and so does each that comes after it. */
static void a_tpm_that_comes_later_begins_a_segment_that_says_so(void **state) {
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        assert_int_equal(open_without(&w, &a, NULL), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        assert_false(world_log_has(&w, "unmeasured"));
        assert_int_equal(open_with(&w, &a, NULL), 0);
        assert_true(a.began);
        assert_int_equal(w.n_retired, 1);
        assert_non_null(strstr(w.retired[0], ".unmeasured"));
        assert_int_equal(world_follow(&w, &c), 1);
        assert_true(chain_has_register(&c));
        assert_true(world_log_has(&w, "\"unmeasured\":1"));
        assert_int_equal(open_with(&w, &a, NULL), 0);
        assert_false(a.began);
        w.log.size = 0; /* somebody deletes it */
        assert_int_equal(open_with(&w, &a, NULL), 0);
        assert_true(world_log_has(&w, "\"unmeasured\":1"));
        world_done(&w);
}

/* Dies wherever it may between the two: it is said all the same. */
static void that_is_said_whichever_step_fails(void **state) {
        int rc = -1;

        (void) state;
        for (int n = 0; rc < 0; n++) {
                World w;
                Account a;

                world_new(&w);
                assert_int_equal(open_without(&w, &a, NULL), 0);
                world_fail_after(&w, n, FAULT_FOR_EVER);
                rc = open_with(&w, &a, NULL);
                world_heal(&w);
                assert_int_equal(open_with(&w, &a, NULL), 0);
                assert_true(world_log_has(&w, "\"unmeasured\":1"));
                world_done(&w);
        }
}

static void a_tpm_that_goes_away_is_not_one_that_never_was(void **state) {
        World w;
        Account a;
        Err e = {};
        size_t size;

        (void) state;
        world_new(&w);
        assert_int_equal(open_with(&w, &a, NULL), 0);
        size = w.log.size;
        assert_int_equal(open_without(&w, &a, &e), -ENODEV);
        assert_non_null(strstr(e.text, "log is in pcr:8, and now there is no TPM"));
        assert_int_equal(w.log.size, size);
        assert_int_equal(w.n_retired, 0);
        world_done(&w);
}

/* A boot that was begun with a register does not go on without one because its log is gone. */
static void a_log_that_was_taken_away_is_missed_without_a_tpm_too(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(open_without(&w, &a, NULL), 0);
        w.log.size = 0;
        assert_int_equal(open_without(&w, &a, NULL), 0);
        assert_true(a.robbed);
        world_done(&w);
}

static void an_opening_is_recorded_and_not_counted(void **state) {
        const Glass g = { .kind = "console", .caller = { .uid = 0, .user = "ada" } };
        Glass counted = g;
        Odometer o;
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(open_without(&w, &a, NULL), 0);
        assert_int_equal(odometer_open(&a, NULL, NULL, true, &o, NULL), 0);
        assert_string_equal(odometer_lacks(&o), "not counted: this machine has no TPM");
        counted.odometer = &o;
        assert_int_equal(glass_open(&a, &counted, NULL), 0);
        assert_int_equal(a.glass.opened, 1);
        assert_int_equal(a.glass.value, 0);
        assert_true(world_log_has(&w, "\"event\":\"glass.open\""));
        assert_false(world_log_has(&w, "\"count\":"));
        assert_int_equal(w.tpm_commands, 0);
        world_done(&w);
}

static void any_step_may_fail(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_FOR_EVER, FAULT_TORN };

        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++) {
                int rc = -1;

                for (int n = 0; rc < 0; n++) {
                        unsigned acknowledged = 0;
                        World w;
                        Account a;
                        Chain c;

                        world_new(&w);
                        world_fail_after(&w, n, kinds[k]);
                        rc = open_without(&w, &a, NULL);
                        for (int i = 0; rc == 0 && i < 2; i++) {
                                rc = measure_note(&a, "here", NULL);
                                acknowledged += rc == 0;
                        }
                        world_heal(&w);
                        assert_int_equal(open_without(&w, &a, NULL), 0);
                        assert_true(world_follow(&w, &c) >= 1 + acknowledged);
                        assert_int_equal(w.n_retired, 0);
                        world_done(&w);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(records_are_chained_and_in_no_register),
                cmocka_unit_test(what_is_in_no_register_is_shown_by_none),
                cmocka_unit_test(it_is_taken_up_by_its_checkpoint),
                cmocka_unit_test(a_tpm_that_comes_later_begins_a_segment_that_says_so),
                cmocka_unit_test(that_is_said_whichever_step_fails),
                cmocka_unit_test(a_tpm_that_goes_away_is_not_one_that_never_was),
                cmocka_unit_test(a_log_that_was_taken_away_is_missed_without_a_tpm_too),
                cmocka_unit_test(an_opening_is_recorded_and_not_counted),
                cmocka_unit_test(any_step_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
