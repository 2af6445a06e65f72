/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include "log/chain.h"
#include "support/world.h"

/* What the log of a world says, and whether its TPM shows that. */

/* How many whole records there are, and what they lead to; nothing in the log may be wrong. */
static inline unsigned world_follow(const World *w, Chain *ret) {
        Segment s = segment_over(buf_span(&w->log));
        unsigned n = 0;
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, NULL)) > 0)
                n++;
        assert_int_equal(rc, 0);
        *ret = s.chain;
        return n;
}

static inline bool world_log_has(const World *w, const char *text) {
        return memmem(w->log.data, w->log.size, text, strlen(text)) != NULL;
}

/* True where all PCRs of the chain hold what it leads to. */
static inline bool world_shows(const World *w, const Chain *c) {
        for (size_t at = 0; at < c->n_strands; at++)
                for (size_t i = 0; i < c->strands[at].n_banks; i++) {
                        const Digest *now = &c->strands[at].now[i];

                        if (c->strands[at].reg.kind == REGISTER_PCR &&
                                        !digest_equal(pcr_value(&w->pcrs, (uint16_t) now->alg,
                                                                      c->strands[at].reg.index),
                                                        now))
                                return false;
                }
        return true;
}
