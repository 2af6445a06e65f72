/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/evidence.h"
#include "verify/firmware.h"
#include "verify/verdict.h"

/* Which quoted registers the firmware's log explains: those to whose value it replays, followed by
 * words that systemd is known to measure where systemd keeps no log of its own (252 to 254): the
 * phases of a boot in PCR 11, and from 261 on "os-separator". */

enum { SHOWN_PHASES_MAX = 128 };

typedef struct Explained {
        bool has_log;
        FirmwareReplay replay;
        PcrSelection which;   /* the banks of the quote, and in each the PCRs that are explained */
        PcrSelection differs; /* and those that have events, and do not replay */
        char phases[SHOWN_PHASES_MAX]; /* that PCR 11 shows: "enter-initrd:leave-initrd"; ":" for
                                          none */
        char wrong[ERR_TEXT_MAX];      /* why the log explains nothing; "": it is well-formed */
} Explained;

/* 0 whatever the log is; negative only where it could not be judged. */
int explain(const Evidence *ev, Explained *ret, Err *e) _must_check_;

/* What the claim registers has to say of it. */
void judge_explained(const Explained *x, Verdict *v);
