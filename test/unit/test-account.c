/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "measure/account.h"
#include "support/worldlog.h"

static const Register pcr8 = { REGISTER_PCR, WORLD_PCR };

static const Member note[] = {
        { .name = "text", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "here", 4 } },
};

static int add_note(Account *a, Err *e) {
        return account_record(a, EVENT_NOTE_TEXT, note, ELEMENTS(note), e);
}

static bool register_shows(const World *w, const Digest *values, const Chain *c) {
        for (size_t i = 0; i < c->strands[0].n_banks; i++)
                if (!digest_equal(pcr_value(&w->pcrs, (uint16_t) values[i].alg, WORLD_PCR),
                                    &values[i]))
                        return false;
        return true;
}

static void a_log_begins_with_a_genesis_and_replays_to_the_register(void **state) {
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        w.unknown_bank = 0x0012;
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(add_note(&a, NULL), 0);
        assert_int_equal(add_note(&a, NULL), 0);
        assert_int_equal(world_follow(&w, &c), 3);
        assert_int_equal(c.strands[0].n_banks, 3);
        assert_true(register_shows(&w, c.strands[0].now, &c));
        assert_false(c.broken);
        assert_non_null(memmem(w.log.data, w.log.size, "\"skipped\":[\"0x0012\"]", 20));
        world_done(&w);
}

static void a_genesis_says_that_the_tpm_is_a_program(void **state) {
        (void) state;
        for (int is_program = 0; is_program < 2; is_program++) {
                World w;
                Account a;
                Chain c;

                world_new(&w);
                w.tpm.is_program = is_program;
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                assert_int_equal(add_note(&a, NULL), 0);
                assert_int_equal(world_follow(&w, &c), 2);
                assert_int_equal(world_log_has(&w, "\"software\":1"), is_program);
                assert_int_equal(world_log_has(&w, "software"), is_program);
                world_done(&w);
        }
}

static void opening_says_whether_it_began_the_log(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_true(a.began);
        assert_int_equal(a.chain.next_seq, 1);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_false(a.began);
        assert_int_equal(a.chain.next_seq, 1);
        world_done(&w);
}

static void a_tpm_that_names_a_bank_twice_is_not_believed(void **state) {
        World w;
        Account a;
        Err e = {};

        (void) state;
        world_new(&w);
        w.unknown_bank = HASH_SHA256;
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, &e), -EBADMSG);
        assert_string_equal(e.text, "the TPM names PCR bank 0x000b twice");
        assert_int_equal(w.log.size, 0);
        world_done(&w);
}

static void a_record_costs_two_commands_of_the_tpm_and_one_more_each(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        w.tpm_commands = 0;
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(add_note(&a, NULL), 0);
        assert_int_equal(w.tpm_commands, 2);
        assert_int_equal(add_note(&a, NULL), 0);
        assert_int_equal(w.tpm_commands, 3);
        world_done(&w);
}

/* Whichever step fails, and however: the register never holds what the log does not name, the next
 * opening makes them agree without calling anything foreign, and what was acknowledged is still
 * there. */
static void any_step_may_fail(FaultKind kind) {
        unsigned fallen = 0;

        for (int n = 0;; n++) {
                unsigned acknowledged = 0, records;
                World w;
                Account a;
                Chain c;
                int rc;

                world_new(&w);
                world_fail_after(&w, n, kind);
                rc = account_open(&w.store, &w.tpm, pcr8, &a, NULL);
                for (int i = 0; rc == 0 && i < 2; i++) {
                        rc = add_note(&a, NULL);
                        acknowledged += rc == 0;
                }
                fallen += rc < 0;

                world_heal(&w);
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                records = world_follow(&w, &c);
                assert_true(records >= 1 + acknowledged);
                assert_true(records <= 1 + 2);
                assert_true(register_shows(&w, c.strands[0].now, &c));
                assert_false(c.broken);
                assert_int_equal(w.n_retired, 0);
                world_done(&w);
                if (acknowledged == 2 && n > 20)
                        break;
        }
        if (kind != FAULT_NONE)
                assert_true(fallen > 0);
}

