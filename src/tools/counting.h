/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"

/* The count of openings begins: counter and history together, by a glass.begin in this boot's log.
 * A counter alone proves nothing of a machine that was never opened, and whoever begins the history
 * later moves the counter once more. So it is done where somebody prepares the machine, and never
 * in the boot path: NV space is scarce, and some TPMs take seconds (performance: NV_DefineSpace).
 */

typedef enum CountingState {
        COUNTING_NOT,       /* there is no history */
        COUNTING_UNSETTLED, /* there is one, and the counter does not stand where it ends, or is
                               gone */
        COUNTING_AGREED,
} CountingState;

/* Reads both, and changes nothing. */
int counting_look(Tpm *tpm, CountingState *ret, Err *e) _must_check_;

typedef struct Counting {
        bool defined; /* there is a counter, and there was none */
        bool began;   /* there is a history, and there was none */
} Counting;

/* Begins what has not begun yet, and settles what a crash left of it; where both agree, nothing is
 * written, nor is the log opened. 0, too, where it cannot begin because the machine is not fit for
 * it (it has no TPM or no room for a counter in it, its configuration cannot be read, its register
 * is somebody else's): the caller's to look at. Negative where the TPM or the log fails. */
int counting_begin(const char *tpm_option, Counting *ret, Err *e) _must_check_;
