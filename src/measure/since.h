/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/replay.h"

/* What became of the machine since its log began. The genesis says what TPM, counter and history
 * were then; none of them goes back on a machine that is left alone. So a log that was begun anew,
 * a history that was, a TPM that was cleared or restarted under the running system, and a chain in
 * a register that nobody reads are found on the machine itself, by whoever looks. A verifier does
 * not believe this: it finds the same by what the TPM signs. */

enum { SINCE_MAX = 16, SINCE_WORDS = 256 };

/* Each in words that stand for themselves; none: nothing was found. */
typedef struct Since {
        char found[SINCE_MAX][SINCE_WORDS];
        size_t n;
} Since;

typedef struct SinceFrom {
        Span log;                 /* that replayed is of */
        Span before;              /* the segments that lead to its start, as far as they are here */
        Span history;             /* its lines, from wherever they lie; empty where there is none */
        const Plan *plan;         /* as it is configured now; NULL where that cannot be read */
        const Replayed *replayed; /* what the registers show */
} SinceFrom;

int since_look(Tpm *tpm, const SinceFrom *from, Since *ret, Err *e) _must_check_;
