/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/phase.h"

#include <stdio.h>

#include "verify/bootrow.h"

/* What the boot went through so far. */
typedef struct Gone {
        BootWay way;
        uint32_t reached; /* by the kernel that came last: a bit per systemd_phases */
        unsigned n;
        char text[SHOWN_PHASES_MAX];
} Gone;

/* The phase of a name; where there is none, behind the last. */
static unsigned phase_of(Span name) {
        unsigned phase = 0;

        while (systemd_phases[phase] && !span_is(name, systemd_phases[phase]))
                phase++;
        return phase;
}

static void step(Gone *g, Span name, const SystemdPolicy *p, Verdict *v) {
        unsigned phase = phase_of(name), boots = g->way.n_boots;
        size_t n = strlen(g->text);

        if (!boot_way_step(&g->way, name))
                verdict_refute(v, CLAIM_PHASE,
                                "\"%.*s\" stands where no boot of systemd's goes (%s)",
                                (int) name.size, (const char *) name.data,
                                g->n > 0 ? g->text : "at the beginning");
        if (!(p->allowed_phases >> phase & 1))
                verdict_refute(v, CLAIM_PHASE,
                                "the machine went into \"%.*s\", which policy does not allow",
                                (int) name.size, (const char *) name.data);
        if (g->way.n_boots != boots)
                g->reached = 0;
        g->reached |= UINT32_C(1) << phase;
        (void) snprintf(g->text + n, sizeof(g->text) - n, "%s%.*s", n > 0 ? ", " : "",
                        (int) name.size, (const char *) name.data);
        g->n++;
}

static void take_told(const SystemdStory *s, const SystemdPolicy *p, Gone *g, Verdict *v) {
        for (size_t i = 0; i < s->n_phases; i++)
                if (systemd_covers_pcr(s, PCR_PHASES, s->phases[i].algs))
                        step(g, span_of(systemd_phases[s->phases[i].phase]), p, v);
        if (g->n == 0)
                return;
        if (s->strange[PCR_PHASES] != 0)
                verdict_refute(v, CLAIM_PHASE,
                                "record %zu of systemd's log put something into pcr:11 that is no phase",
                                s->strange[PCR_PHASES] - 1);
        if (s->more_phases)
                verdict_refute(v, CLAIM_PHASE, "more than %d phases", STORY_PHASES_MAX);
}

/* Phases that were found by trying are in the register, where that is signed. */
static void take_guessed(const Explained *x, const SystemdPolicy *p, Gone *g, Verdict *v) {
        Span rest = span_of(x->phases);

        if (x->n_boots == 0 || !verdict_proven(v, CLAIM_SIGNATURE) ||
                        !explained_anywhere(x, &x->which, PCR_PHASES))
                return;
        while (rest.size > 0) {
                const uint8_t *colon = memchr(rest.data, ':', rest.size);
                size_t n = colon ? (size_t) (colon - rest.data) : rest.size;

                step(g, (Span){ rest.data, n }, p, v);
                rest = span_from(rest, colon ? n + 1 : n);
        }
}

void judge_phase(const SystemdStory *systemd, const Explained *x, bool kexec, const Question *q,
                Verdict *v) {
        const SystemdPolicy *p = &q->policy->systemd;
        Gone g = {};

        if (systemd->has_log)
                take_told(systemd, p, &g, v);
        else if (x)
                take_guessed(x, p, &g, v);
        if (g.n == 0) {
                verdict_leave(v, CLAIM_PHASE,
                                "no proven record tells of a phase (systemd measures them into pcr:11 where a unified kernel image started)");
                return;
        }
        if (g.way.n_boots > 1 && !kexec)
                verdict_refute(v, CLAIM_PHASE,
                                "these are the phases of %u boots, and the log has no kernel that another one started: %s",
                                g.way.n_boots, g.text);
        if (p->has_reached && !(g.reached >> p->reached & 1))
                verdict_refute(v, CLAIM_PHASE, "the boot did not come to \"%s\": %s",
                                systemd_phases[p->reached], g.text);
        verdict_prove(v, CLAIM_PHASE, "the boot went through %s", g.text);
        if (g.way.n_soft > 0 && verdict_proven(v, CLAIM_PHASE))
                verdict_remark(v, CLAIM_PHASE, "user space was started anew %u times (soft-reboot)",
                                g.way.n_soft);
}
