/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/untouched.h"

#include <inttypes.h>
#include <stdio.h>

enum { STATEMENT_MAX = 2 * STORY_WORDS + 200 };

/* What cannot be excused: nobody can say what was opened. */
static bool refute_what_is_unknown(const Story *s, const Openings *o, Verdict *v) {
        if (!verdict_proven(v, CLAIM_REGISTERS))
                verdict_refute(v, CLAIM_UNTOUCHED,
                                "the log that would tell is not proven (registers)");
        else if (s->lost > 0)
                verdict_refute(v, CLAIM_UNTOUCHED, "the log says that openings were left out");
        else if (s->resumed && !o->has_counter)
                verdict_refute(v, CLAIM_UNTOUCHED,
                                "the TPM was reset under the running system (hibernation), and no counter tells of openings before that");
        else if (o->fault[0] != '\0')
                verdict_refute(v, CLAIM_UNTOUCHED, "openings cannot be counted: %s", o->fault);
        else if (o->stray[0] != '\0')
                verdict_refute(v, CLAIM_UNTOUCHED, "this boot: the history's %s", o->stray);
        else
                return false;
        return true;
}

/* The same of the time since the baseline. */
static bool refute_what_is_not_covered(const Openings *o, const Policy *p, Verdict *v) {
        if (!p->has_baseline)
                return false;
        if (!o->has_counter)
                verdict_refute(v, CLAIM_UNTOUCHED,
                                "since the baseline: the evidence carries no counter to judge it by");
        else if (o->count < p->baseline)
                verdict_refute(v, CLAIM_UNTOUCHED,
                                "since the baseline: the counter stands at %" PRIu64
                                ", below it (%" PRIu64
                                "): another counter, or its TPM's state was put back",
                                o->count, p->baseline);
        else if (!o->covered)
                verdict_refute(v, CLAIM_UNTOUCHED,
                                "since the baseline (count %" PRIu64
                                "): the history begins at %" PRIu64 ", after it",
                                p->baseline, o->first);
        else if (o->left_out_since > 0)
                verdict_refute(v, CLAIM_UNTOUCHED,
                                "since the baseline (count %" PRIu64
                                "): the counter moved without a record, %" PRIu64 " time%s",
                                p->baseline, o->left_out_since, o->left_out_since == 1 ? "" : "s");
        else
                return false;
        return true;
}

/* An opening of before it slept is one of this boot. */
static void state_boot(const Story *s, const Openings *o, char into[STATEMENT_MAX]) {
        size_t n = 0;

        if (s->opened == 0 && o->opened_resumed == 0)
                (void) snprintf(into, STATEMENT_MAX, "this boot: no break-glass entry");
        if (s->opened > 0)
                n = (size_t) snprintf(into, STATEMENT_MAX,
                                "this boot: opened %u time%s, first as %s (record %" PRIu64 ")",
                                s->opened, s->opened == 1 ? "" : "s", s->first_opened,
                                s->first_opened_seq);
        if (o->opened_resumed > 0)
                (void) snprintf(into + n, STATEMENT_MAX - n,
                                "%s opened %" PRIu64
                                " time%s before the TPM was reset under it (hibernation), first as %s",
                                n > 0 ? ", and" : "this boot:", o->opened_resumed,
                                o->opened_resumed == 1 ? "" : "s", o->first_resumed);
}

static void state_since(const Openings *o, const Policy *p, char into[STATEMENT_MAX]) {
        if (!p->has_baseline && !o->has_counter)
                (void) snprintf(into, STATEMENT_MAX, "earlier boots: not judged");
        else if (!p->has_baseline)
                (void) snprintf(into, STATEMENT_MAX,
                                "earlier boots: not judged, as policy names no baseline (the counter stands at %" PRIu64
                                ")",
                                o->count);
        else if (o->opened_since == 0)
                (void) snprintf(into, STATEMENT_MAX,
                                "since the baseline (count %" PRIu64 "): none either", p->baseline);
        else
                (void) snprintf(into, STATEMENT_MAX,
                                "since the baseline (count %" PRIu64 "): opened %" PRIu64
                                " time%s, first as %s",
                                p->baseline, o->opened_since, o->opened_since == 1 ? "" : "s",
                                o->first_since);
}

static void excuse(uint32_t kinds, const Question *q, Verdict *v) {
        char place[POLICY_SAID_MAX], by[POLICY_SAID_MAX + 16];
        PolicyPlace allowed = {};

        for (unsigned i = 0; i < EVENT_KINDS; i++)
                if (kinds >> i & 1)
                        allowed = q->policy->allowed_by[i];
        if (kinds == 0 || (kinds & ~q->policy->allowed_kinds) != 0)
                return;
        policy_say(allowed, place, sizeof(place));
        (void) snprintf(by, sizeof(by), "%s, [Glass] Allow=", place);
        verdict_excuse(v, CLAIM_UNTOUCHED, by);
}

void judge_untouched(const Story *s, const Openings *o, const Question *q, Verdict *v) {
        char boot[STATEMENT_MAX], since[STATEMENT_MAX];

        if (refute_what_is_unknown(s, o, v) || refute_what_is_not_covered(o, q->policy, v))
                return;
        state_boot(s, o, boot);
        state_since(o, q->policy, since);
        if (s->opened == 0 && o->opened_resumed == 0 && o->opened_since == 0) {
                verdict_prove(v, CLAIM_UNTOUCHED, "%s; %s", boot, since);
                return;
        }
        verdict_refute(v, CLAIM_UNTOUCHED, "%s; %s", boot, since);
        excuse(s->opened_kinds | o->kinds_resumed | o->kinds_since, q, v);
}
