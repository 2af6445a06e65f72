/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/case.h"
#include "support/draftlog.h"

/* What the log tells, replayed: registers, layers, untouched. */

/* Where the n-th record of the log begins. */
static size_t record_at(const Buf *log, unsigned n) {
        Span rest = buf_span(log), line;

        while (n-- > 0)
                assert_int_equal(record_next_line(&rest, &line, NULL), 1);
        return log->size - rest.size;
}

static void a_record_cannot_be_taken_out(void **state) {
        (void) state;
        for (unsigned n = 0; n < 3; n++) {
                Case c;
                size_t from, to;

                case_begin(&c);
                forge_quote(&c.forge);
                from = record_at(&c.forge.log, n);
                to = record_at(&c.forge.log, n + 1);
                memmove(c.forge.log.data + from, c.forge.log.data + to, c.forge.log.size - to);
                c.forge.log.size -= to - from;
                case_judge_bundle(&c);
                assert_refused(&c, CLAIM_REGISTERS, "record");
                assert_int_equal(case_state(&c, CLAIM_LAYERS), CLAIM_NOT_PROVEN);
                assert_int_equal(case_state(&c, CLAIM_UNTOUCHED), CLAIM_NOT_PROVEN);
                case_end(&c);
        }
}

static void no_byte_of_the_log_can_be_changed(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        for (size_t i = 0; i < c.forge.log.size; i++) {
                c.forge.log.data[i] ^= 1;
                case_judge_bundle(&c);
                assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_NOT_PROVEN);
                c.forge.log.data[i] ^= 1;
        }
        case_end(&c);
}

static void a_record_cannot_be_added(void **state) {
        Case c, other;

        (void) state;
        case_begin(&c);
        case_begin(&other);
        forge_quote(&c.forge);
        /* a chain of the same length and one more, right in itself */
        assert_int_equal(measure_note(&c.account, "one", NULL), 0);
        assert_int_equal(measure_note(&c.account, "two", NULL), 0);
        buf_done(&c.forge.log);
        buf_bytes(&c.forge.log, buf_span(&c.world.log));
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_REGISTERS, "do not replay");
        case_end(&c);
        case_end(&other);
}

/* The log says one record more than the register: a crash may leave that, and anybody can write it.
 */
static void a_record_that_is_in_no_register_proves_nothing(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        assert_int_equal(measure_note(&c.account, "pending", NULL), 0);
        buf_done(&c.forge.log);
        buf_bytes(&c.forge.log, buf_span(&c.world.log));
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_REGISTERS, "last record (3) is not in the quoted pcr:8");
        assert_int_equal(case_state(&c, CLAIM_LAYERS), CLAIM_NOT_PROVEN);
        case_end(&c);
}

/* Nothing was ever recorded; somebody in between writes a genesis that begins at zero. */
static void a_genesis_that_is_in_no_register_proves_nothing(void **state) {
        Case c, other;

        (void) state;
        case_begin(&c);
        case_begin(&other);
        world_done(&c.world);
        world_new(&c.world);
        forge_take(&c.forge, &c.world); /* PCR 8 is zero, and the log empty */
        forge_quote(&c.forge);
        world_done(&other.world);
        world_new(&other.world);
        assert_int_equal(account_open(&other.world.store, &other.world.tpm, pcr8, &other.account,
                                         NULL),
                        0);
        buf_bytes(&c.forge.log, buf_span(&other.world.log));
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_REGISTERS, "is not in the quoted pcr:8");
        assert_int_equal(case_state(&c, CLAIM_UNTOUCHED), CLAIM_NOT_PROVEN);
        case_end(&c);
        case_end(&other);
}

static void silence_fails(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        buf_done(&c.forge.log);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "says nothing");
        case_end(&c);
}

static void a_log_of_another_register_proves_nothing(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.policy.registers[0].index = 9;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "another register than pcr:9");
        case_end(&c);
}

static void a_register_without_a_log_is_unexplained(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.values.digests[0][4].bytes[0] = 1;
        c.forge.signed_values = c.forge.values;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "sha256:4");
        case_end(&c);
}

static void a_quote_without_the_register_proves_nothing(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.values.held.banks[0].mask = 0xff;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not quoted in a bank that proves");
        case_end(&c);
}

