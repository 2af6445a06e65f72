/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/appraise.h"

#include <errno.h>

#include "verify/layers.h"
#include "verify/signature.h"
#include "verify/untouched.h"

static void refute_all(Verdict *v, const char *why) {
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                verdict_refute(v, claim, "the evidence is malformed: %s", why);
}

/* Claims that this version has no eyes for: said as loudly as what is judged. */
static void leave_the_rest(Verdict *v) {
        static const Claim rest[] = { CLAIM_BOUND, CLAIM_ATOMIC, CLAIM_FIRMWARE, CLAIM_KERNEL,
                CLAIM_ROOT, CLAIM_UNLOCK, CLAIM_TOGETHER };

        for (size_t i = 0; i < ELEMENTS(rest); i++)
                verdict_leave(v, rest[i], "not judged by this version");
}

/* A command line or a credential could have masked what records: while nobody vouches for the
 * kernel, these two say what the log says. */
static void lean_on_kernel(Verdict *v) {
        static const Claim leaning[] = { CLAIM_LAYERS, CLAIM_UNTOUCHED };

        if (verdict_proven(v, CLAIM_KERNEL))
                return;
        for (size_t i = 0; i < ELEMENTS(leaning); i++)
                if (verdict_proven(v, leaning[i]))
                        verdict_remark(v, leaning[i], "if the running system is what it says");
}

static int judge(const Question *q, Judgement *j, Err *e) {
        int rc;

        rc = judge_signature(&j->evidence, &j->verdict, e);
        if (rc < 0)
                return rc;
        judge_key(&j->evidence, q, &j->verdict);
        judge_fresh(&j->evidence, q, &j->verdict);
        rc = judge_registers(&j->evidence, q, &j->verdict, &j->story, e);
        if (rc < 0)
                return rc;
        judge_layers(&j->story, q, &j->verdict);
        judge_untouched(&j->story, q, &j->verdict);
        leave_the_rest(&j->verdict);
        lean_on_kernel(&j->verdict);
        return 0;
}

void appraise_unreadable(const Question *q, const char *why, Judgement *ret) {
        *ret = (Judgement){ .verdict.required = q->policy->required };
        refute_all(&ret->verdict, why);
}

int appraise(Span bundle, const Question *q, Judgement *ret, Err *e) {
        Err why = {};
        int rc;

        *ret = (Judgement){ .verdict.required = q->policy->required };
        rc = evidence_open(bundle, &ret->evidence, &why);
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0) {
                appraise_unreadable(q, why.text, ret);
                return 0;
        }
        ret->readable = true;
        rc = judge(q, ret, e);
        if (rc < 0)
                judgement_done(ret);
        return rc;
}

void judgement_done(Judgement *j) {
        if (j->readable)
                evidence_done(&j->evidence);
        *j = (Judgement){};
}
