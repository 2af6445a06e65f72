/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/tpm.h"

#include <errno.h>

#include "measure/counter.h"
#include "measure/seal.h"
#include "port/tpm-tss2-seal.h"
#include "support/approver.h"
#include "wire/nvpublic.h"

/* Sealing, with the TPM's own word for each condition: here nobody looks beforehand. */

#define TEXT "what nobody is to see"
#define CC_UNSEAL "0000015e"
#define PCR_CHANGED "00000128"

static Tpm *open_sealing(const char *tcti) {
        Tpm *t = NULL;

        assert_int_equal(tpm_open_sealing(tcti, TPM_PATIENCE, &t, NULL), 0);
        return t;
}

/* A secret that is sealed, and all that opens it. */
typedef struct Scene {
        Swtpm *tpm;
        Tpm *t;
        SigningKey *key;
        Sealed s;
        uint8_t public[SEAL_KEY_PUBLIC];
        Digest ref;
        Buf file;
} Scene;

static void scene_done(Scene *c) {
        tpm_close(&c->t);
        signing_key_done(&c->key);
        buf_done(&c->file);
}

static void scene_new(Scene *c, void **state) {
        SealWish w = { .secret = SPAN_LITERAL(TEXT), .pcrs = selection("sha256:7+sha384:0-3") };
        Err e = {};

        *c = (Scene){ .tpm = *state, .file = BUF_UP_TO(SEALED_MAX) };
        c->t = open_sealing(c->tpm->tcti);
        c->key = approver_new("P-256", &w.key, NULL);
        w.approver = c->key;
        if (seal_make(c->t, &w, &c->file, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(sealed_parse(buf_span(&c->file), &c->s, NULL), 0);
        seal_key_public(&c->s, c->public);
        assert_int_equal(seal_ref(&c->s, &c->ref, NULL), 0);
}

/* What the file has in it, as it is asked of the TPM. */
static TpmPolicy policy_of(const Scene *c) {
        TpmPolicy p = { .pcrs = c->s.pcrs,
                .pcr_digest = c->s.pcr_digest,
                .counter = NV_COUNTER_INDEX,
                .count = c->s.count,
                .ref = digest_span(&c->ref),
                .key = { c->public, sizeof(c->public) },
                .r = { c->s.r, SEALED_NUMBER },
                .s = { c->s.s, SEALED_NUMBER } };

        assert_int_equal(seal_approved_policy(&c->s, c->s.count, &p.approved, NULL), 0);
        return p;
}

static int unseal(const Scene *c, Secret *ret, Err *e) {
        return tpm_unseal(c->t, (Span){ c->s.public, c->s.public_size },
                        (Span){ c->s.private, c->s.private_size }, ret, e);
}

static void extend(Tpm *t, unsigned pcr) {
        Digest d[4];

        assert_int_equal(tpm_extend(t, pcr, d, four_digests(1, d), NULL), 0);
}

static void the_policy_is_the_one_that_we_computed(void **state) {
        _cleanup_(secret_done) Secret s = {};
        _cleanup_(scene_done) Scene c;
        Digest reached, computed;
        TpmPolicy p;
        Err e = {};

        scene_new(&c, state);
        p = policy_of(&c);
        assert_int_equal(secret_new(128, &s, NULL), 0);
        if (tpm_policy(c.t, &p, &reached, &e) < 0)
                fail_msg("%s", e.text);
        assert_int_equal(seal_object_policy(&c.s, &computed, NULL), 0);
        assert_true(digest_equal(&reached, &computed));
        if (unseal(&c, &s, &e) < 0)
                fail_msg("%s", e.text);
        assert_true(span_is(secret_span(&s), TEXT));
        /* one session, one opening */
        assert_int_equal(unseal(&c, &s, NULL), -ENOKEY);
}

static void what_does_not_hold_is_not_asserted(void **state) {
        _cleanup_(scene_done) Scene c;
        Digest reached;
        TpmPolicy p;
        Counter n;

        scene_new(&c, state);
        p = policy_of(&c);
        p.pcr_digest.bytes[0]++;
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), -EACCES);
        p = policy_of(&c);
        p.count--;
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), -EACCES);
        p = policy_of(&c);
        p.count++; /* holds, and is not what was approved */
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), -EACCES);
        assert_int_equal(seal_approved_policy(&c.s, p.count, &p.approved, NULL), 0);
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), -EACCES);
        p = policy_of(&c);
        p.ref = SPAN_LITERAL("another machine");
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), -EACCES);
        p = policy_of(&c);
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), 0);
        assert_int_equal(counter_state(c.t, &n, NULL), 1);
        assert_int_equal(counter_raise(c.t, &n, NULL), 0);
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), -EACCES);
        extend(c.t, 7);
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), -EACCES);
}

