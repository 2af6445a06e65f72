/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "measure/checkpoint.h"
#include "measure/words.h"
#include "support/world.h"

/* Registers that outlive a boot, and a boot that outlives its registers: kexec, and sleep without
 * power. */

static int no_history(const Past *p, uint8_t ret[32]) {
        (void) p;
        memset(ret, 0, 32);
        return 0;
}

static bool yes(const Past *p) {
        (void) p;
        return true;
}

static bool no(const Past *p) {
        (void) p;
        return false;
}

static const Past started_by_kexec = { .history = no_history, .kexeced = yes };
static const Past started_by_firmware = { .history = no_history, .kexeced = no };

static int open_after(World *w, const Past *past, Account *a, Err *e) {
        const Plan plan = plan_of((Register){ REGISTER_PCR, WORLD_PCR });

        return account_open_as(&plan, past, &w->store, &w->tpm, a, e);
}

static bool log_has(const World *w, const char *text) {
        return memmem(w->log.data, w->log.size, text, strlen(text)) != NULL;
}

/* Another kernel: the folder of the log is empty, and the TPM is as it was. */
static void start_another_kernel(World *w) {
        w->log.size = 0;
        w->note.size = 0;
        w->marked[0] = '\0';
        w->n_retired = 0;
}

static void empty_registers(World *w) {
        for (size_t b = 0; b < w->pcrs.held.n_banks; b++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                        if (pcr_selected(&w->pcrs.held, w->pcrs.held.banks[b].alg, pcr))
                                w->pcrs.digests[b][pcr] = digest_zero(w->pcrs.held.banks[b].alg);
}

static void sleep_without_power(World *w) {
        empty_registers(w);
        w->clock.reset_count++;
}

/* The same after TPM2_Shutdown(STATE), as Linux has it: a TPM Restart. */
static void sleep_with_state_saved(World *w) {
        empty_registers(w);
        w->clock.restart_count++;
}

static void after_kexec_the_log_begins_where_the_one_before_ended(void **state) {
        World w;
        Account a, next;
        Err e = {};

        (void) state;
        world_new(&w);
        assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
        assert_true(log_has(&w, "\"why\":\"boot\""));
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        start_another_kernel(&w);
        /* somebody else's, as far as is known */
        assert_int_equal(open_after(&w, &started_by_firmware, &next, &e), -EADDRINUSE);
        assert_int_equal(w.log.size, 0);
        assert_int_equal(open_after(&w, &started_by_kexec, &next, NULL), 0);
        assert_true(next.began);
        assert_false(next.robbed);
        assert_true(log_has(&w, "\"why\":\"kexec\""));
        assert_true(strand_values_equal(
                        &a.chain.strands[0], a.chain.strands[0].now, next.chain.strands[0].start));
        world_done(&w);
}

static Digest led_to; /* sha256, by a log that lies elsewhere */

static bool leads_there(const Past *p, const Chain *c) {
        const Strand *s = &c->strands[0];

        (void) p;
        for (size_t i = 0; i < s->n_banks; i++)
                if (s->start[i].alg == HASH_SHA256)
                        return digest_equal(&s->start[i], &led_to);
        return false;
}

/* A loader that says nothing: what the registers hold is explained by the log before, or it is
 * somebody else's. */
static void kexec_without_a_sign_is_known_by_the_log_before(void **state) {
        const Past unsaid = { .history = no_history, .kexeced = no, .led_here = leads_there };
        World w;
        Account a, next;

        (void) state;
        world_new(&w);
        assert_int_equal(open_after(&w, &unsaid, &a, NULL), 0);
        assert_true(log_has(&w, "\"why\":\"boot\""));
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        start_another_kernel(&w);
        led_to = digest_zero(HASH_SHA256);
        assert_int_equal(open_after(&w, &unsaid, &next, NULL), -EADDRINUSE);
        assert_int_equal(w.log.size, 0);
        for (size_t i = 0; i < a.chain.strands[0].n_banks; i++)
                if (a.chain.strands[0].now[i].alg == HASH_SHA256)
                        led_to = a.chain.strands[0].now[i];
        assert_int_equal(open_after(&w, &unsaid, &next, NULL), 0);
        assert_true(log_has(&w, "\"why\":\"kexec\""));
        assert_true(strand_values_equal(
                        &a.chain.strands[0], a.chain.strands[0].now, next.chain.strands[0].start));
        world_done(&w);
}

/* Whatever becomes of it in that boot: its registers are not of it alone. */
static void each_segment_of_that_boot_says_so(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(open_after(&w, &started_by_kexec, &a, NULL), 0);
        w.log.size = 0;
        assert_int_equal(open_after(&w, &started_by_kexec, &a, NULL), 0);
        assert_true(log_has(&w, "\"why\":\"kexec\""));
        world_done(&w);
}

static void after_sleep_without_power_another_segment_begins(void **state) {
        static void (*const sleeps[])(World *) = { sleep_without_power, sleep_with_state_saved };

        (void) state;
        for (size_t i = 0; i < 2 * ELEMENTS(sleeps); i++) {
                World w;
                Account a;

                world_new(&w);
                assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                if (i % 2 == 0)
                        checkpoint_keep(&a);
                sleeps[i / 2](&w);
                assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                assert_true(a.began);
                assert_false(a.robbed);
                assert_false(a.chain.broken);
                assert_int_equal(a.chain.next_seq, 1);
                assert_true(strand_starts_at_reset(&a.chain.strands[0]));
                assert_true(log_has(&w, "\"why\":\"resume\""));
                assert_int_equal(w.n_retired, 1);
                assert_non_null(strstr(w.retired[0], ".resumed"));
                assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                assert_false(a.began);
                world_done(&w);
        }
}

/* Waking from suspend is counted as a Restart is, and leaves registers as they were; with a log
 * that is kept in a note, too. */
static void after_a_sleep_with_power_the_log_goes_on(void **state) {
        (void) state;
        for (int i = 0; i < 2; i++) {
                World w;
                Account a;

                world_new(&w);
                assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                if (i == 0)
                        checkpoint_keep(&a);
                w.clock.restart_count++;
                assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                assert_false(a.began);
                assert_false(a.chain.broken);
                assert_int_equal(a.chain.next_seq, 2);
                world_done(&w);
        }
}

/* Under a process that stays, too, whatever it did last. */
static void it_is_found_under_a_running_process(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
        checkpoint_keep(&a);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
        world_fail_after(&w, 1, FAULT_ONCE); /* appended, and not extended */
        (void) !measure_note(&a, "two", NULL);
        a.pending = true;
        sleep_without_power(&w);
        assert_int_equal(measure_note(&a, "three", NULL), 0);
        assert_int_equal(a.chain.next_seq, 2);
        assert_true(log_has(&w, "\"why\":\"resume\""));
        world_done(&w);
}

/* One that has let the log go asks nothing of the TPM where nobody has recorded since; unless the
 * machine slept meanwhile. */
static void who_stays_looks_again_after_sleep(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
        assert_int_equal(account_pause(&a, NULL), 0);
        w.tpm_commands = 0;
        assert_int_equal(account_resume(&a, 1, NULL), 0);
        assert_int_equal(w.tpm_commands, 0);
        assert_int_equal(account_pause(&a, NULL), 0);
        a.asleep -= 1000000;
        sleep_without_power(&w);
        assert_int_equal(account_resume(&a, 1, NULL), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        assert_true(log_has(&w, "\"why\":\"resume\""));
        assert_int_equal(a.chain.next_seq, 2);
        assert_false(a.chain.broken);
        world_done(&w);
}

/* Registers are empty, and the TPM counts nothing that empties them. And a reset after which
 * somebody has been there already. Neither is sleep. */
static void what_is_no_sleep_breaks_the_log(void **state) {
        (void) state;
        for (int i = 0; i < 3; i++) {
                World w;
                Account a;

                world_new(&w);
                assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                if (i == 0) {
                        empty_registers(&w);
                } else {
                        sleep_without_power(&w);
                        world_extend_foreign(&w, i == 2);
                }
                assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                assert_false(a.began);
                assert_true(a.chain.broken);
                assert_int_equal(w.n_retired, 0);
                world_done(&w);
        }
}

/* A genesis that no register shows yet begins at zero as well; the TPM's count tells the two apart.
 */
static void a_genesis_that_was_cut_short_is_finished(void **state) {
        World w;
        Account a;

        (void) state;
        world_new(&w);
        for (int n = 0; w.log.size == 0; n++) {
                world_fail_after(&w, n, FAULT_FOR_EVER);
                assert_true(open_after(&w, &started_by_firmware, &a, NULL) < 0);
                world_heal(&w);
        }
        assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
        assert_false(a.began);
        assert_int_equal(w.n_retired, 0);
        world_done(&w);
}

static void any_step_may_fail(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE, FAULT_FOR_EVER,
                FAULT_TORN };

        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++) {
                int rc = -1;

                for (int n = 0; rc < 0 || n < 20; n++) {
                        World w;
                        Account a;

                        world_new(&w);
                        assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                        assert_int_equal(measure_note(&a, "one", NULL), 0);
                        sleep_without_power(&w);
                        world_fail_after(&w, n, kinds[k]);
                        rc = open_after(&w, &started_by_firmware, &a, NULL);
                        world_heal(&w);
                        assert_int_equal(open_after(&w, &started_by_firmware, &a, NULL), 0);
                        assert_false(a.chain.broken);
                        assert_true(strand_starts_at_reset(&a.chain.strands[0]));
                        assert_int_equal(measure_note(&a, "two", NULL), 0);
                        world_done(&w);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(after_kexec_the_log_begins_where_the_one_before_ended),
                cmocka_unit_test(kexec_without_a_sign_is_known_by_the_log_before),
                cmocka_unit_test(each_segment_of_that_boot_says_so),
                cmocka_unit_test(after_sleep_without_power_another_segment_begins),
                cmocka_unit_test(after_a_sleep_with_power_the_log_goes_on),
                cmocka_unit_test(it_is_found_under_a_running_process),
                cmocka_unit_test(who_stays_looks_again_after_sleep),
                cmocka_unit_test(what_is_no_sleep_breaks_the_log),
                cmocka_unit_test(a_genesis_that_was_cut_short_is_finished),
                cmocka_unit_test(any_step_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
