/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/tpm.h"

#include <errno.h>

#include "wire/nvpublic.h"

/* Audit sessions: what was attested in one is signed as a whole. */

#define EXTRA "what binds the manifest to it..."

/* One attestation, as the TPM handed it out. Owner. */
typedef struct Made {
        Buf attest, signature;
} Made;

static void made_done(Made *m) {
        buf_done(&m->attest);
        buf_done(&m->signature);
}

#define MADE ((Made){ BUF_UP_TO(ATTEST_MAX), BUF_UP_TO(TPM_SIGNATURE_MAX) })

/* The key's Name, once it is made. */
static Digest make_key(Tpm *t) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX);
        Digest d;

        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, NULL), 0);
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&public), &d, NULL), 0);
        return d;
}

static void hash_buf(const Buf *b, Digest *ret) {
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(b), ret, NULL), 0);
}

/* D' = H(D || cpHash || rpHash), by the sentences of Part 1, "Audit Session Digest". command: code,
 * Names, parameters. */
static void audit(uint32_t code, const Buf *command, const Made *made, Digest *session) {
        _cleanup_(buf_done) Buf answer = BUF_UP_TO(4096), both = BUF_UP_TO(4096);
        Digest cp, rp;

        buf_be(&answer, 0, 4);
        buf_be(&answer, code, 4);
        buf_be(&answer, made->attest.size, 2);
        buf_bytes(&answer, buf_span(&made->attest));
        buf_bytes(&answer, buf_span(&made->signature));
        hash_buf(command, &cp);
        hash_buf(&answer, &rp);
        buf_bytes(&both, digest_span(session));
        buf_bytes(&both, digest_span(&cp));
        buf_bytes(&both, digest_span(&rp));
        hash_buf(&both, session);
}

static void put_name(const Digest *of_public, Buf *to) {
        buf_be(to, HASH_SHA256, 2);
        buf_bytes(to, digest_span(of_public));
}

static void put_qualifying(Buf *to) {
        buf_be(to, sizeof(NONCE) - 1, 2);
        buf_string(to, NONCE);
        buf_be(to, 0x0010, 2);
}

static void audit_quote(
                const Digest *key, const PcrSelection *which, const Made *made, Digest *session) {
        _cleanup_(buf_done) Buf command = BUF_UP_TO(4096);

        buf_be(&command, 0x158, 4);
        put_name(key, &command);
        put_qualifying(&command);
        pcr_selection_write(which, &command);
        audit(0x158, &command, made, session);
}

static void audit_counter(
                const Digest *key, const Digest *index, const Made *made, Digest *session) {
        _cleanup_(buf_done) Buf command = BUF_UP_TO(4096);

        buf_be(&command, 0x184, 4);
        put_name(key, &command);
        put_name(index, &command);
        put_name(index, &command);
        put_qualifying(&command);
        buf_be(&command, NV_COUNTER_SIZE, 2);
        buf_be(&command, 0, 2);
        audit(0x184, &command, made, session);
}

/* A counter that counts; the hash of its public area as it is then. */
static Digest make_counter(Tpm *t) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(NV_PUBLIC_MAX), found = BUF_UP_TO(NV_PUBLIC_MAX);
        NvPublic counter = nv_counter();
        Digest d;

        nv_public_write(&counter, &public);
        assert_int_equal(tpm_nv_define(t, buf_span(&public), NULL), 0);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        assert_int_equal(tpm_nv_public(t, NV_COUNTER_INDEX, &found, NULL), 1);
        hash_buf(&found, &d);
        return d;
}

static int certify(Tpm *t, Made *made) {
        return tpm_nv_certify(t, NV_COUNTER_INDEX, NV_COUNTER_SIZE, SPAN_LITERAL(NONCE),
                        &made->attest, &made->signature, NULL);
}

static int quote(Tpm *t, const PcrSelection *which, Made *made) {
        return tpm_quote(t, which, SPAN_LITERAL(NONCE), &made->attest, &made->signature, NULL);
}

