/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include "log/chain.h"
#include "support/draftlog.h"

/* Follows a log to where it ends, or to what is wrong; returns how many records were taken. */
static inline size_t follow(Span log, Chain *ret, int *ret_rc, Err *e) {
        Segment s = segment_over(log);
        size_t n = 0;
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, e)) > 0) {
                assert_int_equal(r.content.seq, n);
                n++;
        }
        if (rc == 0)
                assert_int_equal(s.rest.size, 0);
        *ret = s.chain;
        *ret_rc = rc;
        return n;
}

static inline DraftLog good_log(void) {
        DraftLog l = draft_log();

        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        draft_log_add(&l, EVENT_LAYER_ACTIVATE, NULL);
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        draft_log_add(&l, EVENT_GLASS_OPEN, NULL);
        return l;
}