static void another_keys_approval_opens_nothing(void **state) {
        _cleanup_(secret_done) Secret s = {};
        _cleanup_(scene_done) Scene c;
        SigningKey *other;
        P256Point public;
        Digest reached;
        TpmPolicy p;

        scene_new(&c, state);
        assert_int_equal(secret_new(128, &s, NULL), 0);
        other = approver_new("P-256", &public, NULL);
        memcpy(c.s.x, public.x, sizeof(c.s.x));
        memcpy(c.s.y, public.y, sizeof(c.s.y));
        assert_int_equal(seal_approve(&c.s, other, c.s.count + 100, NULL), 0);
        seal_key_public(&c.s, c.public);
        p = policy_of(&c);
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), 0);
        assert_int_equal(unseal(&c, &s, NULL), -EACCES);
        assert_int_equal(s.size, 0);
        signing_key_done(&other);
}

/* What an opening does between the two: it counts, and extends a PCR that no policy names. */
static void a_session_from_before_a_record_is_of_no_use(void **state) {
        _cleanup_(secret_done) Secret s = {};
        _cleanup_(scene_done) Scene c;
        Digest reached;
        TpmPolicy p;
        Err e = {};

        scene_new(&c, state);
        assert_int_equal(secret_new(128, &s, NULL), 0);
        p = policy_of(&c);
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), 0);
        extend(c.t, 8);
        assert_int_equal(unseal(&c, &s, &e), -EAGAIN);
        assert_int_equal(s.size, 0);
        assert_int_equal(tpm_policy(c.t, &p, &reached, NULL), 0);
        assert_int_equal(unseal(&c, &s, NULL), 0);
}

/* Others record too, and that is no reason to give up. */
static void a_record_of_somebody_else_is_waited_out(void **state) {
        _cleanup_(secret_done) Secret s = {};
        _cleanup_(scene_done) Scene c;
        Err e = {};

        scene_new(&c, state);
        assert_int_equal(secret_new(128, &s, NULL), 0);
        tpm_close(&c.t);
        c.t = open_sealing(tapped(c.tpm, CC_UNSEAL ":" PCR_CHANGED ":9").tcti);
        if (seal_open(c.t, buf_span(&c.file), &s, &e) < 0)
                fail_msg("%s", e.text);
        assert_true(span_is(secret_span(&s), TEXT));
        tpm_close(&c.t);
        s.size = 0;
        c.t = open_sealing(tapped(c.tpm, CC_UNSEAL ":" PCR_CHANGED ":99").tcti);
        assert_int_equal(seal_open(c.t, buf_span(&c.file), &s, &e), -EAGAIN);
        assert_non_null(strstr(e.text, "recorded in between"));
        assert_int_equal(s.size, 0);
}

/* What a lost answer leaves in a TPM; the kernel's resource manager does this where there is one.
 */
static void flush_all(const Swtpm *s) {
        static const char *const kinds[] = { "-t", "-l", "-s" };

        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                char kind[4];

                (void) snprintf(kind, sizeof(kind), "%s", kinds[i]);
                run(s, (char *[]){ (char[]){ "tpm2_flushcontext" }, kind, NULL });
        }
}

