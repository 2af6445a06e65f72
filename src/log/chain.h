/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "wire/record.h"

/* The hash chain over one segment of the log, and what its register should hold.
 *
 *     prev[n]     = SHA-256(content[n - 1])              prev[0] = zeros: a genesis
 *     register[n] = H(register[n - 1] || H(content[n]))  register[-1] = "start" of the genesis
 *
 * for every bank. A phase.broken record sets the register to what was found before it is added: the
 * chain goes on, and says for ever that it was broken. Whoever holds a quoted register and the
 * records can replay both and compare. A value: copied freely, owns nothing. */
typedef struct Chain {
        uint64_t next_seq; /* 0: nothing was added yet */
        uint8_t prev[32];
        uint8_t boot[16];
        Register reg;
        size_t n_banks;
        Digest start[BANKS_MAX];  /* before the genesis */
        Digest before[BANKS_MAX]; /* before the last record was extended */
        Digest last[BANKS_MAX];   /* digests of the last record */
        Digest now[BANKS_MAX];    /* after the last record was extended */
        bool broken;              /* a phase.broken stands in the segment */
} Chain;

/* Takes one record. Refused, and nothing changes: a seq or prev that does not continue the chain,
 * another boot or register, other banks than those of genesis, digests that are not the content's.
 */
int chain_add(Chain *c, const Record *r, Err *e) _must_check_;

/* True where values (as many as the chain has banks, in its order) equal these. */
bool chain_values_equal(const Chain *c, const Digest *a, const Digest *b);

/* The digests of a content in the chain's banks, into ret[BANKS_MAX]. */
int chain_digests(const Chain *c, Span content, Digest *ret, Err *e) _must_check_;

/* Reads a segment's records one after another, each checked against the chain. */
typedef struct Segment {
        Span rest;
        Chain chain;
} Segment;

static inline Segment segment_over(Span log) {
        return (Segment){ .rest = log };
}

/* 1 and a record (borrowing from the log), 0 at the end, negative for what is wrong; -ENODATA where
 * only an unfinished last line is left. e names the record. */
int segment_next(Segment *s, Record *ret, Err *e) _must_check_;
