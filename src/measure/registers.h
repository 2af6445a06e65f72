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
} Found;

/* A chain that has begun nothing yet: the plan's registers, the genesis's first, in the banks that
 * we can extend, in ascending order, each with what it holds now as its start. skipped: banks whose
 * hash is unknown. -EOPNOTSUPP where no bank is left that proves anything; -EBUSY where a register
 * is not at its reset value and may_be_used is false: e names it. */
typedef struct Beginning {
        Chain chain;
        uint16_t skipped[BANKS_MAX];
        size_t n_skipped;
} Beginning;

int registers_begin(
                Tpm *tpm, const Plan *plan, bool may_be_used, Beginning *ret, Err *e) _must_check_;

/* True where the chain has exactly the registers of the plan. */
bool registers_fit(const Chain *c, const Plan *plan);

/* All PCRs with one command. */
int registers_read(Tpm *tpm, const Chain *c, Found *ret, Err *e) _must_check_;

/* One register in all its banks with one command. */
int register_extend(Tpm *tpm, const Strand *s, const Digest *digests, Err *e) _must_check_;
