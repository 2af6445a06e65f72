/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/appraise.h"
#include "verify/pcrlock.h"
#include "verify/vouched.h"

/* Reference values beside release leaves: evidence of a machine that is as it should be ("golden"),
 * and components of systemd-pcrlock. They are alternatives: what one of them vouches for is
 * vouched for, and each verdict says which one it was. They are as true as where they came from:
 * believed because whoever judges handed them over.
 *
 * Golden evidence vouches for firmware where the firmware's own code, its option ROMs and Secure
 * Boot with its keys were measured the same (PCRs 0, 2, 7), and for the kernel where what was
 * started and what came with it were (PCRs 4, 11, 12, 13). What differs from machine to machine of
 * one kind (settings, partition tables: PCRs 1, 3, 5, 6) it does not speak of. */

typedef struct Golden {
        char name[NAME_TEXT_MAX + 1];
        Judgement judgement; /* owned */
} Golden;

typedef struct References {
        Golden *golden; /* owned */
        size_t n_golden;
        Pcrlock pcrlock;
} References;

/* Takes golden evidence. -EBADMSG where its signature does not hold, or its logs do not replay:
 * then there is nothing that it could vouch for. */
int references_add_golden(References *r, const char *path, Span evidence, Err *e) _must_check_;
void references_done(References *r);

/* To be asked when the logs are in the replay; without references nothing is asked. */
int references_judge(const References *r, const Judgement *j, Vouchers *ret, Err *e) _must_check_;