static SessionAudited end(Tpm *t, Made *made) {
        SessionAudited s = {};
        Err e = {};

        if (tpm_audit_end(t, SPAN_LITERAL(EXTRA), &made->attest, &made->signature, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(session_audited_parse(buf_span(&made->attest), &s, &e), 0);
        assert_true(span_equal(s.head.extra, SPAN_LITERAL(EXTRA)));
        return s;
}

static void a_session_comes_to_the_digest_of_what_was_done_in_it(void **state) {
        PcrSelection banks[] = { selection("sha256:0-15"), selection("sha384:8") };
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        Digest key = make_key(t);

        for (int exclusive = 0; exclusive < 2; exclusive++) {
                _cleanup_(made_done) Made last = MADE;
                Digest session = digest_zero(HASH_SHA256);
                SessionAudited a;

                assert_int_equal(tpm_audit_begin(t, exclusive, NULL), 0);
                for (size_t i = 0; i < ELEMENTS(banks); i++) {
                        _cleanup_(made_done) Made made = MADE;

                        assert_int_equal(quote(t, &banks[i], &made), 0);
                        audit_quote(&key, &banks[i], &made, &session);
                }
                a = end(t, &last);
                assert_true(a.exclusive);
                assert_true(span_equal(a.digest, digest_span(&session)));
        }
        tpm_close(&t);
}

/* An index is known beforehand, so that nothing but its certification is in the session; also where
 * one was lost before. */
static void counters_are_audited_too(void **state) {
        _cleanup_(made_done) Made first = MADE, second = MADE, lost = MADE, last = MADE;
        PcrSelection which = selection("sha256:8");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, ""), *other = open_tapped(s, "");
        Digest session = digest_zero(HASH_SHA256), key = make_key(t), index = make_counter(t);
        SessionAudited a;
        TpmClock clock;

        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
        assert_int_equal(quote(t, &which, &lost), 0);
        assert_int_equal(tpm_clock(other, &clock, NULL), 0);
        made_done(&lost);
        assert_int_equal(certify(t, &lost), -EAGAIN);

        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
        assert_int_equal(quote(t, &which, &first), 0);
        assert_int_equal(certify(t, &second), 0);
        audit_quote(&key, &which, &first, &session);
        audit_counter(&key, &index, &second, &session);
        a = end(t, &last);
        assert_true(a.exclusive);
        assert_true(span_equal(a.digest, digest_span(&session)));
        tpm_close(&other);
        tpm_close(&t);
}

/* Anybody's command in between ends what is exclusive. */
static void who_comes_in_between_is_told(void **state) {
        _cleanup_(made_done) Made first = MADE, second = MADE, last = MADE;
        PcrSelection which = selection("sha256:8");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, ""), *other = open_tapped(s, "");
        Digest session = digest_zero(HASH_SHA256), key = make_key(t);
        SessionAudited a;
        TpmClock clock;
        Err e = {};

        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
        assert_int_equal(quote(t, &which, &first), 0);
        assert_int_equal(tpm_clock(other, &clock, NULL), 0);
        assert_int_equal(quote(t, &which, &second), -EAGAIN);
        assert_int_equal(second.attest.size, 0);
        assert_int_equal(tpm_audit_end(t, SPAN_LITERAL(EXTRA), &last.attest, &last.signature, &e),
                        0);
        made_done(&last);

        /* where it need not be exclusive it goes on, and the TPM says that it was not */
        made_done(&first);
        assert_int_equal(tpm_audit_begin(t, false, NULL), 0);
        assert_int_equal(quote(t, &which, &first), 0);
        audit_quote(&key, &which, &first, &session);
        assert_int_equal(tpm_clock(other, &clock, NULL), 0);
        assert_int_equal(quote(t, &which, &second), 0);
        audit_quote(&key, &which, &second, &session);
        a = end(t, &last);
        assert_false(a.exclusive);
        assert_true(span_equal(a.digest, digest_span(&session)));
        tpm_close(&other);
        tpm_close(&t);
}

static void a_session_costs_three_commands_and_is_put_away(void **state) {
        _cleanup_(made_done) Made made = MADE, last = MADE;
        PcrSelection which = selection("sha256:8");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, "");

        (void) make_key(t);
        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
        assert_int_equal(quote(t, &which, &made), 0);
        (void) end(t, &last);
        tpm_close(&t);
        assert_commands(s, CC_CREATE_PRIMARY " " CC_START_SESSION " " CC_QUOTE " " CC_AUDIT_DIGEST
                                             " " CC_FLUSH " " CC_FLUSH " ");
}

/* A TPM has room for three sessions at once: one that is begun anew, or left open, is dropped. */
static void no_session_is_left_in_the_tpm(void **state) {
        const Swtpm *s = *state;

        for (int i = 0; i < 5; i++) {
                Tpm *t = open_or_fail(s->tcti);

                for (int n = 0; n < 5; n++)
                        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
                tpm_close(&t);
        }
}

static void an_end_needs_a_session_and_a_key(void **state) {
        _cleanup_(made_done) Made made = MADE, last = MADE;
        PcrSelection which = selection("sha256:8");
        static const uint8_t bytes[65];
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);

        assert_int_equal(tpm_audit_end(t, SPAN_LITERAL(EXTRA), &last.attest, &last.signature, NULL),
                        -ENOKEY);
        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
        assert_int_equal(tpm_audit_end(t, SPAN_LITERAL(EXTRA), &last.attest, &last.signature, NULL),
                        -ENOKEY);
        (void) make_key(t);
        assert_int_equal(tpm_audit_end(t, SPAN_LITERAL(EXTRA), &last.attest, &last.signature, NULL),
                        -ENOKEY); /* it was over when it failed */
        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
        assert_int_equal(quote(t, &which, &made), 0);
        assert_int_equal(tpm_audit_end(t, (Span){ bytes, sizeof(bytes) }, &last.attest,
                                         &last.signature, NULL),
                        -EINVAL);
        assert_int_equal(last.attest.size + last.signature.size, 0);
        tpm_close(&t);
}

/* A session is gone with the connection: what follows is not attested outside of it. */
static void a_session_that_is_lost_is_not_forgotten(void **state) {
        _cleanup_(made_done) Made made = MADE, last = MADE;
        PcrSelection which = selection("sha256:8");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, CC_QUOTE ":lose:1 " CC_START_SESSION ":00000923:1");

        (void) make_key(t);
        assert_int_equal(tpm_audit_begin(t, true, NULL), -EIO);
        assert_int_equal(tpm_audit_begin(t, true, NULL), 0);
        assert_int_equal(quote(t, &which, &made), -EIO);
        assert_int_equal(quote(t, &which, &made), -ENOKEY);
        assert_int_equal(tpm_audit_end(t, SPAN_LITERAL(EXTRA), &last.attest, &last.signature, NULL),
                        -ENOKEY);
        tpm_close(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                SWTPM_TEST(a_session_comes_to_the_digest_of_what_was_done_in_it),
                SWTPM_TEST(counters_are_audited_too),
                SWTPM_TEST(who_comes_in_between_is_told),
                SWTPM_TEST(a_session_costs_three_commands_and_is_put_away),
                SWTPM_TEST(no_session_is_left_in_the_tpm),
                SWTPM_TEST(an_end_needs_a_session_and_a_key),
                SWTPM_TEST(a_session_that_is_lost_is_not_forgotten),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
