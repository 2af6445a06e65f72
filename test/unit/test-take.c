/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "port/crypto.h"
#include "quote/take.h"
#include "support/libc.h"
#include "support/quoter.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"
#include "wire/tpmkey.h"

#define NONCE SPAN_LITERAL("a nonce of 24 bytes, now")

static PcrSelection selection(const char *text) {
        PcrSelection s = {};

        assert_int_equal(pcr_selection_from_text(text, &s, NULL), 0);
        return s;
}

#define EXTRA SPAN_LITERAL("what the session is about")

/* The steps in their order: of quotes alone, and with a counter and an audit. */
static int take(Quoter *q, TpmAkType type, const PcrSelection *which, Taken *ret, Err *e) {
        int rc;

        rc = taken_begin(&q->tpm, type, which, ret, e);
        if (rc == 0)
                rc = quote_take(&q->tpm, NONCE, (Span){}, ret, e);
        if (rc < 0) {
                taken_done(ret);
                *ret = (Taken){};
        }
        return rc;
}

static int take_audited(Quoter *q, const PcrSelection *which, Taken *ret, Err *e) {
        uint64_t count;
        int rc;

        rc = taken_begin(&q->tpm, TPM_AK_ECC, which, ret, e);
        if (rc == 0)
                rc = taken_count(&q->tpm, ret, &count, e);
        if (rc >= 0)
                rc = quote_take(&q->tpm, NONCE, EXTRA, ret, e);
        if (rc < 0) {
                taken_done(ret);
                *ret = (Taken){};
        }
        return rc;
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
                        assert_int_equal(take(&q, type, &which, &t, NULL), 0);
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
                assert_int_equal(take(&q, TPM_AK_ECC, &which, &t, NULL), 0);
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
        assert_int_equal(take(&q, TPM_AK_ECC, &which, &t, NULL), 0);
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
        assert_int_equal(take(&q, TPM_AK_ECC, &which, &t, &e), -EAGAIN);
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
                assert_int_equal(take(&q, TPM_AK_ECC, &which, &t, &e), -EBADMSG);
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
                rc = take(&q, TPM_AK_ECC, &which, &t, &e);
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
                rc = take(&q, TPM_AK_ECC, &which, &t, &e);
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
        static const size_t sizes[] = { 0, NONCE_MIN - 1, NONCE_MAX + 1 };
        const PcrSelection wrong[] = {
                {},
                { .banks = { { HASH_SHA256, 1 }, { HASH_SHA384, 0 } }, .n_banks = 2 },
        };
        _cleanup_(taken_done) Taken t = {};
        PcrSelection which = selection("sha256:8");
        Quoter q;

        (void) state;
        quoter_new(&q);
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                assert_int_equal(taken_begin(&q.tpm, TPM_AK_ECC, &wrong[i], &t, NULL), -EINVAL);
                assert_int_equal(q.keys, 0);
        }
        assert_int_equal(taken_begin(&q.tpm, TPM_AK_ECC, &which, &t, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                assert_int_equal(quote_take(&q.tpm, (Span){ bytes, sizes[i] }, (Span){}, &t, NULL),
                                -EINVAL);
                assert_int_equal(q.reads + q.quotes, 0);
        }
        for (size_t n = NONCE_MIN; n <= NONCE_MAX; n++)
                assert_int_equal(quote_take(&q.tpm, (Span){ bytes, n }, (Span){}, &t, NULL), 0);
}

static void a_counter_and_an_audit_are_taken_too(void **state) {
        PcrSelection which = selection("sha256:0-15+sha384:8");

        (void) state;
        for (int counted = 0; counted < 2; counted++) {
                _cleanup_(taken_done) Taken t = {};
                SessionAudited a;
                NvCertified n;
                NvPublic p;
                Quoter q;

                quoter_new(&q);
                q.counted = counted;
                assert_int_equal(take_audited(&q, &which, &t, NULL), 0);
                assert_whole(&t, &which);
                assert_int_equal(t.has_counter, counted);
                assert_true(t.has_audit);
                assert_int_equal(session_audited_parse(buf_span(&t.audit_attest), &a, NULL), 0);
                assert_true(a.exclusive);
                assert_true(span_equal(a.head.extra, EXTRA));
                assert_int_equal(q.audits, 1);
                assert_int_equal(q.certified, counted);
                if (!counted) {
                        assert_int_equal(t.nv_public.size + t.nv_attest.size, 0);
                        continue;
                }
                assert_int_equal(nv_certified_parse(buf_span(&t.nv_attest), &n, NULL), 0);
                assert_true(span_equal(n.head.extra, NONCE));
                assert_int_equal(nv_public_parse(buf_span(&t.nv_public), &p, NULL), 0);
                assert_int_equal(p.index, NV_COUNTER_INDEX);
        }
}

/* Quotes for others: no session, and no counter where none was looked for. */
static void without_extra_there_is_no_session(void **state) {
        PcrSelection which = selection("sha256:8");
        _cleanup_(taken_done) Taken t = {};
        Quoter q;

        (void) state;
        quoter_new(&q);
        q.counted = true;
        assert_int_equal(take(&q, TPM_AK_ECC, &which, &t, NULL), 0);
        assert_int_equal(q.audits + q.certified + q.publics, 0);
        assert_false(t.has_audit || t.has_counter);
        assert_int_equal(t.audit_attest.size, 0);
}

