/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/replay.h"

/* One record more of a register. */
static void take(ReplayedStrand *r, bool equal, uint64_t seq) {
        r->n_records++;
        if (equal)
                r->shows_all = r->shows_some = true;
        else if (r->shows_all || r->n_records == 1)
                r->first_seq = seq;
        if (!equal)
                r->shows_all = false;
}

/* What is in no register is shown by none. */
static bool holds(const Replayed *r, size_t at, const Digest *values) {
        const Strand *s = &r->chain.strands[at];

        return s->reg.kind != REGISTER_NONE && !r->strands[at].gone &&
               strand_values_equal(s, r->found.values[at], values);
}

int replay(Tpm *tpm, Span log, const Chain *chain, Replayed *ret, Err *e) {
        Segment s = segment_over(log);
        Record record;
        int rc;

        *ret = (Replayed){ .chain = *chain };
        rc = registers_read(tpm, chain, &ret->found, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < chain->n_strands; i++) {
                ret->strands[i].gone = ret->found.gone[i] || ret->found.blank[i];
                ret->strands[i].shows_some = ret->strands[i].shows_all =
                                holds(ret, i, chain->strands[i].start);
        }
        while (s.chain.next_seq < chain->next_seq && (rc = segment_next(&s, &record, e)) > 0) {
                const size_t at = s.chain.last_at;

                take(&ret->strands[at], holds(ret, at, s.chain.strands[at].now),
                                record.content.seq);
        }
        return rc < 0 ? rc : 0;
}

bool replay_matches(const Replayed *r) {
        for (size_t i = 0; i < r->chain.n_strands; i++)
                if (!r->strands[i].shows_all)
                        return false;
        return r->chain.n_strands > 0;
}
