/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/store.h"
#include "port/tpm.h"

/* A process that dies at its n-th step: each call to the disk is one (support/libc), and each
 * command of its TPM: before it, and after it where it changed something and nobody was told. */

/* A TPM whose commands are steps. */
typedef struct Stepped {
        Tpm tpm;
        Tpm *real;
} Stepped;

Stepped stepped_over(Tpm *real);

/* Another process does this and dies before its n-th step, unless it has ended by then, which
 * *ret_killed tells: it says how often stepped_acknowledge() was called. act: returns 0, or what
 * fails the test. */
unsigned stepped_run(int n_steps, int (*act)(const void *with, int acknowledge), const void *with,
                bool *ret_killed);

/* What was done so far was acknowledged to whoever asked for it. */
void stepped_acknowledge(int acknowledge);

/* Asserts that the log is whole and that PCR 8 holds what it leads to, and says how many records it
 * has. */
uint64_t stepped_assert_log(Store *store, Tpm *tpm);
