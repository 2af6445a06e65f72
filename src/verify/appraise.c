/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/appraise.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "verify/layers.h"
#include "verify/session.h"
#include "verify/signature.h"
#include "verify/untouched.h"

static void refute_all(Verdict *v, const char *why) {
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                verdict_refute(v, claim, "the evidence is malformed: %s", why);
}

/* Claims that this version has no eyes for: said as loudly as what is judged. */
static void leave_the_rest(Verdict *v) {
        static const Claim rest[] = { CLAIM_FIRMWARE, CLAIM_KERNEL, CLAIM_ROOT, CLAIM_UNLOCK,
                CLAIM_TOGETHER };

        for (size_t i = 0; i < ELEMENTS(rest); i++)
                verdict_leave(v, rest[i], "not judged by this version");
}

/* A remark on a claim that is proven: what it leans on. */
static void lean(Verdict *v, Claim claim, const char *on) {
        if (verdict_proven(v, claim))
                verdict_remark(v, claim, "%s", on);
}

/* What the log can say no more than the log says. Whoever reads only one claim reads its limits
 * there. */
static void remark_limits(const Question *q, Judgement *j) {
        static const Claim told[] = { CLAIM_REGISTERS, CLAIM_LAYERS, CLAIM_UNTOUCHED };
        Verdict *v = &j->verdict;
        char text[128];

        for (size_t i = 0; i < ELEMENTS(told); i++) {
                if (!verdict_proven(v, CLAIM_KEY))
                        lean(v, told[i], "by a key that policy does not name");
                if (q->policy->any_start)
                        lean(v, told[i], "since the log began, as policy takes any start");
                (void) snprintf(text, sizeof(text),
                                "the TPM was resumed or restarted %" PRIu32
                                " times since, and a restart empties registers",
                                j->story.restarts);
                if (j->story.restarts > 0)
                        lean(v, told[i], text);
        }
        (void) snprintf(text, sizeof(text),
                        "opened at record %" PRIu64
                        ": what came after is the word of whoever opened it",
                        j->story.first_opened_seq);
        if (j->story.opened > 0)
                lean(v, CLAIM_LAYERS, text);

        /* A command line or a credential could have masked what records. */
        if (!verdict_proven(v, CLAIM_KERNEL)) {
                lean(v, CLAIM_LAYERS, "if the running system is what it says");
                lean(v, CLAIM_UNTOUCHED, "if the running system is what it says");
        }
}

static int judge(const Question *q, Judgement *j, Err *e) {
        int rc;

        rc = judge_signature(&j->evidence, &j->verdict, e);
        if (rc < 0)
                return rc;
        judge_key(&j->evidence, q, &j->verdict);
        judge_fresh(&j->evidence, q, &j->verdict);
        rc = judge_session(&j->evidence, &j->verdict, e);
        if (rc < 0)
                return rc;
        rc = judge_registers(&j->evidence, q, &j->verdict, &j->story, e);
        if (rc < 0)
                return rc;
        judge_layers(&j->story, q, &j->verdict);
        judge_untouched(&j->story, q, &j->verdict);
        leave_the_rest(&j->verdict);
        remark_limits(q, j);
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
