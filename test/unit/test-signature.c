/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "support/case.h"
#include "verify/signature.h"

/* The claims signature and fresh: by each kind of key that a TPM may have, and for one nonce. */

static void assert_proven(const Case *c, Claim claim, const char *reason) {
        assert_int_equal(case_state(c, claim), CLAIM_PROVEN);
        assert_string_equal(c->judgement.verdict.reasons[claim], reason);
}

static void each_kind_of_key_may_sign(void **state) {
        static const struct {
                TpmCurve curve;
                HashAlg hash;
                const char *reason;
        } cases[] = {
                { TPM_CURVE_P256, HASH_SHA256, "ECDSA P-256, sha256" },
                { TPM_CURVE_P256, HASH_SHA512, "ECDSA P-256, sha512" },
                { TPM_CURVE_P384, HASH_SHA384, "ECDSA P-384, sha384" },
                { TPM_CURVE_NONE, HASH_SHA256, "RSA-2048, sha256" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char reason[128];
                Case c;

                case_begin(&c);
                forge_key(&c.forge, cases[i].curve, cases[i].hash);
                case_judge(&c);
                (void) snprintf(reason, sizeof(reason),
                                "the quote is signed by the key in the evidence (%s)",
                                cases[i].reason);
                assert_proven(&c, CLAIM_SIGNATURE, reason);
                assert_true(verdict_trusted(&c.judgement.verdict));
                c.forge.attest.data[c.forge.attest.size - 1] ^= 1;
                case_judge_bundle(&c);
                assert_refused(&c, CLAIM_SIGNATURE, "quote 0 is not signed by the key");
                case_end(&c);
        }
}

static void a_key_signs_with_its_own_hash_alone(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.signed_with = HASH_SHA384;
        case_judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "quote 0 is not signed by the key");
        case_end(&c);
}

/* As long as an RSA signature is, where the key is of ECC. */
static void rsa_signature(TpmPart *p) {
        static uint8_t bytes[2 + 2 + 2 + 256] = { 0x00, 0x14, 0x00, 0x0b, 0x01, 0x00, 0x01 };

        p->quotes[0].signature = (Span){ bytes, sizeof(bytes) };
}

static void a_key_signs_with_its_own_scheme_alone(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.spoil_tpm = rsa_signature;
        case_judge(&c);
        assert_refused(&c, CLAIM_SIGNATURE, "quote 0 is not signed by the key");
        case_end(&c);
}

static void a_key_that_policy_names_is_pinned_with_its_line(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        assert_proven(&c, CLAIM_KEY,
                        "pinned by policy line 3; pinned, not certified: that it is in a genuine TPM is your word");
        c.policy.keys[0].name[33] ^= 1;
        case_judge(&c);
        assert_refused(&c, CLAIM_KEY, "AK unknown: policy does not name this key");
        assert_null(strstr(c.judgement.verdict.reasons[CLAIM_KEY], "names none"));
        case_end(&c);
}

static void what_is_said_by_a_key_that_nobody_names_is_said_so(void **state) {
        static const Claim told[] = { CLAIM_REGISTERS, CLAIM_LAYERS, CLAIM_UNTOUCHED };

        (void) state;
        for (unsigned named = 0; named < 2; named++) {
                Case c;

                case_begin(&c);
                c.policy.n_keys = named ? 0 : 1; /* 1: another one; 0: it will be pinned */
                case_judge(&c);
                for (size_t i = 0; i < ELEMENTS(told); i++) {
                        const char *reason = c.judgement.verdict.reasons[told[i]];

                        assert_int_equal(case_state(&c, told[i]), CLAIM_PROVEN);
                        assert_int_equal(!strstr(reason, "by a key that policy does not name"),
                                        named);
                }
                case_end(&c);
        }
}

static void the_quote_itself_answers_the_nonce(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.nonce[31] ^= 1; /* the manifest has the one that was sent */
        case_judge(&c);
        assert_refused(&c, CLAIM_FRESH, "quote 0 answers another nonce than the one that was sent");
        c.forge.nonce[31] ^= 1;
        c.forge.nonce_size = 31;
        case_judge(&c);
        assert_refused(&c, CLAIM_FRESH, "quote 0 answers another nonce than the one that was sent");
        c.forge.nonce_size = 32;
        c.forge.manifest_nonce[0] ^= 1;
        case_judge(&c);
        assert_refused(&c, CLAIM_FRESH, "the manifest is for another nonce");
        c.forge.manifest_nonce[0] ^= 1;
        case_judge(&c);
        assert_proven(&c, CLAIM_FRESH, "made for the nonce that was sent");
        case_end(&c);
}

static void a_nonce_of_another_length_is_none(void **state) {
        static const size_t sizes[] = { 0, 1, 15, 33, 48 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                uint8_t nonce[48];
                Judgement j;
                Question q;
                Case c;

                case_begin(&c);
                memset(nonce, 0x5a, sizeof(nonce));
                q = case_question(&c);
                q.nonce = (Span){ nonce, sizes[i] };
                c.forge.nonce_size = sizes[i] < 32 ? sizes[i] : 32;
                case_judge(&c);
                j = c.judgement;
                j.verdict = (Verdict){ .required = c.policy.required,
                        .proven = 1u << CLAIM_SIGNATURE };
                judge_fresh(&j.evidence, &q, &j.verdict);
                assert_int_equal(verdict_state(&j.verdict, CLAIM_FRESH), CLAIM_NOT_PROVEN);
                assert_string_equal(j.verdict.reasons[CLAIM_FRESH],
                                "no nonce to compare with: give the one that was sent");
                case_end(&c);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_kind_of_key_may_sign),
                cmocka_unit_test(a_key_signs_with_its_own_hash_alone),
                cmocka_unit_test(a_key_signs_with_its_own_scheme_alone),
                cmocka_unit_test(a_key_that_policy_names_is_pinned_with_its_line),
                cmocka_unit_test(what_is_said_by_a_key_that_nobody_names_is_said_so),
                cmocka_unit_test(the_quote_itself_answers_the_nonce),
                cmocka_unit_test(a_nonce_of_another_length_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
