/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/registers.h"
#include "wire/content.h"

/* What a genesis says: of the machine, of its TPM, of the registers and what they hold, and of the
 * time before. */

/* What is known of the time before this segment. Asked only where one is begun, with the log
 * locked. What cannot be learned is left out: it keeps nobody from recording. */
typedef struct Past {
        int (*history)(const struct Past *p, uint8_t ret[32]);    /* 1: SHA-256 of the last line */
        bool (*recorded)(const struct Past *p, const char *boot); /* true: a copy of a log of this
                                                                   * boot lies elsewhere */
        bool (*kexeced)(const struct Past *p); /* true: another kernel started this one */
        bool (*led_here)(const struct Past *p, const Chain *c); /* true: a copy of an earlier log
                                                                 * ends where this one starts */
} Past;

/* The members of a genesis, and all that they borrow. Not to be copied: it points into itself. */
typedef struct Genesis {
        Member members[15];
        size_t n_members;

        char name[16], banks[BANKS_MAX][16], other_names[REGISTERS_MAX][16];
        char blinded_names[REGISTERS_MAX][16], missing_names[REGISTERS_MAX][16];
        uint8_t machine[16], history[32];
        Member start[BANKS_MAX], skipped[BANKS_MAX], clock[3];
        Member other_values[REGISTERS_MAX][BANKS_MAX], others[REGISTERS_MAX];
        Member blinded[REGISTERS_MAX], missing[REGISTERS_MAX];
} Genesis;

/* tpm: NULL where there is none: its clock and counts are zeros then. past: NULL where nothing is
 * to be said of it. b, plan and past are borrowed for as long. */
int genesis_fill(Tpm *tpm, const Plan *plan, const Past *past, const Beginning *b, Genesis *g,
                Err *e) _must_check_;

/* {"sha256":hex,...} of register values; into has room for BANKS_MAX, and both are borrowed. */
Member genesis_values(const char *name, const Strand *s, const Digest *values, Member *into);

/* What a genesis said of the TPM (clock, reset, restart); -1 where it said nothing. */
int64_t genesis_tpm(const Content *genesis, const char *name);

/* The nearest number that a record can hold. A clock, ours or the TPM's, may show anything; that
 * shall keep nobody from recording. */
int64_t genesis_number(int64_t v);