/* Each command of an opening fails once, by a refusal or by an answer that never comes: nothing is
 * handed out, and the next one opens. */
static void a_step_that_fails_hands_out_nothing(void **state) {
        static const char *const steps[] = { "00000131", "00000176", "0000017f", "00000149",
                "0000017d", "00000167", "00000177", "0000016a", "00000189", "00000157", CC_UNSEAL };
        static const char *const how[] = { "00000101", "lose", "drop" };
        _cleanup_(secret_done) Secret s = {};
        _cleanup_(scene_done) Scene c;

        scene_new(&c, state);
        assert_int_equal(secret_new(128, &s, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(steps) * ELEMENTS(how); i++) {
                char rule[64], commands[128];
                Err e = {};

                tpm_close(&c.t);
                (void) snprintf(commands, sizeof(commands), "%s/commands", c.tpm->folder);
                (void) unlink(commands); /* the tap counts in it */
                (void) snprintf(rule, sizeof(rule), "%s:%s:1", steps[i / ELEMENTS(how)],
                                how[i % ELEMENTS(how)]);
                c.t = open_sealing(tapped(c.tpm, rule).tcti);
                s.size = 0;
                if (seal_open(c.t, buf_span(&c.file), &s, &e) == 0)
                        fail_msg("%s: opens", rule);
                assert_int_equal(s.size, 0);
                assert_true(e.text[0] != '\0');
                tpm_close(&c.t);
                flush_all(c.tpm);
                c.t = open_sealing(c.tpm->tcti);
                assert_int_equal(seal_open(c.t, buf_span(&c.file), &s, NULL), 0);
                assert_true(span_is(secret_span(&s), TEXT));
        }
}

static void a_tpm_seals_no_more_than_it_holds(void **state) {
        Digest policy = digest_zero(HASH_SHA256);
        _cleanup_(buf_done) Buf public = BUF_UP_TO(256), private = BUF_UP_TO(512);
        uint8_t large[129] = { 1 };
        Tpm *t = open_sealing(((Swtpm *) *state)->tcti);

        assert_int_equal(tpm_seal(t, &policy, (Span){ large, 128 }, &public, &private, NULL), 0);
        assert_int_equal(tpm_seal(t, &policy, (Span){ large, 129 }, &public, &private, NULL),
                        -EINVAL);
        assert_int_equal(tpm_seal(t, &policy, (Span){}, &public, &private, NULL), -EINVAL);
        tpm_close(&t);
}

/* Nothing is left in the TPM, which has room for three of each. */
static void nothing_is_left_behind(void **state) {
        _cleanup_(secret_done) Secret s = {};
        _cleanup_(scene_done) Scene c;

        scene_new(&c, state);
        assert_int_equal(secret_new(128, &s, NULL), 0);
        for (int i = 0; i < 5; i++) {
                Sealed spoilt = c.s;
                _cleanup_(buf_done) Buf file = BUF_UP_TO(SEALED_MAX);

                assert_int_equal(seal_open(c.t, buf_span(&c.file), &s, NULL), 0);
                spoilt.private[40]++;
                sealed_write(&spoilt, &file);
                assert_int_equal(seal_open(c.t, buf_span(&file), &s, NULL), -EBADMSG);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                SWTPM_TEST(the_policy_is_the_one_that_we_computed),
                SWTPM_TEST(what_does_not_hold_is_not_asserted),
                SWTPM_TEST(another_keys_approval_opens_nothing),
                SWTPM_TEST(a_session_from_before_a_record_is_of_no_use),
                SWTPM_TEST(a_record_of_somebody_else_is_waited_out),
                SWTPM_TEST(a_step_that_fails_hands_out_nothing),
                SWTPM_TEST(a_tpm_seals_no_more_than_it_holds),
                SWTPM_TEST(nothing_is_left_behind),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
