/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/* `avouch log --replay`: this machine's log against its TPM. */

/* Says on standard output, as JSON where json is set, what the registers hold and what became of
 * TPM and history since the log began: EXIT_YES where all agrees, EXIT_NO where not. */
int log_replay(const char *tpm, const char *json, Err *e) _must_check_;

/* A log that does not hold is a finding, not a failure to look: EXIT_NO, and why, on standard
 * error; other errors are handed on. */
int log_judge(int rc, const Err *why, Err *e) _must_check_;

/* -ENOENT: there is none. */
int log_missing(Err *e) _must_check_;
