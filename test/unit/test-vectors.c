/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "verify/appraise.h"
#include "verify/session.h"

/* Evidence of a software TPM, frozen, and the verdict that it must get for ever: two quotes and a
 * counter in one audit session, a history with an opening and its closing. The digests below were
 * computed by hand from the file's raw parts. */

#define SESSION "976e2ccc188de2559aff93aa2cf8f0858e8346064eef607e5992ec02aed3697b"
#define EXTRA "667fb7a631e4294cc013c12ce9aed697ba0d453240541c57467aa9e6f078439c"

static Buf load(const char *name) {
        Buf b = BUF_UP_TO(BUNDLE_MAX);
        char path[4096];

        assert_non_null(getenv("TEST_VECTORS"));
        (void) snprintf(path, sizeof(path), "%s/%s", getenv("TEST_VECTORS"), name);
        assert_int_equal(file_read(path, &b, NULL), 0);
        return b;
}

typedef struct Frozen {
        Buf evidence, policy_text;
        Policy policy;
        Releases releases;
        uint8_t nonce[32];
        Judgement judgement;
} Frozen;

static void begin(Frozen *f) {
        *f = (Frozen){ .evidence = load("swtpm.avouch"),
                .policy_text = load("swtpm.policy"),
                .policy = policy_default() };
        for (unsigned i = 0; i < sizeof(f->nonce); i++)
                f->nonce[i] = (uint8_t) i;
        assert_int_equal(policy_apply(buf_span(&f->policy_text), &f->policy, NULL), 0);
}

static void judge(Frozen *f) {
        const Question q = {
                .nonce = { f->nonce, 32 }, .policy = &f->policy, .releases = &f->releases
        };

        judgement_done(&f->judgement);
        assert_int_equal(appraise(buf_span(&f->evidence), &q, &f->judgement, NULL), 0);
}

static void end(Frozen *f) {
        judgement_done(&f->judgement);
        buf_done(&f->evidence);
        buf_done(&f->policy_text);
}

static void assert_hex(const Digest *d, const char *hex) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(128);

        text_hex(&b, digest_span(d));
        assert_true(span_is(buf_span(&b), hex));
}

static void the_session_comes_to_what_was_computed_by_hand(void **state) {
        Frozen f;
        Digest d;

        (void) state;
        begin(&f);
        judge(&f);
        assert_true(f.judgement.readable);
        assert_int_equal(session_digest(&f.judgement.evidence, &d, NULL), 0);
        assert_hex(&d, SESSION);
        assert_int_equal(session_extra(&f.judgement.evidence, &d, NULL), 0);
        assert_hex(&d, EXTRA);
        end(&f);
}

static void the_verdict_stays(void **state) {
        static const struct {
                Claim claim;
                ClaimState state;
        } claims[] = { { CLAIM_SIGNATURE, CLAIM_PROVEN }, { CLAIM_KEY, CLAIM_PROVEN },
                { CLAIM_FRESH, CLAIM_PROVEN }, { CLAIM_BOUND, CLAIM_PROVEN },
                { CLAIM_ATOMIC, CLAIM_PROVEN }, { CLAIM_REGISTERS, CLAIM_PROVEN },
                { CLAIM_LAYERS, CLAIM_PROVEN }, { CLAIM_UNTOUCHED, CLAIM_EXCUSED } };
        Frozen f;

        (void) state;
        begin(&f);
        judge(&f);
        assert_true(verdict_trusted(&f.judgement.verdict));
        for (size_t i = 0; i < ELEMENTS(claims); i++)
                assert_int_equal(verdict_state(&f.judgement.verdict, claims[i].claim),
                                claims[i].state);
        assert_int_equal(f.judgement.openings.count, 6);
        assert_int_equal(f.judgement.openings.lines, 3);
        f.policy.allowed_kinds = 0;
        judge(&f);
        assert_false(verdict_trusted(&f.judgement.verdict));
        f.policy.baseline = 4; /* the closing alone came after it; but the boot is this one */
        judge(&f);
        assert_non_null(strstr(f.judgement.verdict.reasons[CLAIM_UNTOUCHED],
                        "since the baseline (count 4): none either"));
        end(&f);
}

static void no_byte_of_it_can_be_changed(void **state) {
        Frozen f;

        (void) state;
        begin(&f);
        for (size_t i = 0; i < f.evidence.size; i += 61) {
                f.evidence.data[i] ^= 1;
                judge(&f);
                assert_false(verdict_trusted(&f.judgement.verdict));
                f.evidence.data[i] ^= 1;
        }
        judge(&f);
        assert_true(verdict_trusted(&f.judgement.verdict));
        end(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_session_comes_to_what_was_computed_by_hand),
                cmocka_unit_test(the_verdict_stays),
                cmocka_unit_test(no_byte_of_it_can_be_changed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
