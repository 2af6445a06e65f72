/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include <stdio.h>

#include "support/sdlog.h"

/* systemd's measurements on a bench, to be judged. */

typedef struct SdBench {
        SdLog l;
        Replay replay;
        Verdict verdict;
        SystemdStory story;
        uint8_t policy[32];
        size_t policy_size;
        bool is_unsigned;
} SdBench;

static inline void sd_bench_begin(SdBench *b) {
        *b = (SdBench){};
        sd_new(&b->l);
        sd_boot(&b->l);
}

static inline void sd_bench_end(SdBench *b) {
        sd_done(&b->l);
}

static inline void sd_bench_judge(SdBench *b) {
        PcrValues none = {};

        b->verdict = (Verdict){};
        b->replay = replay_begin(&b->l.pcrs.held);
        assert_int_equal(systemd_take(buf_span(&b->l.log), (Json){}, &b->verdict, &b->replay,
                                         &b->story, NULL),
                        0);
        memcpy(b->story.nv, b->l.nv, sizeof(b->story.nv));
        b->story.n_nv = b->l.n_nv;
        assert_int_equal(systemd_judge(&b->replay, b->is_unsigned ? &none : &b->l.pcrs,
                                         (Span){ b->policy, b->policy_size }, &b->verdict,
                                         &b->story, NULL),
                        0);
}

/* How many records of a kind are proven. */
static inline unsigned sd_bench_proven(const SdBench *b, SystemdKind kind) {
        _cleanup_(systemd_walk_done) SystemdWalk w = systemd_walk(&b->story);
        SystemdEntry entry;
        unsigned n = 0;

        while (systemd_walk_next(&w, &entry, NULL) > 0)
                n += systemd_proven(&b->story, &entry) == kind;
        return n;
}

static inline const char *sd_bench_fault(const SdBench *b, uint32_t index) {
        const NvPcr *nv = systemd_nv(&b->story, index);

        assert_non_null(nv);
        return nv->fault ?: "none";
}

#define assert_fault(b, index, words)                                                              \
        do {                                                                                       \
                if (!strstr(sd_bench_fault(b, index), words))                                      \
                        fail_msg("fault is '%s', not '%s'", sd_bench_fault(b, index), words);      \
        } while (0)
