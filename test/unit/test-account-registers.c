/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "measure/account.h"
#include "measure/words.h"
#include "support/worldlog.h"

/* An account whose lanes go into more than one register. */

static Plan notes_apart(void) {
        Plan plan = plan_of((Register){ REGISTER_PCR, WORLD_PCR });

        plan.lanes[LANE_NOTE] = (Register){ REGISTER_PCR, WORLD_PCR_OTHER };
        return plan;
}

static int open_plan(World *w, Account *ret, Err *e) {
        const Plan plan = notes_apart();

        return account_open_plan(&w->store, &w->tpm, &plan, ret, e);
}

static void each_lane_goes_into_its_register(void **state) {
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        assert_int_equal(open_plan(&w, &a, NULL), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        assert_int_equal(measure_phase(&a, "ready", NULL), 0);
        assert_int_equal(measure_note(&a, "two", NULL), 0);
        assert_int_equal(world_follow(&w, &c), 4);
        assert_int_equal(c.n_strands, 2);
        assert_int_equal(c.strands[0].reg.index, WORLD_PCR);
        assert_int_equal(c.strands[1].reg.index, WORLD_PCR_OTHER);
        assert_true(world_shows(&w, &c));
        assert_false(digest_equal(&c.strands[0].now[1], &c.strands[1].now[1]));
        world_done(&w);
}

/* Going on costs no more commands than with one register. */
static void all_registers_are_read_with_one_command(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(open_plan(&w, &a, NULL), 0);
        w.tpm_commands = 0;
        assert_int_equal(open_plan(&w, &a, NULL), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        assert_int_equal(w.tpm_commands, 2);
        assert_false(a.mended);
        world_done(&w);
}

/* Whichever step fails, and however: the next opening makes log and registers agree. */
static void any_step_may_fail(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE, FAULT_FOR_EVER,
                FAULT_TORN };

        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++)
                for (int n = 0;; n++) {
                        unsigned acknowledged = 0, records;
                        World w;
                        Account a;
                        Chain c;
                        int rc;

                        world_new(&w);
                        world_fail_after(&w, n, kinds[k]);
                        rc = open_plan(&w, &a, NULL);
                        for (int i = 0; rc == 0 && i < 2; i++) {
                                rc = i == 0 ? measure_note(&a, "a", NULL)
                                            : measure_phase(&a, "b", NULL);
                                acknowledged += rc == 0;
                        }
                        world_heal(&w);
                        assert_int_equal(open_plan(&w, &a, NULL), 0);
                        records = world_follow(&w, &c);
                        assert_true(records >= 1 + acknowledged && records <= 1 + 2);
                        assert_true(world_shows(&w, &c));
                        assert_false(c.broken);
                        world_done(&w);
                        if (rc == 0 && acknowledged == 2 && n > 12)
                                break;
                }
}

/* Somebody else's extend of one register, while the last record of the other is pending. */
static void a_foreign_extend_of_one_register_is_told(void **state) {
        for (int pending = 0; pending < 2; pending++) {
                World w;
                Account a;
                Chain c;

                (void) state;
                world_new(&w);
                assert_int_equal(open_plan(&w, &a, NULL), 0);
                if (pending)
                        world_fail_after(&w, 1, FAULT_FOR_EVER); /* the append works */
                assert_int_equal(measure_note(&a, "one", NULL) == 0, !pending);
                world_heal(&w);
                world_extend_foreign(&w, true);
                assert_int_equal(open_plan(&w, &a, NULL), 0);
                assert_true(a.mended);
                assert_int_equal(world_follow(&w, &c), 3);
                assert_true(c.broken);
                assert_true(world_shows(&w, &c));
                assert_int_equal(c.last_at, 0);
                assert_int_equal(open_plan(&w, &a, NULL), 0);
                assert_false(a.mended);
                world_done(&w);
        }
}

