/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "port/crypto.h"
#include "quote/take.h"
#include "support/libc.h"
#include "support/quoter.h"
#include "wire/attest.h"
#include "wire/tpmkey.h"

#define NONCE SPAN_LITERAL("a nonce of 24 bytes, now")

static PcrSelection selection(const char *text) {
        PcrSelection s = {};

        assert_int_equal(pcr_selection_from_text(text, &s, NULL), 0);
        return s;
}

/* All quotes are over the values beside them. */
static void assert_whole(const Taken *t, const PcrSelection *which) {
        assert_int_equal(t->n_quotes, which->n_banks);
        assert_true(pcr_selection_equal(&t->pcrs.held, which));
        for (size_t i = 0; i < t->n_quotes; i++) {
                Span values[PCR_VALUES_MAX];
                Digest d;
                Quoted q;

                assert_int_equal(quoted_parse(buf_span(&t->attests[i]), &q, NULL), 0);
                assert_int_equal(q.selection.n_banks, 1);
                assert_int_equal(q.selection.banks[0].alg, which->banks[i].alg);
                assert_int_equal(q.selection.banks[0].mask, which->banks[i].mask);
                assert_true(span_equal(q.head.extra, NONCE));
                assert_int_equal(
                                hash_parts(HASH_SHA256, values,
                                                pcr_values_in_order(&t->pcrs, &q.selection, values),
                                                &d, NULL),
                                0);
                assert_true(span_equal(q.digest, digest_span(&d)));
        }
}

