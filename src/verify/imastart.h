/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/pcr.h"

/* What IMA, Linux' integrity subsystem, extends PCR 10 with when the kernel starts:
 * "boot_aggregate", a hash over PCRs 0 to 9 as they stand then. Where no policy has it measure
 * more, as in the kernels of distributions, PCR 10 follows from the firmware's log. */

/* Whether a PCR 10 holds that and nothing else. firmware: all registers after the firmware's log,
 * in each of its banks. */
int ima_start_is(const PcrValues *firmware, const Digest *quoted, bool *ret, Err *e) _must_check_;

/* How the beginning of IMA's list stands to that. */
typedef enum ImaStart {
        IMA_START_NONE,    /* there is no boot_aggregate where it belongs */
        IMA_START_UNKNOWN, /* it is over a bank that the firmware's log does not have */
        IMA_START_FITS,    /* it is over these registers */
        IMA_START_OTHER,
} ImaStart;

/* By the list's first entry, which is over PCRs 0 to 9 of the bank of its own hash, or over PCRs 0
 * to 7 as before Linux 5.8. */
int ima_start_compare(Span list, const PcrValues *firmware, ImaStart *ret, Err *e) _must_check_;
