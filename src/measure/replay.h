/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/registers.h"

/* A log against the live TPM: does each of its registers hold what its records lead to, and if not,
 * from which record on? */

typedef struct ReplayedStrand {
        bool gone;          /* it is an NV index that is not there any more: it shows nothing */
        bool shows_all;     /* the register holds what the last of its records leads to */
        bool shows_some;    /* it holds what an earlier one leads to, or the start */
        uint64_t first_seq; /* not shows_all: the first record that it does not show */
        uint64_t n_records; /* of this register */
} ReplayedStrand;

typedef struct Replayed {
        Chain chain;
        Found found;
        ReplayedStrand strands[REGISTERS_MAX];
} Replayed;

/* Of a log that was begun without a TPM nothing is shown, and none is asked: tpm may be NULL.
 *
 * The log holds as far as chain goes, which segment_next() has said before. */
int replay(Tpm *tpm, Span log, const Chain *chain, Replayed *ret, Err *e) _must_check_;

/* True where every register shows all. */
bool replay_matches(const Replayed *r);