static void other_registers_than_before_begin_a_new_segment(void **state) {
        const Plan all = plan_of((Register){ REGISTER_PCR, WORLD_PCR });
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        assert_int_equal(open_plan(&w, &a, NULL), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        assert_int_equal(account_open_plan(&w.store, &w.tpm, &all, &a, NULL), 0);
        assert_int_equal(w.n_retired, 1);
        assert_non_null(strstr(w.retired[0], ".register"));
        assert_int_equal(world_follow(&w, &c), 1);
        assert_int_equal(c.n_strands, 1);
        assert_true(world_shows(&w, &c));
        world_done(&w);
}

static bool is_copied(const Past *p, const char *boot) {
        (void) p;
        assert_int_equal(strlen(boot), 32);
        return true;
}

static bool is_not_copied(const Past *p, const char *boot) {
        (void) p, (void) boot;
        return false;
}

static int no_history(const Past *p, uint8_t ret[32]) {
        (void) p, (void) ret;
        return 0;
}

/* The register is ours, and its value what the log led to: nobody believes the new one alone. */
static void a_log_that_was_taken_away_is_followed_by_another(void **state) {
        static const Past copied = { no_history, is_copied }, not = { no_history, is_not_copied };

        (void) state;
        for (int marked = 0; marked < 2; marked++) {
                Plan plan = notes_apart();
                Chain before, c;
                World w;
                Account a;
                Err e = {};

                world_new(&w);
                assert_int_equal(account_open_as(&plan, &not, &w.store, &w.tpm, &a, NULL), 0);
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                assert_true(a.began && !a.robbed);
                assert_int_equal(world_follow(&w, &before), 2);
                buf_done(&w.log);
                if (!marked) { /* all of the folder is gone, but not the copy */
                        w.marked[0] = '\0';
                        assert_int_equal(account_open_as(&plan, &not, &w.store, &w.tpm, &a, &e),
                                        -EADDRINUSE);
                        assert_int_equal(w.log.size, 0);
                }
                assert_int_equal(account_open_as(&plan, marked ? &not : &copied, &w.store, &w.tpm,
                                                 &a, NULL),
                                0);
                assert_true(a.began && a.robbed);
                assert_int_equal(measure_note(&a, "two", NULL), 0);
                assert_int_equal(world_follow(&w, &c), 2);
                assert_true(world_shows(&w, &c) && !c.broken);
                for (size_t i = 0; i < c.n_strands; i++)
                        assert_true(strand_values_equal(
                                        &c.strands[i], c.strands[i].start, before.strands[i].now));
                world_done(&w);
        }
}

/* A mark is not worth more than the record. */
static void without_a_mark_recording_begins_all_the_same(void **state) {
        int n = 0;
        World w = {};
        Account a;

        (void) state;
        do {
                world_done(&w);
                world_new(&w);
                world_fail_after(&w, n++, FAULT_ONCE);
        } while (open_plan(&w, &a, NULL) < 0 || w.marked[0] != '\0');
        assert_int_equal(world_follow(&w, &(Chain){}), 1);
        world_done(&w);
}

/* A register that is in use is none of ours, unless we are told or have put aside what tells. */
static void an_occupied_register_is_refused(void **state) {
        Plan plan = notes_apart();
        World w;
        Account a;
        Err e = {};

        (void) state;
        world_new(&w);
        world_extend_foreign(&w, false); /* in one bank */
        assert_int_equal(account_open_plan(&w.store, &w.tpm, &plan, &a, &e), -EADDRINUSE);
        assert_non_null(strstr(e.text, "pcr:8 holds what no log of this boot names"));
        assert_int_equal(w.log.size, 0);
        plan.occupied = true;
        assert_int_equal(account_open_plan(&w.store, &w.tpm, &plan, &a, NULL), 0);
        plan.occupied = false;
        assert_int_equal(account_open_plan(&w.store, &w.tpm, &plan, &a, NULL), 0);
        world_done(&w);
}

/* Killed between putting a log aside and beginning the next. */
static void what_was_put_aside_explains_a_register(void **state) {
        World w;
        Account a;
        Chain c;

        (void) state;
        for (int n = 0; n < 8; n++) {
                world_new(&w);
                assert_int_equal(open_plan(&w, &a, NULL), 0);
                w.log.data[3] ^= 1; /* damaged */
                world_fail_after(&w, n, FAULT_FOR_EVER);
                (void) !open_plan(&w, &a, NULL);
                world_heal(&w);
                assert_int_equal(open_plan(&w, &a, NULL), 0);
                assert_int_equal(w.n_retired, 1);
                assert_int_equal(world_follow(&w, &c), 1);
                assert_true(world_shows(&w, &c));
                world_done(&w);
        }
}

/* A process that stays: one command of the TPM for each record, the log free in between. */
static void a_record_of_one_that_stays_costs_one_command(void **state) {
        World w;
        Account a, other;
        Chain c;

        (void) state;
        world_new(&w);
        assert_int_equal(open_plan(&w, &a, NULL), 0);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(account_pause(&a, NULL), 0);
                w.tpm_commands = 0;
                assert_int_equal(account_resume(&a, 1, NULL), 0);
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                assert_int_equal(w.tpm_commands, 1);
        }
        /* somebody else records: the registers are looked at once */
        assert_int_equal(account_pause(&a, NULL), 0);
        assert_int_equal(open_plan(&w, &other, NULL), 0);
        assert_int_equal(measure_phase(&other, "two", NULL), 0);
        w.tpm_commands = 0;
        assert_int_equal(account_resume(&a, 1, NULL), 0);
        assert_int_equal(measure_note(&a, "three", NULL), 0);
        assert_int_equal(w.tpm_commands, 2);
        assert_int_equal(world_follow(&w, &c), 6);
        assert_true(world_shows(&w, &c));
        world_done(&w);
}