static void one_quote_a_bank_with_the_values_beside_it(void **state) {
        static const char *const texts[] = { "sha256:0-15", "sha256:8+sha384:0,8", "sha384:all" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                for (TpmAkType type = TPM_AK_ECC; type <= TPM_AK_RSA; type++) {
                        _cleanup_(taken_done) Taken t = {};
                        PcrSelection which = selection(texts[i]);
                        TpmPublic p;
                        Quoter q;

                        quoter_new(&q);
                        assert_int_equal(quote_take(&q.tpm, type, &which, NONCE, &t, NULL), 0);
                        assert_whole(&t, &which);
                        assert_int_equal(tpm_public_parse(buf_span(&t.ak), &p, NULL), 0);
                        assert_int_equal(p.type, type == TPM_AK_RSA ? TPM_KEY_RSA : TPM_KEY_ECC);
                        assert_int_equal(q.keys, 1);
                        assert_int_equal(q.reads, 1);
                        assert_int_equal(q.quotes, which.n_banks);
                }
}

/* Somebody extends PCR 8 between the reading and the quote: the old values are not kept. */
static void what_is_extended_in_between_is_taken_again(void **state) {
        PcrSelection which = selection("sha256:0-15+sha384:8");

        (void) state;
        for (unsigned meddle = 1; meddle < 10; meddle++) {
                _cleanup_(taken_done) Taken t = {};
                Quoter q;

                quoter_new(&q);
                q.meddle = meddle;
                assert_int_equal(quote_take(&q.tpm, TPM_AK_ECC, &which, NONCE, &t, NULL), 0);
                assert_whole(&t, &which);
                assert_true(digest_equal(pcr_value(&t.pcrs, HASH_SHA256, 8),
                                pcr_value(&q.pcrs, HASH_SHA256, 8)));
                assert_int_equal(q.reads, meddle + 1);
                assert_int_equal(q.keys, 1);
        }
}

static void what_does_not_concern_the_selection_does_not_disturb(void **state) {
        PcrSelection which = selection("sha256:0-7");
        _cleanup_(taken_done) Taken t = {};
        Quoter q;

        (void) state;
        quoter_new(&q);
        q.meddle = 100;
        assert_int_equal(quote_take(&q.tpm, TPM_AK_ECC, &which, NONCE, &t, NULL), 0);
        assert_whole(&t, &which);
        assert_int_equal(q.reads, 1);
}

static void it_does_not_go_on_for_ever(void **state) {
        PcrSelection which = selection("sha256:8");
        Taken t = {};
        Quoter q;
        Err e = {};

        (void) state;
        quoter_new(&q);
        q.meddle = 1000;
        assert_int_equal(quote_take(&q.tpm, TPM_AK_ECC, &which, NONCE, &t, &e), -EAGAIN);
        assert_non_null(strstr(e.text, "each of 10 times"));
        assert_int_equal(q.reads, 10);
        assert_null(t.ak.data);
        assert_int_equal(t.n_quotes, 0);
}

static void a_tpm_that_answers_something_else_is_not_believed(void **state) {
        static const struct {
                QuoterLie lie;
                const char *says;
        } lies[] = {
                { LIE_NONCE, "another nonce" },
                { LIE_SELECTION, "other PCRs" },
                { LIE_TYPE, "as something else" },
                { LIE_STRAY, "1 stray bytes" },
                { LIE_SIGNATURE, "a scheme other" },
                { LIE_HASH, "another hash" },
                { LIE_KEY, "TPM public key" },
                { LIE_VALUE, "left out a PCR" },
        };
        PcrSelection which = selection("sha256:0-15");

        (void) state;
        for (size_t i = 0; i < ELEMENTS(lies); i++) {
                Taken t = {};
                Quoter q;
                Err e = {};

                quoter_new(&q);
                q.lie = lies[i].lie;
                assert_int_equal(quote_take(&q.tpm, TPM_AK_ECC, &which, NONCE, &t, &e), -EBADMSG);
                if (!strstr(e.text, lies[i].says))
                        fail_msg("%s", e.text);
                assert_null(t.ak.data);
                assert_true(q.quotes <= 1); /* a lie is not asked for again */
        }
}

/* Each command in turn fails: the error comes through, and nothing is left behind. */
static void any_command_may_fail(void **state) {
        PcrSelection which = selection("sha256:0-15+sha384:0-15");
        int n = 0, rc;

        (void) state;
        do {
                Taken t = {};
                Quoter q;
                Err e = {};

                quoter_new(&q);
                q.fail_after = n++;
                rc = quote_take(&q.tpm, TPM_AK_ECC, &which, NONCE, &t, &e);
                assert_int_equal(e.code, rc);
                if (rc < 0) {
                        assert_int_equal(rc, -EIO);
                        assert_null(t.ak.data);
                }
                taken_done(&t);
        } while (rc < 0);
        assert_int_equal(n, 5); /* key, read, two quotes; then it gets through */
}

static void any_allocation_may_fail(void **state) {
        PcrSelection which = selection("sha256:0-15+sha384:0-15");
        int failed = 1;

        (void) state;
        for (int n = 0; failed > 0; n++) {
                Taken t = {};
                Quoter q;
                Err e = {};
                int rc;

                quoter_new(&q);
                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = quote_take(&q.tpm, TPM_AK_ECC, &which, NONCE, &t, &e);
                failed = libc_heal();
                assert_int_equal(e.code, rc);
                if (rc < 0)
                        assert_null(t.ak.data);
                else
                        assert_whole(&t, &which);
                taken_done(&t);
        }
}

static void what_cannot_be_evidence_is_not_asked_for(void **state) {
        static const uint8_t bytes[NONCE_MAX + 1];
        const struct {
                PcrSelection which;
                size_t nonce;
        } cases[] = {
                { selection("sha256:8"), 0 },
                { selection("sha256:8"), NONCE_MIN - 1 },
                { selection("sha256:8"), NONCE_MAX + 1 },
                { {}, NONCE_MIN },
                { { .banks = { { HASH_SHA256, 1 }, { HASH_SHA384, 0 } }, .n_banks = 2 },
                                NONCE_MIN },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Span nonce = { bytes, cases[i].nonce };
                Taken t = {};
                Quoter q;

                quoter_new(&q);
                assert_int_equal(quote_take(&q.tpm, TPM_AK_ECC, &cases[i].which, nonce, &t, NULL),
                                -EINVAL);
                assert_int_equal(q.keys + q.reads + q.quotes, 0);
        }
        for (size_t n = NONCE_MIN; n <= NONCE_MAX; n++) {
                _cleanup_(taken_done) Taken t = {};
                PcrSelection which = selection("sha256:8");
                Quoter q;

                quoter_new(&q);
                assert_int_equal(quote_take(&q.tpm, TPM_AK_ECC, &which, (Span){ bytes, n }, &t,
                                                 NULL),
                                0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_quote_a_bank_with_the_values_beside_it),
                cmocka_unit_test(what_is_extended_in_between_is_taken_again),
                cmocka_unit_test(what_does_not_concern_the_selection_does_not_disturb),
                cmocka_unit_test(it_does_not_go_on_for_ever),
                cmocka_unit_test(a_tpm_that_answers_something_else_is_not_believed),
                cmocka_unit_test(any_command_may_fail),
                cmocka_unit_test(any_allocation_may_fail),
                cmocka_unit_test(what_cannot_be_evidence_is_not_asked_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
