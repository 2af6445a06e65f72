/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/segments.h"

#include <errno.h>

static bool is_genesis(Span line) {
        Record r = {};

        return record_parse(line, &r, NULL) == 0 && r.content.event == EVENT_PHASE_GENESIS;
}

int segment_cut(Span *rest, Span *ret, Err *e) {
        Span at = *rest, behind = *rest, line;
        bool begun = false;
        int rc;

        while ((rc = record_next_line(&behind, &line, e)) > 0) {
                if (begun && is_genesis(line))
                        break;
                begun = true;
                at = behind;
        }
        if (rc < 0)
                return rc;
        *ret = (Span){ rest->data, rest->size - at.size };
        *rest = at;
        return begun;
}

static const Digest *value_of(const Strand *s, HashAlg alg) {
        for (size_t i = 0; i < s->n_banks; i++)
                if (s->now[i].alg == alg)
                        return &s->now[i];
        return NULL;
}

/* In every bank that the later one has. */
static bool starts_where_it_ended(const Strand *earlier, const Strand *s) {
        for (size_t i = 0; i < s->n_banks; i++) {
                const Digest *ended = value_of(earlier, s->start[i].alg);

                if (!ended || !digest_equal(ended, &s->start[i]))
                        return false;
        }
        return true;
}

static void judge_strand(const Chain *earlier, const Strand *s, const Question *q, Verdict *v) {
        const Strand *before = earlier ? chain_strand(earlier, s->reg) : NULL;

        if (before && !starts_where_it_ended(before, s))
                verdict_refute(v, CLAIM_REGISTERS,
                                "a segment of the log does not begin at the value of %s that the one before it leads to",
                                register_name(s->reg).text);
        /* what it held then is known to whoever began that segment, unless the machine had just
         * started */
        if (!before && earlier && s->reg.kind == REGISTER_NV)
                verdict_refute(v, CLAIM_REGISTERS,
                                "%s came into the log after it had begun: what it held then may be known, and filled in again",
                                register_name(s->reg).text);
        if (!before && !q->policy->any_start && !strand_starts_at_reset(s))
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log begins when %s was not zero any more, and what came before it is not in the evidence: a log that was taken away, that of a kernel which started this one (kexec), or somebody else's extends",
                                register_name(s->reg).text);
}

void judge_join(const Chain *earlier, const Chain *c, const Question *q, Verdict *v) {
        if (c->broken)
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log itself says that somebody else extended a register of it (phase.broken)");
        for (size_t i = 0; i < c->n_strands; i++)
                judge_strand(earlier, &c->strands[i], q, v);
        /* or nothing would be left that shows how it ended there */
        for (size_t i = 0; earlier && i < earlier->n_strands; i++)
                if (!chain_strand(c, earlier->strands[i].reg))
                        verdict_refute(v, CLAIM_REGISTERS,
                                        "an earlier segment of the log has records in %s, and this one has none",
                                        register_name(earlier->strands[i].reg).text);
}
