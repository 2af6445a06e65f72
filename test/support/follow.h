/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <assert.h>

#include "log/chain.h"

/* Follows a log to where it ends, or to what is wrong; returns how many records were taken. */
static inline size_t follow(Span log, Chain *ret, int *ret_rc, Err *e) {
        Segment s = segment_over(log);
        size_t n = 0;
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, e)) > 0) {
                assert(r.content.seq == n);
                n++;
        }
        if (rc == 0)
                assert(s.rest.size == 0);
        *ret = s.chain;
        *ret_rc = rc;
        return n;
}
