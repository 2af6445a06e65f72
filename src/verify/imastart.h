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
