/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"

/* What pinning this key would make of the verdict: "key" is required though no policy knows it yet.
 */
static bool is_shown(const Verdict *v, Claim claim) {
        return claim == CLAIM_KEY || claim == CLAIM_FRESH || verdict_proven(v, claim);
}

/* The guard that all NvPCRs of this machine have, each of which is proven. */
static void suggest_nv_policy(const SystemdStory *s, FILE *to) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(2 * DIGEST_MAX);

        for (size_t i = 0; i < s->n_nv; i++)
                if (s->nv[i].fault || !span_equal(s->nv[i].policy, s->nv[0].policy))
                        return;
        if (s->n_nv == 0)
                return;
        text_hex(&hex, s->nv[0].policy);
        fprintf(to, "NvPolicy=");
        text_print(to, buf_span(&hex));
        fprintf(to, "\n");
}

static void suggest_registers(const Chain *c, FILE *to) {
        for (size_t i = 0; i < c->n_strands; i++)
                fprintf(to, "Register=pcr:%u\n", c->strands[i].reg.index);
        fprintf(to, "Start=zero\n");
}

int report_suggest(const Judgement *j, FILE *to, Err *e) {
        _cleanup_(buf_done) Buf ak = BUF_UP_TO(128);

        if (!(j->readable || j->report.readable) || !verdict_proven(&j->verdict, CLAIM_SIGNATURE))
                return err_set(e, -EBADMSG, "no policy can be suggested: %s",
                                j->verdict.reasons[CLAIM_SIGNATURE]);
        text_hex(&ak, j->report.readable ? (Span){ j->report.ak_name, j->report.ak_name_size }
                                         : (Span){ j->evidence.ak_name,
                                                           sizeof(j->evidence.ak_name) });
        fprintf(to, "# Suggested from evidence of a machine that is trusted as it stands: read it before you use\n"
                    "# it. It pins that machine's key and requires what its evidence proves.\n"
                    "[Machine]\nAttestationKey=");
        text_print(to, buf_span(&ak));
        fprintf(to, "\n");
        if (j->readable && verdict_proven(&j->verdict, CLAIM_REGISTERS))
                suggest_registers(&j->story.segment.chain, to);
        suggest_nv_policy(&j->systemd, to);
        fprintf(to, "\n[Verdict]\nRequire=");
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                if (is_shown(&j->verdict, claim))
                        fprintf(to, "%s%s", claim == 0 ? "" : " ", claim_name(claim));
        fprintf(to, "\n");
        if (j->openings.has_counter && j->openings.fault[0] == '\0')
                fprintf(to, "\n[Glass]\nBaseline=%" PRIu64 "\n", j->openings.count);
        return 0;
}