static void sha1_proves_nothing(void **state) {
        const Digest *value;
        Case c;

        (void) state;
        case_begin(&c);
        value = pcr_value(&c.world.pcrs, HASH_SHA1, WORLD_PCR);
        c.forge.values = (PcrValues){};
        assert_true(pcr_set(&c.forge.values, WORLD_PCR, value));
        c.forge.signed_values = c.forge.values;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not quoted in a bank that proves");
        case_end(&c);
}

static void a_bank_that_the_log_was_not_extended_into_is_refused(void **state) {
        Digest zero = digest_zero(HASH_SHA512);
        Case c;

        (void) state;
        case_begin(&c);
        assert_true(pcr_set(&c.forge.values, WORLD_PCR, &zero));
        c.forge.signed_values = c.forge.values;
        c.forge.selection = c.forge.asked = c.forge.values.held;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "not extended into");
        case_end(&c);
}

static void a_broken_log_is_not_proven(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        world_extend_foreign(&c.world, true);
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "somebody else extended");
        case_end(&c);
}

static void a_log_that_begins_late_is_taken_only_where_policy_says_so(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        buf_done(&c.world.log); /* the log is gone, the register is not */
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "was not zero any more");
        c.policy.any_start = true;
        case_judge_machine(&c);
        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_non_null(strstr(c.judgement.verdict.reasons[CLAIM_REGISTERS], "any start"));
        case_end(&c);
}

static void the_tpm_must_not_have_been_restarted_since(void **state) {
        static const struct {
                TpmClock clock;
                const char *words;
        } cases[] = {
                { { .clock = 4711, .reset_count = 4 }, "resetCount" },
                { { .clock = 4711, .reset_count = 0 }, "resetCount" },
                { { .clock = 0, .reset_count = 3 }, "clock went back" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Case c;

                case_begin(&c);
                c.forge.clock = cases[i].clock;
                case_judge(&c);
                assert_refused(&c, CLAIM_REGISTERS, cases[i].words);
                case_end(&c);
        }
}

static void a_suspend_is_no_restart_but_is_said(void **state) {
        static const Claim told[] = { CLAIM_REGISTERS, CLAIM_LAYERS, CLAIM_UNTOUCHED };
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.clock.restart_count = 2;
        case_judge(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        for (size_t i = 0; i < ELEMENTS(told); i++)
                assert_non_null(strstr(c.judgement.verdict.reasons[told[i]],
                                "resumed or restarted 2 times"));
        case_end(&c);
}

/* A second quote, which the test has made before. */
static uint8_t attest[ATTEST_MAX], signature[TPM_SIGNATURE_MAX];
static size_t attest_size, signature_size;

static void add_quote(TpmPart *p) {
        p->quotes[1] = (TpmQuote){ p->quotes[0].selection, { attest, attest_size },
                { signature, signature_size } };
        p->n_quotes = 2;
}

static void quotes_of_two_runs_are_refused(void **state) {
        (void) state;
        for (uint32_t restarts = 2; restarts <= 3; restarts++) {
                Case c;

                case_begin(&c);
                c.forge.clock.restart_count = restarts;
                forge_quote(&c.forge);
                attest_size = c.forge.attest.size;
                memcpy(attest, c.forge.attest.data, attest_size);
                signature_size = c.forge.signature.size;
                memcpy(signature, c.forge.signature.data, signature_size);
                c.forge.clock.restart_count = 2;
                c.forge.spoil_tpm = add_quote;
                case_judge(&c);
                if (restarts == 2)
                        assert_true(verdict_trusted(&c.judgement.verdict));
                else
                        assert_refused(&c, CLAIM_REGISTERS,
                                        "quote 1 is of another run of the TPM than the first");
                case_end(&c);
        }
}

static void a_restart_count_that_went_back_is_refused(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        world_done(&c.world);
        world_new(&c.world);
        c.world.clock.restart_count = 5;
        assert_int_equal(account_open(&c.world.store, &c.world.tpm, pcr8, &c.account, NULL), 0);
        forge_take(&c.forge, &c.world);
        c.forge.clock.restart_count = 4;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "restartCount went back");
        case_end(&c);
}

static const Register other = { REGISTER_PCR, WORLD_PCR_OTHER };

/* A machine whose notes go into another register than the rest. */
static void begin_apart(Case *c, bool policy_knows) {
        Plan plan = plan_of(pcr8);

        case_begin(c);
        world_done(&c->world);
        world_new(&c->world);
        plan.lanes[LANE_NOTE] = other;
        assert_int_equal(
                        account_open_plan(&c->world.store, &c->world.tpm, &plan, &c->account, NULL),
                        0);
        assert_int_equal(measure_note(&c->account, "one", NULL), 0);
        case_add_layer(c, "tools", "1.2", 0xab, 0xcd);
        if (policy_knows)
                c->policy.registers[c->policy.n_registers++] = other;
}

static void records_in_two_registers_are_proven_by_both(void **state) {
        Case c;

        (void) state;
        begin_apart(&c, true);
        case_judge_machine(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        assert_string_equal(c.judgement.verdict.reasons[CLAIM_REGISTERS],
                        "3 records replay to the quoted pcr:8, pcr:9");

        /* the other register is not quoted */
        c.forge.selection.banks[0].mask &= ~(1u << WORLD_PCR_OTHER);
        c.forge.values.held = c.forge.signed_values.held = c.forge.asked = c.forge.selection;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "pcr:9 is not quoted");
        case_end(&c);
}

static void a_second_register_counts_where_policy_names_it(void **state) {
        Case c;

        (void) state;
        begin_apart(&c, false);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS,
                        "the log has records in pcr:9, which policy does not name");
        case_end(&c);

        /* and where policy names one, the log has to have it */
        case_begin(&c);
        c.policy.registers[c.policy.n_registers++] = other;
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS,
                        "the log is of another register than pcr:9, which policy names");
        case_end(&c);
}

