/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/untouched.h"

#include <stdio.h>

void judge_untouched(const Story *s, const Question *q, Verdict *v) {
        char place[POLICY_SAID_MAX], by[POLICY_SAID_MAX + 16];
        PolicyPlace allowed = {};

        if (!verdict_proven(v, CLAIM_REGISTERS)) {
                verdict_refute(v, CLAIM_UNTOUCHED,
                                "the log that would tell is not proven (registers)");
                return;
        }
        if (q->policy->has_baseline) {
                verdict_refute(v, CLAIM_UNTOUCHED,
                                "since the baseline: the evidence carries no counter to judge it by");
                return;
        }
        if (s->lost > 0) {
                verdict_refute(v, CLAIM_UNTOUCHED, "the log says that openings were left out");
                return;
        }
        if (s->opened == 0) {
                verdict_prove(v, CLAIM_UNTOUCHED,
                                "this boot: no break-glass entry; earlier boots: not judged");
                return;
        }
        verdict_refute(v, CLAIM_UNTOUCHED, "this boot: opened %u time%s, first as %s (record %llu)",
                        s->opened, s->opened == 1 ? "" : "s", s->first_opened,
                        (unsigned long long) s->first_opened_seq);
        for (unsigned i = 0; i < EVENT_KINDS; i++)
                if (s->opened_kinds >> i & 1)
                        allowed = q->policy->allowed_by[i];
        if (s->opened_kinds != 0 && (s->opened_kinds & ~q->policy->allowed_kinds) == 0) {
                policy_say(allowed, place, sizeof(place));
                (void) snprintf(by, sizeof(by), "%s, [Glass] Allow=", place);
                verdict_excuse(v, CLAIM_UNTOUCHED, by);
        }
}