/* Whichever step fails, and whoever records in between. */
static void any_step_of_one_that_stays_may_fail(void **state) {
        for (int n = 0; n < 16; n++)
                for (int others = 0; others < 2; others++) {
                        unsigned acknowledged = 0;
                        World w;
                        Account a, other;
                        Chain c;

                        (void) state;
                        world_new(&w);
                        assert_int_equal(open_plan(&w, &a, NULL), 0);
                        assert_int_equal(account_pause(&a, NULL), 0);
                        world_fail_after(&w, n, n % 2 ? FAULT_ONCE : FAULT_ONCE_DONE);
                        for (int i = 0; i < 4; i++) {
                                if (others && i == 2) {
                                        world_heal(&w);
                                        assert_int_equal(open_plan(&w, &other, NULL), 0);
                                        assert_int_equal(measure_note(&other, "b", NULL), 0);
                                        acknowledged++;
                                }
                                if (account_resume(&a, 1, NULL) < 0)
                                        continue;
                                acknowledged += measure_note(&a, "a", NULL) == 0;
                                (void) !account_pause(&a, NULL);
                        }
                        world_heal(&w);
                        assert_int_equal(open_plan(&w, &other, NULL), 0);
                        assert_true(world_follow(&w, &c) >= 1 + acknowledged);
                        assert_true(world_shows(&w, &c));
                        assert_false(c.broken);
                        world_done(&w);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_lane_goes_into_its_register),
                cmocka_unit_test(all_registers_are_read_with_one_command),
                cmocka_unit_test(any_step_may_fail),
                cmocka_unit_test(a_foreign_extend_of_one_register_is_told),
                cmocka_unit_test(other_registers_than_before_begin_a_new_segment),
                cmocka_unit_test(a_log_that_was_taken_away_is_followed_by_another),
                cmocka_unit_test(without_a_mark_recording_begins_all_the_same),
                cmocka_unit_test(an_occupied_register_is_refused),
                cmocka_unit_test(what_was_put_aside_explains_a_register),
                cmocka_unit_test(a_record_of_one_that_stays_costs_one_command),
                cmocka_unit_test(any_step_of_one_that_stays_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