static void the_counter_has_its_value(void **state) {
        PcrSelection which = selection("sha256:8");
        _cleanup_(taken_done) Taken t = {};
        uint64_t value = 0;
        Quoter q;

        (void) state;
        quoter_new(&q);
        q.counted = true;
        assert_int_equal(taken_begin(&q.tpm, TPM_AK_ECC, &which, &t, NULL), 0);
        assert_int_equal(taken_count(&q.tpm, &t, &value, NULL), 1);
        assert_int_equal(value, 7);
        taken_leave_counter(&t);
        assert_int_equal(quote_take(&q.tpm, NONCE, EXTRA, &t, NULL), 0);
        assert_int_equal(q.certified, 0);

        /* something else in its place is none */
        q.lie = LIE_COUNTER;
        value = 0;
        assert_int_equal(taken_count(&q.tpm, &t, &value, NULL), 0);
        assert_false(t.has_counter);
        assert_int_equal(value, 0);
}

/* Ten times in a session of its own; then one with others in it, which still binds. */
static void who_shares_the_tpm_gets_evidence_too(void **state) {
        PcrSelection which = selection("sha256:8");

        (void) state;
        for (unsigned intrude = 1; intrude < 14; intrude++) {
                _cleanup_(taken_done) Taken t = {};
                SessionAudited a;
                Quoter q;

                quoter_new(&q);
                q.counted = true;
                q.intrude = intrude;
                assert_int_equal(take_audited(&q, &which, &t, NULL), 0);
                assert_whole(&t, &which);
                assert_int_equal(session_audited_parse(buf_span(&t.audit_attest), &a, NULL), 0);
                assert_int_equal(a.exclusive, intrude <= TAKE_ATTEMPTS);
                assert_int_equal(q.audits, (intrude < TAKE_ATTEMPTS ? intrude : TAKE_ATTEMPTS) + 1);
                assert_int_equal(q.keys, 1);
                assert_int_equal(q.publics, 1);
        }
}

static void who_comes_at_the_last_moment_is_seen_too(void **state) {
        PcrSelection which = selection("sha256:8");

        (void) state;
        for (unsigned late = 1; late < 14; late++) {
                _cleanup_(taken_done) Taken t = {};
                SessionAudited a;
                Quoter q;

                quoter_new(&q);
                q.intrude_late = late;
                assert_int_equal(take_audited(&q, &which, &t, NULL), 0);
                assert_int_equal(session_audited_parse(buf_span(&t.audit_attest), &a, NULL), 0);
                assert_int_equal(a.exclusive, late <= TAKE_ATTEMPTS);
                assert_int_equal(q.audits, (late < TAKE_ATTEMPTS ? late : TAKE_ATTEMPTS) + 1);
        }
}

static void what_is_extended_in_a_session_is_taken_again(void **state) {
        PcrSelection which = selection("sha256:8");
        _cleanup_(taken_done) Taken t = {};
        Quoter q;
        Err e = {};

        (void) state;
        quoter_new(&q);
        q.meddle = 3;
        assert_int_equal(take_audited(&q, &which, &t, NULL), 0);
        assert_whole(&t, &which);
        assert_int_equal(q.audits, 4);
        taken_done(&t);
        q.meddle = 1000;
        q.audits = 0;
        assert_int_equal(take_audited(&q, &which, &t, &e), -EAGAIN);
        assert_int_equal(q.audits, 2 * TAKE_ATTEMPTS);
        assert_non_null(strstr(e.text, "each of 10 times"));
}

static void other_lies_are_not_believed_either(void **state) {
        static const struct {
                QuoterLie lie;
                const char *says;
        } lies[] = {
                { LIE_CERTIFY, "something else than the counter for this nonce" },
                { LIE_CONTENTS, "something else than the counter for this nonce" },
                { LIE_AUDIT, "the TPM's audit is about something else" },
        };
        PcrSelection which = selection("sha256:8");

        (void) state;
        for (size_t i = 0; i < ELEMENTS(lies); i++) {
                _cleanup_(taken_done) Taken t = {};
                Quoter q;
                Err e = {};

                quoter_new(&q);
                q.counted = true;
                q.lie = lies[i].lie;
                assert_int_equal(take_audited(&q, &which, &t, &e), -EBADMSG);
                if (!strstr(e.text, lies[i].says))
                        fail_msg("%s", e.text);
        }
}

static void any_command_of_a_session_may_fail(void **state) {
        PcrSelection which = selection("sha256:0-15+sha384:0-15");
        int n = 0, rc;

        (void) state;
        do {
                _cleanup_(taken_done) Taken t = {};
                Quoter q;
                Err e = {};

                quoter_new(&q);
                q.counted = true;
                q.fail_after = n++;
                rc = take_audited(&q, &which, &t, &e);
                assert_int_equal(e.code, rc);
                assert_true(rc == 0 || rc == -EIO);
        } while (rc < 0);
        assert_int_equal(n, 10); /* key, public, value, read, session, two quotes, counter, end */
}

static void any_allocation_of_a_session_may_fail(void **state) {
        PcrSelection which = selection("sha256:0-15");
        int failed = 1;

        (void) state;
        for (int n = 0; failed > 0; n++) {
                _cleanup_(taken_done) Taken t = {};
                Quoter q;
                Err e = {};
                int rc;

                quoter_new(&q);
                q.counted = true;
                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = take_audited(&q, &which, &t, &e);
                failed = libc_heal();
                assert_int_equal(e.code, rc);
                if (rc == 0)
                        assert_whole(&t, &which);
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
                cmocka_unit_test(a_counter_and_an_audit_are_taken_too),
                cmocka_unit_test(without_extra_there_is_no_session),
                cmocka_unit_test(the_counter_has_its_value),
                cmocka_unit_test(who_shares_the_tpm_gets_evidence_too),
                cmocka_unit_test(who_comes_at_the_last_moment_is_seen_too),
                cmocka_unit_test(what_is_extended_in_a_session_is_taken_again),
                cmocka_unit_test(other_lies_are_not_believed_either),
                cmocka_unit_test(any_command_of_a_session_may_fail),
                cmocka_unit_test(any_allocation_of_a_session_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
