/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"

/* The odometer's counter in the TPM (avouch-evidence(5)): NV index 0x01806176, which only ever
 * goes up. */

typedef struct Counter {
        bool written; /* it has a value */
        uint64_t value;
} Counter;

/* 1 where the counter is there, 0 where there is no such index; -EBADMSG where something else has
 * its place, and e says what. Reads only. */
int counter_state(Tpm *t, Counter *ret, Err *e) _must_check_;

/* Defines the counter where there is none, and gives it its first value: 1 where it had to, 0 where
 * it was ready. Not for early boot: NV space is scarce, and writing it is slow. -ENOSPC where the
 * TPM has no room. */
int counter_define(Tpm *t, Counter *ret, Err *e) _must_check_;

/* One step up. Where the TPM's answer is lost, the counter is read to learn whether it was made. */
int counter_raise(Tpm *t, Counter *c, Err *e) _must_check_;
