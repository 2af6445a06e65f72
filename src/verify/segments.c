/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/segments.h"

#include <errno.h>

static bool is_genesis(Span line) {
        Record r;

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

static const Digest *value_of(const Chain *c, HashAlg alg) {
        for (size_t i = 0; i < c->n_banks; i++)
                if (c->now[i].alg == alg)
                        return &c->now[i];
        return NULL;
}

static bool starts_at_reset(const Chain *c) {
        for (size_t i = 0; i < c->n_banks; i++)
                if (!pcr_at_reset(c->reg.index, &c->start[i]))
                        return false;
        return true;
}

/* In every bank that the later one has. */
static bool starts_where_it_ended(const Chain *earlier, const Chain *c) {
        for (size_t i = 0; i < c->n_banks; i++) {
                const Digest *ended = value_of(earlier, c->start[i].alg);

                if (!ended || !digest_equal(ended, &c->start[i]))
                        return false;
        }
        return earlier->reg.kind == c->reg.kind && earlier->reg.index == c->reg.index;
}

void judge_join(const Chain *earlier, const Chain *c, const Question *q, Verdict *v) {
        if (c->broken)
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log itself says that somebody else extended pcr:%u (phase.broken)",
                                c->reg.index);
        if (earlier && !starts_where_it_ended(earlier, c))
                verdict_refute(v, CLAIM_REGISTERS,
                                "a segment of the log does not begin at the value of pcr:%u that the one before it leads to",
                                c->reg.index);
        if (!earlier && !q->policy->any_start && !starts_at_reset(c))
                verdict_refute(v, CLAIM_REGISTERS,
                                "the log begins when pcr:%u was not zero any more, and what came before it is not in the evidence",
                                c->reg.index);
}
