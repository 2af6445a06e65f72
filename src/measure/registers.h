/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/chain.h"
#include "measure/plan.h"
#include "port/tpm.h"

/* The registers of a segment, as the TPM has them: which banks they have, what they hold, and one
 * more digest into each bank. */

/* What registers hold, in the order of a chain's strands and of their banks. */
typedef struct Found {
        Digest values[REGISTERS_MAX][BANKS_MAX];
        bool gone[REGISTERS_MAX];  /* an NV index that was removed, or is another one now */
        bool blank[REGISTERS_MAX]; /* one into which nothing was extended since the TPM started */
} Found;

/* tpm is NULL where the machine has none. Then the chain has one strand, which is in no register
 * and has no bank; reading it and extending it succeeds, and does nothing. */

/* A chain that has begun nothing yet: the plan's registers, the genesis's first, in the banks that
 * we can extend, in ascending order, each with what it holds now as its start. skipped: banks whose
 * hash is unknown. missing: NV indices of the plan that the TPM does not have. -EOPNOTSUPP where no
 * bank is left that proves anything; -EADDRINUSE where a PCR is not at its reset value and
 * may_be_used is false: e names it. */
typedef struct Beginning {
        Chain chain;
        bool unmeasured; /* this boot was recorded before, when there was no TPM */
        const char *why; /* a genesis is written: "boot", "kexec" or "resume" */
        uint16_t skipped[BANKS_MAX];
        size_t n_skipped;
        uint32_t missing[REGISTERS_MAX];
        size_t n_missing;
} Beginning;

int registers_begin(
                Tpm *tpm, const Plan *plan, bool may_be_used, Beginning *ret, Err *e) _must_check_;

/* Blinds the NV indices that the chain begins with, so that their start is a value that cannot be
 * reached again. One that goes on from an earlier segment (a PCR is in use, and so is the index) is
 * left as it is: its value there proves where that one ended. One that cannot be blinded is missing
 * from then on, which keeps nobody from recording. */
void registers_blind(Tpm *tpm, Beginning *b);

/* True where the chain has the registers of the plan and no others; an NV index may be missing, for
 * one that is anchored in no genesis of this boot proves nothing. */
bool registers_fit(const Chain *c, const Plan *plan);

/* Where the records of a lane go: into its own register, or, where that is missing, into the
 * genesis's. */
Register registers_lane(const Chain *c, const Plan *plan, Lane lane);

/* All PCRs with one command, and each NV index with two. */
int registers_read(Tpm *tpm, const Chain *c, Found *ret, Err *e) _must_check_;

/* One register in all its banks with one command. */
int register_extend(Tpm *tpm, const Strand *s, const Digest *digests, Err *e) _must_check_;
