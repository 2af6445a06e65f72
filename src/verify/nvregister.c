/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/nvregister.h"

static const EvidenceNv *find(const Evidence *ev, uint32_t index, size_t *ret_n) {
        const EvidenceNv *found = NULL;

        *ret_n = 0;
        for (size_t i = 0; i < ev->tpm.n_nv; i++)
                if (ev->nv[i].public.index == index) {
                        found = &ev->nv[i];
                        ++*ret_n;
                }
        return found;
}

static bool holds(const EvidenceNv *n, const Digest *value) {
        return n->certified.offset == 0 && span_equal(n->certified.contents, digest_span(value));
}

void judge_nvregister(const Evidence *ev, const Chain *c, size_t at, Verdict *v) {
        const Strand *s = &c->strands[at];
        const RegisterName name = register_name(s->reg);
        const EvidenceNv *nv;
        Err why = {};
        size_t n;

        nv = find(ev, s->reg.index, &n);
        if (!nv)
                verdict_refute(v, CLAIM_REGISTERS,
                                "%s is not certified in the evidence: the TPM has no such index any more, or it was left out",
                                name.text);
        else if (n > 1)
                verdict_refute(v, CLAIM_REGISTERS, "%s is certified twice", name.text);
        else if (nv_check_register(&nv->public, &why) < 0)
                verdict_refute(v, CLAIM_REGISTERS, "%s is no register of avouch: %s", name.text,
                                why.text);
        else if (span_is_zero(digest_span(&s->start[0])))
                verdict_refute(v, CLAIM_REGISTERS,
                                "%s was not blinded when the log began: whoever removes it can fill it with the same again",
                                name.text);
        else if (holds(nv, &s->now[0]))
                return;
        else if (at == c->last_at && holds(nv, &c->before[0]))
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log's last record is not in the certified %s: the machine's next record mends what a crash left, then quote again",
                                name.text);
        else
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log does not replay to the certified %s: records are missing, added or changed, or the index was removed and filled anew",
                                name.text);
}