static void any_step_may_fail_once(void **state) {
        (void) state;
        any_step_may_fail(FAULT_ONCE);
}

static void any_step_may_fail_for_ever(void **state) {
        (void) state;
        any_step_may_fail(FAULT_FOR_EVER);
}

static void any_answer_may_get_lost(void **state) {
        (void) state;
        any_step_may_fail(FAULT_ONCE_DONE);
}

static void a_crash_may_leave_half_a_line(void **state) {
        (void) state;
        any_step_may_fail(FAULT_TORN);
}

/* The same, but nobody opens the account again: the next record sets it right. */
static void an_account_goes_on_after_any_step_failed(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE, FAULT_FOR_EVER };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                int rc, n = 0;

                do {
                        World w;
                        Account a;
                        Chain c;

                        world_new(&w);
                        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                        world_fail_after(&w, n++, kinds[i]);
                        rc = add_note(&a, NULL);
                        if (rc < 0 && kinds[i] == FAULT_FOR_EVER)
                                assert_true(add_note(&a, NULL) < 0);
                        world_heal(&w);
                        assert_int_equal(add_note(&a, NULL), 0);
                        assert_true(world_follow(&w, &c) >= 2);
                        assert_true(register_shows(&w, c.strands[0].now, &c));
                        assert_false(c.broken);
                        assert_false(a.pending);
                        world_done(&w);
                } while (rc < 0 || n < 4);
        }
}

static void a_foreign_extend_before_a_pending_record_is_recorded(void **state) {
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        world_fail_after(&w, 1, FAULT_FOR_EVER); /* appended, and not extended */
        assert_true(add_note(&a, NULL) < 0);
        assert_true(a.pending);
        world_heal(&w);
        world_extend_foreign(&w, true);
        assert_int_equal(add_note(&a, NULL), 0);
        assert_int_equal(world_follow(&w, &c), 4);
        assert_true(c.broken);
        assert_true(register_shows(&w, c.strands[0].now, &c));
        world_done(&w);
}

static void a_tpm_whose_clock_shows_nonsense_is_recorded_all_the_same(void **state) {
        static const struct {
                uint64_t clock;
                const char *text;
        } cases[] = {
                { (uint64_t) JSON_INTEGER_MAX, "\"clock\":9007199254740991," },
                { (uint64_t) JSON_INTEGER_MAX + 1, "\"clock\":9007199254740991," },
                { INT64_MAX, "\"clock\":9007199254740991," },
                { UINT64_MAX, "\"clock\":9007199254740991," },
                { 0, "\"clock\":0," },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                World w;
                Account a;

                world_new(&w);
                w.clock.clock = cases[i].clock;
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                assert_non_null(memmem(
                                w.log.data, w.log.size, cases[i].text, strlen(cases[i].text)));
                world_done(&w);
        }
}

static void a_foreign_extend_is_recorded_and_recording_goes_on(void **state) {
        (void) state;
        for (int all = 0; all < 2; all++) {
                World w;
                Account a;
                Chain c;

                world_new(&w);
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                assert_int_equal(add_note(&a, NULL), 0);
                world_extend_foreign(&w, all);
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                assert_true(a.mended);
                assert_int_equal(add_note(&a, NULL), 0);
                assert_int_equal(world_follow(&w, &c), 4);
                assert_true(c.broken);
                assert_true(register_shows(&w, c.strands[0].now, &c));
                world_done(&w);
        }
}

static void a_foreign_extend_with_a_crash_in_its_record_is_set_right(void **state) {
        (void) state;
        for (int n = 0; n < 8; n++) {
                World w;
                Account a;
                Chain c;

                world_new(&w);
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                world_extend_foreign(&w, true);
                world_fail_after(&w, n, FAULT_FOR_EVER);
                assert_true(account_open(&w.store, &w.tpm, pcr8, &a, NULL) <= 0);
                world_heal(&w);
                assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
                assert_int_equal(world_follow(&w, &c), 2); /* one phase.broken, not two */
                assert_true(c.broken);
                assert_true(register_shows(&w, c.strands[0].now, &c));
                world_done(&w);
        }
}

