/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify/golden.h"

static const uint8_t firmware_pcrs[] = { 7, 0, 2 }, kernel_pcrs[] = { 11, 12, 13, 4 };

/* Nobody asks of golden evidence whose it is, how fresh, or what avouch recorded there. */
static int judge(Span evidence, Judgement *ret, Err *e) {
        const Policy policy = policy_default();
        const Releases none = {};
        const Question q = { .policy = &policy, .releases = &none };

        return appraise(evidence, &q, ret, e);
}

/* Why it cannot vouch for anything; false where it can. */
static bool find_fault(const Judgement *j, ExplainedFault *ret) {
        const PcrSelection *held = &j->evidence.tpm.pcrs.held;

        if (!verdict_proven(&j->verdict, CLAIM_SIGNATURE))
                (void) snprintf(ret->text, sizeof(ret->text), "%.150s",
                                j->verdict.reasons[CLAIM_SIGNATURE]);
        else if (!j->explained.has_log)
                (void) snprintf(ret->text, sizeof(ret->text), "it has no firmware log");
        else if (!explained_anywhere(&j->explained, held, firmware_pcrs[0]) &&
                        !explained_anywhere(&j->explained, held, kernel_pcrs[0]))
                *ret = explained_fault(&j->explained, held, firmware_pcrs[0]);
        else
                return false;
        return true;
}

int references_add_golden(References *r, const char *path, Span evidence, Err *e) {
        Golden *list, *g;
        ExplainedFault fault;
        int rc;

        if (r->n_golden == GOLDEN_MAX)
                return err_set(e, -EINVAL, "more than %d golden evidences", GOLDEN_MAX);
        list = reallocarray(r->golden, r->n_golden + 1, sizeof(*list));
        if (!list)
                return err_set(e, -ENOMEM, "no memory for golden evidence");
        r->golden = list;
        g = &list[r->n_golden];
        (void) snprintf(g->name, sizeof(g->name), "%s", path);
        rc = judge(evidence, &g->judgement, e);
        if (rc < 0)
                return rc;
        if (find_fault(&g->judgement, &fault)) {
                judgement_done(&g->judgement);
                return err_set(e, -EBADMSG, "%.80s: golden evidence that proves nothing: %.90s",
                                path, fault.text);
        }
        r->n_golden++;
        return 0;
}

void references_done(References *r) {
        for (size_t i = 0; i < r->n_golden; i++)
                judgement_done(&r->golden[i].judgement);
        free(r->golden);
        pcrlock_done(&r->pcrlock);
        *r = (References){};
}

/* What vouches counts; where nothing does, what was said first. */
static void prefer(Vouched *so_far, const Vouched *next) {
        if (next->asked && !so_far->same && (next->same || !so_far->asked))
                *so_far = *next;
}

int references_judge(const References *r, const Judgement *j, Vouchers *ret, Err *e) {
        Vouchers all = {}, one;
        int rc;

        *ret = all;
        if (!r || !verdict_proven(&j->verdict, CLAIM_SIGNATURE))
                return 0;
        for (size_t i = 0; i < r->n_golden; i++) {
                const Golden *g = &r->golden[i];

                rc = golden_compare(g, j, firmware_pcrs, ELEMENTS(firmware_pcrs), &one.firmware, e);
                if (rc == 0)
                        rc = golden_compare(
                                        g, j, kernel_pcrs, ELEMENTS(kernel_pcrs), &one.kernel, e);
                if (rc < 0)
                        return rc;
                prefer(&all.firmware, &one.firmware);
                prefer(&all.kernel, &one.kernel);
        }
        rc = pcrlock_judge(&r->pcrlock, j, &one, e);
        if (rc < 0)
                return rc;
        prefer(&all.firmware, &one.firmware);
        prefer(&all.kernel, &one.kernel);
        *ret = all;
        return 0;
}
