/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/late.h"

#include "measure/glasscount.h"

static bool shows(const Found *f, const Chain *c) {
        for (size_t i = 0; i < c->n_strands; i++)
                if (f->gone[i] || f->blank[i] ||
                                !strand_values_equal(
                                                &c->strands[i], f->values[i], c->strands[i].now))
                        return false;
        return c->next_seq > 0;
}

/* True where the registers hold what the log leads to before a record behind which all others may
 * wait; ret begins with it. */
static bool find_first(Span log, const Found *f, Segment *ret) {
        Segment s = segment_over(log), before = s;
        bool is_there = false;
        Record r;

        for (; segment_next(&s, &r, NULL) > 0; before = s) {
                is_there = is_there && glass_may_wait(&r.content);
                if (!shows(f, &before.chain))
                        continue;
                *ret = before;
                is_there = true;
        }
        return is_there;
}

int late_extend(Tpm *tpm, Span log, const Chain *end, Found *found, Err *e) {
        const Chain *c;
        Segment s;
        Record r;
        int rc = 0;

        if (!find_first(log, found, &s))
                return 0;
        c = &s.chain;
        while (c->next_seq < end->next_seq && (rc = segment_next(&s, &r, e)) > 0) {
                rc = register_extend(tpm, &c->strands[c->last_at], c->last, e);
                if (rc < 0)
                        return rc;
        }
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < end->n_strands; i++)
                memcpy(found->values[i], end->strands[i].now, sizeof(found->values[i]));
        return 1;
}
