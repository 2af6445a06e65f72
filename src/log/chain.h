/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "wire/record.h"

/* The hash chain over one segment of the log, and what its registers should hold.
 *
 *     prev[n]     = SHA-256(content[n - 1])              prev[0] = zeros: a genesis
 *     register[n] = H(register[n - 1] || H(content[n]))  register[-1] = its start, by the genesis
 *
 * for every bank. A phase.broken record sets its register to what was found before it is added: the
 * chain goes on, and says for ever that it was broken. Whoever holds quoted registers and the
 * records can replay both and compare. prev and seq run over all registers, so records in different
 * ones have one order, which is proven as far as any of them is. Values: copied freely, own
 * nothing.
 */

/* One register, and what the records of the segment do to it. */
typedef struct Strand {
        Register reg;
        size_t n_banks;          /* those of the genesis; of an NV index sha256 alone */
        Digest start[BANKS_MAX]; /* at the genesis; of an NV index after it was blinded */
        Digest now[BANKS_MAX];   /* after the last record was extended */
} Strand;

typedef struct Chain {
        uint64_t next_seq; /* 0: nothing was added yet */
        uint8_t prev[32];
        uint8_t boot[16];
        Strand strands[REGISTERS_MAX]; /* the first one is the genesis's own */
        size_t n_strands;
        size_t last_at;           /* the strand of the last record */
        Digest before[BANKS_MAX]; /* that strand, before the last record was extended */
        Digest last[BANKS_MAX];   /* digests of the last record */
        bool broken;              /* a phase.broken stands in the segment */
} Chain;

/* Takes one record. Refused, and nothing changes: a seq or prev that does not continue the chain,
 * another boot, a register that the genesis does not name, other banks than that register's,
 * digests that are not the content's. */
int chain_add(Chain *c, const Record *r, Err *e) _must_check_;

/* The same, for who has just computed the digests of the content in the record's banks: they are
 * not computed again, only held against what the record says. */
int chain_add_known(Chain *c, const Record *r, const Digest *digests, Err *e) _must_check_;

/* The strand of a register; NULL where the genesis does not name it. Borrowed from c. */
const Strand *chain_strand(const Chain *c, Register reg);

/* False for a log that was begun without a TPM (register: none): its records are chained, but in no
 * register, so that whoever can write the file can write another one. */
static inline bool chain_has_register(const Chain *c) {
        return c->n_strands > 0 && c->strands[0].reg.kind != REGISTER_NONE;
}

/* A register's name, "pcr:8", "nv:0x01800400" or "none", for reasons. */
typedef struct RegisterName {
        char text[16];
} RegisterName;

RegisterName register_name(Register reg);

/* True where its PCR was at its reset value when the segment began, in every bank. Of an NV index
 * this is not known: it begins with a random number. Of none it is false: nothing shows it. */
bool strand_starts_at_reset(const Strand *s);

/* True where values (as many as the strand has banks, in its order) equal these. */
bool strand_values_equal(const Strand *s, const Digest *a, const Digest *b);

/* The digests of a content in the strand's banks, into ret[BANKS_MAX]. */
int strand_digests(const Strand *s, Span content, Digest *ret, Err *e) _must_check_;

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
