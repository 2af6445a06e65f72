/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "wire/history.h"
#include "wire/tpmkey.h"

/* Receipts: TPM2_NV_Certify of the odometer's counter while it stands at a value that never comes
 * back, over the hash of what was recorded then. */

/* What the TPM signs beside the counter: SHA-256("avouch-glass/v1" || 0x00 || content). */
int receipt_qualifying(Span content, Digest *ret, Err *e) _must_check_;

/* The Name that the counter of avouch-evidence(5) has once it was incremented. It is the same on
 * every TPM. */
int receipt_counter_name(uint8_t ret[TPM_NAME_SHA256], Err *e) _must_check_;

/* 1 where attest says that the counter stood at this value, over this content; 0, and the reason in
 * why, where it says something else. Who signed it is not asked. */
int receipt_says(Span attest, Span content, uint64_t value, Err *why, Err *e) _must_check_;

/* 1 where the line's receipt is one: it says so, and this key signed it. 0, and the reason in why,
 * where not. Negative only where it could not be judged (no memory). */
int receipt_judge(const HistoryLine *l, const TpmPublic *ak, Err *why, Err *e) _must_check_;
