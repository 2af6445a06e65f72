/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/judgefaults.h"

#include <errno.h>

#include "support/hashes.h"
#include "support/libc.h"
#include "verify/report.h"

/* False where there was no verdict: something failed, and that is what was said. */
static bool judge(const Question *q, Span bytes, Verdict *ret, int *ret_failed) {
        Judgement j;
        Err e = {};
        int rc;

        rc = appraise(bytes, q, &j, &e);
        *ret_failed = libc_heal() + hashes_heal();
        if (rc < 0) {
                assert_true(*ret_failed > 0);
                assert_true(rc == -ENOMEM || rc == -EIO);
                assert_int_equal(e.code, rc);
                assert_false(j.readable || j.report.readable);
                return false;
        }
        *ret = j.verdict;
        judgement_done(&j);
        return true;
}

/* Words for which there was no memory are missing, and are not replaced by others. */
static Claim first_other(const Verdict *a, const Verdict *b) {
        Claim claim = 0;

        while (claim < _CLAIM_MAX && verdict_state(a, claim) == verdict_state(b, claim) &&
                        (strcmp(a->reasons[claim], b->reasons[claim]) == 0 ||
                                        strstr(a->reasons[claim], "...")))
                claim++;
        return claim;
}

/* OpenSSL does not always tell that it had no memory to look at a signature: then it does not hold.
 */
static bool is_signature_refuted(const Verdict *v) {
        uint32_t proven = v->proven & ~v->refuted;

        if (v->excused != 0)
                return false;
        if (strstr(v->reasons[CLAIM_UNTOUCHED],
                            "its receipt is not signed with the attestation key"))
                return !(proven & 1u << CLAIM_UNTOUCHED);
        return strstr(v->reasons[CLAIM_SIGNATURE], " is not signed by the key") &&
               !(proven & (1u << CLAIM_SIGNATURE | 1u << CLAIM_REGISTERS));
}

static void fail_with(const char *what, int n, const Verdict *v, Claim other) {
        fail_msg("%s %d: %s is %s: %s", what, n, claim_name(other),
                        claim_state_name(verdict_state(v, other)), v->reasons[other]);
}

void judge_with_faults(const Question *q, Span bytes, bool for_ever, Verdict *ret) {
        int failed, none = 0, refuted = 0;
        Claim other;
        Verdict v;

        assert_true(judge(q, bytes, ret, &failed));
        failed = 1;
        for (int n = 0; failed > 0; n++) {
                libc_fail_after(LIBC_MEMORY, n, ENOMEM, for_ever);
                if (!judge(q, bytes, &v, &failed)) {
                        none++;
                } else if ((other = first_other(&v, ret)) != _CLAIM_MAX) {
                        if (!is_signature_refuted(&v))
                                fail_with("allocation", n, &v, other);
                        refuted++;
                }
        }
        assert_true(none > 10 && none > 4 * refuted);
}

void judge_with_bad_hashes(const Question *q, Span bytes) {
        int failed, n = 0;
        Verdict v;

        assert_true(judge(q, bytes, &v, &failed));
        for (failed = 1; failed > 0; n++) {
                hashes_fail_after(n);
                if (judge(q, bytes, &v, &failed) && failed > 0)
                        fail_with("hash", n, &v, CLAIM_REGISTERS);
        }
        assert_true(n > 10);
}

/* How many failed: 0 or 1. */
static int report(const Judgement *j, const Question *q, Span whole) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Err e = {};
        int rc, failed;

        rc = report_json(j, q, &b, &e);
        failed = libc_heal() + hashes_heal();
        if (rc == 0) {
                assert_true(span_equal(buf_span(&b), whole));
        } else {
                assert_true(failed > 0);
                assert_string_equal(e.text, "no memory for the verdict");
        }
        return failed;
}

void report_with_faults(const Judgement *j, const Question *q) {
        _cleanup_(buf_done) Buf whole = BUF_UP_TO(BUNDLE_MAX);
        int failed = 1, n = 0;

        assert_int_equal(report_json(j, q, &whole, NULL), 0);
        for (; failed > 0; n++) {
                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                failed = report(j, q, buf_span(&whole));
        }
        assert_true(n > 10);
        failed = 1;
        for (n = 0; failed > 0; n++) {
                hashes_fail_after(n);
                failed = report(j, q, buf_span(&whole));
        }
        assert_true(n > 1);
}