static void each_register_has_to_show_its_records(void **state) {
        Digest d = digest_zero(HASH_SHA256);
        Plan plan = plan_of(pcr8);
        Account a;
        Case c;

        (void) state;
        /* the last note was taken off */
        begin_apart(&c, true);
        plan.lanes[LANE_NOTE] = other;
        forge_take(&c.forge, &c.world);
        assert_int_equal(measure_note(&c.account, "two", NULL), 0);
        forge_quote(&c.forge);
        buf_done(&c.forge.log);
        buf_bytes(&c.forge.log, buf_span(&c.world.log));
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_REGISTERS, "last record (3) is not in the quoted pcr:9");
        case_end(&c);

        /* the other one was used before the log began */
        begin_apart(&c, true);
        buf_done(&c.world.log);
        assert_true(pcr_value(&c.world.pcrs, HASH_SHA256, WORLD_PCR_OTHER) != NULL);
        for (size_t i = 0; i < c.world.pcrs.held.n_banks; i++)
                c.world.pcrs.digests[i][WORLD_PCR] =
                                digest_zero((HashAlg) c.world.pcrs.held.banks[i].alg);
        plan.occupied = true;
        assert_int_equal(account_open_plan(&c.world.store, &c.world.tpm, &plan, &a, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "begins when pcr:9 was not zero");
        case_end(&c);

        /* somebody else extended it */
        begin_apart(&c, true);
        assert_int_equal(tpm_extend(&c.world.tpm, WORLD_PCR_OTHER, &d, 1, NULL), 0);
        case_judge_machine(&c);
        assert_refused(&c, CLAIM_REGISTERS, "do not replay to the quoted pcr:9");
        case_end(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(records_in_two_registers_are_proven_by_both),
                cmocka_unit_test(a_second_register_counts_where_policy_names_it),
                cmocka_unit_test(each_register_has_to_show_its_records),
                cmocka_unit_test(a_record_cannot_be_taken_out),
                cmocka_unit_test(no_byte_of_the_log_can_be_changed),
                cmocka_unit_test(a_record_cannot_be_added),
                cmocka_unit_test(a_record_that_is_in_no_register_proves_nothing),
                cmocka_unit_test(a_genesis_that_is_in_no_register_proves_nothing),
                cmocka_unit_test(silence_fails),
                cmocka_unit_test(a_log_of_another_register_proves_nothing),
                cmocka_unit_test(a_register_without_a_log_is_unexplained),
                cmocka_unit_test(a_quote_without_the_register_proves_nothing),
                cmocka_unit_test(sha1_proves_nothing),
                cmocka_unit_test(a_bank_that_the_log_was_not_extended_into_is_refused),
                cmocka_unit_test(a_broken_log_is_not_proven),
                cmocka_unit_test(a_log_that_begins_late_is_taken_only_where_policy_says_so),
                cmocka_unit_test(the_tpm_must_not_have_been_restarted_since),
                cmocka_unit_test(a_suspend_is_no_restart_but_is_said),
                cmocka_unit_test(quotes_of_two_runs_are_refused),
                cmocka_unit_test(a_restart_count_that_went_back_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
