/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/registers.h"

/* What was recorded while the TPM did not answer. Openings by hand, and keys that were
 * tried before one, stand in the log all the same then, uncounted, behind one another at its end;
 * before them, at the most, the one record in whose middle the TPM fell silent. When it answers
 * again, they go into their registers. */

/* end: what the log leads to; found: what the registers hold. 1 where that is what the log led to
 * before records of this kind: they were extended, in their order, and found is what end says. 0
 * where it is not, and nothing was done. Where it fails in between, the next call goes on. */
int late_extend(Tpm *tpm, Span log, const Chain *end, Found *found, Err *e) _must_check_;
