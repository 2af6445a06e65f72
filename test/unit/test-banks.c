/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/start.h"

/* A machine that is quoted in more than one bank: what is explained in one of them is not
 * explained in another. */

static const HashAlg two[] = { HASH_SHA256, HASH_SHA384 };

/* Quotes these PCRs of the two banks; firmware measured into so many of them. */
static void judge_banks(Start *s, size_t n_measured, uint32_t of_sha256, uint32_t of_sha384) {
        Forge *f = &s->c.forge;

        s->log = firmlog_new(two, n_measured);
        firmlog_boot(&s->log, &s->boot);
        forge_firmware(f, &s->log);
        for (unsigned pcr = 0; pcr < 16 && n_measured == 1; pcr++) {
                Digest zero = digest_zero(HASH_SHA384);

                assert_true(pcr_set(&f->values, pcr, &zero));
        }
        f->values.held.banks[0].mask = of_sha256;
        f->values.held.banks[1].mask = of_sha384;
        f->selection = f->asked = f->values.held;
        judge(s);
}

static void what_is_spread_over_banks_is_explained_in_none(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        judge_banks(&s, 2, 0x090f, 0x30f0);
        assert_refused(&s.c, CLAIM_FIRMWARE, "PCRs 0 to 7 are not quoted in a bank that proves");
        assert_refused(&s.c, CLAIM_KERNEL, "PCRs 11 to 13 are not quoted in a bank that proves");
        start_done(&s);
}

/* It is as it was at the start: whoever runs on the machine can have it hold whatever boot they
 * like. */
static void a_bank_that_firmware_left_alone_explains_nothing(void **state) {
        const PcrSelection *which;
        Start s;

        (void) state;
        start_begin(&s);
        judge_banks(&s, 1, 0xffff, 0xfeff);
        which = &s.c.judgement.explained.which;
        assert_int_equal(which->n_banks, 2);
        assert_int_equal(which->banks[0].mask & 0xf8ff, 0xf8ff);
        assert_int_equal(which->banks[1].alg, HASH_SHA384);
        assert_int_equal(which->banks[1].mask, 0);
        start_done(&s);
}

/* Nor does it where they have done so: policy knows which bank firmware measures into. */
static void a_bank_that_policy_does_not_name_does_not_count(void **state) {
        static const struct {
                const char *policy;
                ClaimState firmware, registers;
                const char *said;
        } rows[] = {
                { "", CLAIM_PROVEN, CLAIM_PROVEN, "Secure Boot off" },
                { "Bank=sha384\n", CLAIM_PROVEN, CLAIM_NOT_PROVEN, "Secure Boot off" },
                { "Bank=sha256\nBank=sha384\n", CLAIM_PROVEN, CLAIM_PROVEN, "Secure Boot off" },
                { "Bank=sha256\n", CLAIM_NOT_PROVEN, CLAIM_PROVEN,
                                "pcr:0 is not quoted in a bank that proves" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char text[64];
                Start s;

                (void) snprintf(text, sizeof(text), "[Machine]\n%s", rows[i].policy);
                start_begin(&s);
                assert_int_equal(policy_apply(span_of(text), &s.c.policy, NULL), 0);
                s.c.policy.boot.secure_boot = SWITCH_ANY;
                judge_banks(&s, 2, 1u << 8, 0xfeff); /* avouch's own register is in both */
                assert_int_equal(case_state(&s.c, CLAIM_FIRMWARE), rows[i].firmware);
                assert_non_null(strstr(
                                s.c.judgement.verdict.reasons[CLAIM_FIRMWARE], rows[i].said));
                assert_int_equal(case_state(&s.c, CLAIM_REGISTERS), rows[i].registers);
                start_done(&s);
        }
}

/* Where no bank is explained, none is read either. */
static void nothing_is_told_of_a_log_that_explains_nothing(void **state) {
        const char *reason;
        Start s;

        (void) state;
        start_begin(&s);
        lay(&s);
        (void) firmlog_add_of(&s.log, 2, EV_EFI_BOOT_SERVICES_DRIVER, SPAN_LITERAL("no driver"),
                        SPAN_LITERAL("a driver"));
        forge_firmware(&s.c.forge, &s.log);
        s.c.policy.boot.option_roms = true;
        judge(&s);
        reason = s.c.judgement.verdict.reasons[CLAIM_FIRMWARE];
        assert_non_null(strstr(reason, "1 option ROMs ran"));
        s.c.forge.values.digests[0][5].bytes[0] ^= 1;
        judge(&s);
        reason = s.c.judgement.verdict.reasons[CLAIM_FIRMWARE];
        assert_string_equal(reason, "the logs do not replay to pcr:5");
        start_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_spread_over_banks_is_explained_in_none),
                cmocka_unit_test(a_bank_that_firmware_left_alone_explains_nothing),
                cmocka_unit_test(a_bank_that_policy_does_not_name_does_not_count),
                cmocka_unit_test(nothing_is_told_of_a_log_that_explains_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
