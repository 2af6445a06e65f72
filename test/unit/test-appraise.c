/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/case.h"

/* Whether a quote is what it seems, and evidence well-formed (facts: what verifiers of others got
 * wrong). */

static void an_honest_machine_is_trusted(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                assert_int_equal(case_state(&c, claim),
                                c.policy.required >> claim & 1 ? CLAIM_PROVEN : CLAIM_ABSENT);
        case_end(&c);
}

static void by_default_every_claim_is_required(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.policy.required = policy_default().required;
        case_judge(&c);
        assert_int_equal(case_state(&c, CLAIM_LAYERS), CLAIM_PROVEN);
        assert_false(verdict_trusted(&c.judgement.verdict)); /* absent is not proven */
        case_end(&c);
}

static void another_nonce_is_not_fresh(void **state) {
        static const size_t sizes[] = { 32, 31, 16, 0 };
        Case c;

        (void) state;
        case_begin(&c);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                c.nonce_size = sizes[i];
                c.nonce[0] = i == 0 ? 0x11 : 0x5a;
                case_judge(&c);
                assert_refused(&c, CLAIM_FRESH, "nonce");
        }
        c.nonce_size = 32;
        c.forge.manifest_nonce[31] = 0;
        case_judge(&c);
        assert_refused(&c, CLAIM_FRESH, "manifest");
        case_end(&c);
}

static void a_short_nonce_never_counts_even_where_it_is_equal(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.nonce_size = 0;
        c.forge.nonce_size = 0;
        case_judge(&c);
        assert_false(verdict_trusted(&c.judgement.verdict));
        assert_int_equal(case_state(&c, CLAIM_FRESH), CLAIM_NOT_PROVEN);
        case_end(&c);
}

static void a_signature_of_another_key_does_not_hold(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.sign_with_other = true;
        case_judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "not signed by the key");
        assert_refused(&c, CLAIM_REGISTERS, "not signed");
        assert_refused(&c, CLAIM_KEY, "nothing here is signed by it");
        assert_refused(&c, CLAIM_FRESH, "the nonce is not signed");
        case_end(&c);
}

static void every_byte_of_the_quote_is_signed(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        for (size_t i = 0; i < c.forge.attest.size; i++) {
                c.forge.attest.data[i] ^= 1;
                case_judge_bundle(&c);
                assert_false(verdict_trusted(&c.judgement.verdict));
                assert_int_equal(case_state(&c, CLAIM_SIGNATURE), CLAIM_NOT_PROVEN);
                c.forge.attest.data[i] ^= 1;
        }
        case_judge_bundle(&c);
        assert_true(verdict_trusted(&c.judgement.verdict));
        case_end(&c);
}

static void what_no_tpm_made_is_no_quote(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.magic = 0x00544347;
        case_judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "malformed");
        c.forge.magic = 0xff544347;
        c.forge.type = 0x8014;
        case_judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "malformed");
        case_end(&c);
}

static void values_other_than_the_signed_ones_are_refused(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        c.forge.values.digests[0][7].bytes[0] ^= 1;
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "not those that quote 0 signs");
        case_end(&c);
}

static void values_of_other_registers_than_the_signed_ones_are_refused(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        c.forge.values.held.banks[0].mask |= 1u << 20; /* one besides */
        c.forge.values.digests[0][20] = digest_zero(HASH_SHA256);
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "no quote is over");
        c.forge.values.held.banks[0].mask = 0xfffe; /* one missing */
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "missing");
        c.forge.values.held.banks[0].mask = 0xffff;
        c.forge.asked.banks[0].mask = 0xff; /* another request than was signed */
        case_judge_bundle(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "other PCRs than were asked for");
        case_end(&c);
}

static void a_key_that_could_sign_anything_is_no_attestation_key(void **state) {
        static const uint32_t needed[] = { TPM_FIXED_TPM, TPM_FIXED_PARENT,
                TPM_SENSITIVE_DATA_ORIGIN, TPM_RESTRICTED, TPM_SIGN };

        (void) state;
        for (size_t i = 0; i <= ELEMENTS(needed); i++) {
                Case c;

                case_begin(&c);
                if (i < ELEMENTS(needed))
                        c.forge.attributes &= ~needed[i];
                else
                        c.forge.attributes |= TPM_DECRYPT;
                case_judge(&c);
                assert_refused(&c, CLAIM_KEY, "the key ");
                case_end(&c);
        }
}

static void a_key_that_policy_does_not_name_is_unknown(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.policy.n_keys = 1; /* another one: zeros */
        case_judge(&c);
        assert_refused(&c, CLAIM_KEY, "AK unknown");
        case_end(&c);
}

/* Whatever its key is: who breaks the TPM has it sign what he likes. */
static void firmware_that_is_known_to_be_broken_is_refused(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.policy.n_refused = 2;
        c.policy.refused[1] = (PolicyFirmware){ .version = 1, .by = { .line = 7 } };
        case_judge(&c);
        assert_int_equal(case_state(&c, CLAIM_KEY), CLAIM_PROVEN);
        c.policy.refused[1].version = c.judgement.evidence.quotes[0].head.firmware;
        case_judge(&c);
        assert_refused(&c, CLAIM_KEY,
                        "its TPM has firmware 0x0000000000002024, which policy line 7 refuses");
        case_end(&c);
}

static void parts_and_manifest_must_agree(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.leave_log_out_of_manifest = true;
        case_judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "not in the manifest");
        case_end(&c);
}

static void malformed_evidence_is_a_verdict_whatever_is_required(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Case c;
        Question q;

        (void) state;
        case_begin(&c);
        forge_quote(&c.forge);
        forge_bundle(&c.forge, &b);
        q = case_question(&c);
        for (size_t n = 0; n < b.size; n += n < 200 ? 1 : 97) {
                Judgement j;

                assert_int_equal(appraise((Span){ b.data, n }, &q, &j, NULL), 0);
                assert_false(verdict_trusted(&j.verdict));
                for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                        assert_int_equal(verdict_state(&j.verdict, claim), CLAIM_NOT_PROVEN);
                judgement_done(&j);
        }
        case_end(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_machine_is_trusted),
                cmocka_unit_test(by_default_every_claim_is_required),
                cmocka_unit_test(another_nonce_is_not_fresh),
                cmocka_unit_test(a_short_nonce_never_counts_even_where_it_is_equal),
                cmocka_unit_test(a_signature_of_another_key_does_not_hold),
                cmocka_unit_test(every_byte_of_the_quote_is_signed),
                cmocka_unit_test(what_no_tpm_made_is_no_quote),
                cmocka_unit_test(values_other_than_the_signed_ones_are_refused),
                cmocka_unit_test(values_of_other_registers_than_the_signed_ones_are_refused),
                cmocka_unit_test(a_key_that_could_sign_anything_is_no_attestation_key),
                cmocka_unit_test(a_key_that_policy_does_not_name_is_unknown),
                cmocka_unit_test(firmware_that_is_known_to_be_broken_is_refused),
                cmocka_unit_test(parts_and_manifest_must_agree),
                cmocka_unit_test(malformed_evidence_is_a_verdict_whatever_is_required),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