static void a_damaged_log_is_kept_and_the_account_goes_on(void **state) {
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(add_note(&a, NULL), 0);
        w.log.data[w.log.size / 2] ^= 1;
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(w.n_retired, 1);
        assert_non_null(strstr(w.retired[0], ".damaged"));
        assert_int_equal(world_follow(&w, &c), 1);
        /* the new segment says where it began: not at zero */
        assert_false(pcr_at_reset(WORLD_PCR, &c.strands[0].start[1]));
        assert_true(register_shows(&w, c.strands[0].now, &c));
        world_done(&w);
}

static void records_taken_from_the_end_are_missed(void **state) {
        World w;
        Account a;
        Chain c;
        size_t short_of_two;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        short_of_two = w.log.size;
        assert_int_equal(add_note(&a, NULL), 0);
        assert_int_equal(add_note(&a, NULL), 0);
        w.log.size = short_of_two;
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(world_follow(&w, &c), 2);
        assert_true(c.broken);
        world_done(&w);
}

static void a_record_that_is_not_one_changes_nothing(void **state) {
        static uint8_t long_text[STRING_MAX + 1];
        const Member wrong[] = {
                { .name = "text", .type = MEMBER_TEXT, .bytes = { long_text, sizeof(long_text) } },
        };
        World w;
        Account a;
        size_t before;
        Err e = {};

        (void) state;
        memset(long_text, 'x', sizeof(long_text));
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        before = w.log.size;
        assert_true(account_record(&a, EVENT_NOTE_TEXT, wrong, 1, &e) < 0);
        assert_non_null(strstr(e.text, "text"));
        assert_true(account_record(&a, EVENT_LAYER_ACTIVATE, note, 1, NULL) < 0);
        assert_int_equal(w.log.size, before);
        assert_int_equal(add_note(&a, NULL), 0);
        world_done(&w);
}

static void glass_is_counted_in_this_segment(void **state) {
        const Member opened[] = {
                { .name = "kind", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "rescue", 6 } },
                { .name = "uid", .type = MEMBER_INTEGER, .number = 1000 },
                { .name = "user", .type = MEMBER_TEXT, .bytes = { (const uint8_t *) "ada", 3 } },
        };
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(account_record(&a, EVENT_GLASS_OPEN, opened, 3, NULL), 0);
        assert_int_equal(account_open(&w.store, &w.tpm, pcr8, &a, NULL), 0);
        assert_int_equal(a.glass.opened, 1);
        assert_int_equal(a.glass.closed, 0);
        assert_string_equal(a.glass.kind, "rescue");
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_log_begins_with_a_genesis_and_replays_to_the_register),
                cmocka_unit_test(a_genesis_says_that_the_tpm_is_a_program),
                cmocka_unit_test(opening_says_whether_it_began_the_log),
                cmocka_unit_test(a_tpm_that_names_a_bank_twice_is_not_believed),
                cmocka_unit_test(a_record_costs_two_commands_of_the_tpm_and_one_more_each),
                cmocka_unit_test(any_step_may_fail_once),
                cmocka_unit_test(any_step_may_fail_for_ever),
                cmocka_unit_test(any_answer_may_get_lost),
                cmocka_unit_test(a_crash_may_leave_half_a_line),
                cmocka_unit_test(an_account_goes_on_after_any_step_failed),
                cmocka_unit_test(a_foreign_extend_before_a_pending_record_is_recorded),
                cmocka_unit_test(a_tpm_whose_clock_shows_nonsense_is_recorded_all_the_same),
                cmocka_unit_test(a_foreign_extend_is_recorded_and_recording_goes_on),
                cmocka_unit_test(a_foreign_extend_with_a_crash_in_its_record_is_set_right),
                cmocka_unit_test(a_damaged_log_is_kept_and_the_account_goes_on),
                cmocka_unit_test(records_taken_from_the_end_are_missed),
                cmocka_unit_test(a_record_that_is_not_one_changes_nothing),
                cmocka_unit_test(glass_is_counted_in_this_segment),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
