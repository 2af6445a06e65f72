/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <tss2/tss2_tcti.h>

#include "base/span.h"

/* The line to a TPM, as a TCTI: what libtss2's layers speak through. It never waits longer for an
 * answer than it was told, whatever they ask for.
 *
 * Devices and swtpm's sockets are spoken to by ourselves, all others through libtss2's TCTI loader.
 * For libtss2's own TCTIs are not what a program needs that sends two commands and ends: that for
 * devices sends one more at each opening (TPM2_GetRandom, to learn how the device answers), that
 * for swtpm waits for ever, and looking for either costs as much as a command does. */
typedef struct Line Line;

/* name: as tpm2-tools has it. patience: milliseconds for an answer. */
TSS2_RC line_open(const char *name, unsigned patience, Line **ret);

TSS2_TCTI_CONTEXT *line_tcti(Line *l);

/* The next command may take this long. */
void line_wait(Line *l, unsigned patience);

/* True where an answer was waited for in vain. The TPM may be at that command still: such a line is
 * of no use any more. */
bool line_is_silent(const Line *l);

/* Owner's. A device that is silent stays open until the process ends: the kernel would not let go
 * of it before it has its answer. */
void line_close(Line **l);
