/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/history.h"

/* "avouch glass history": the openings of all boots, and what the TPM says of them. */

/* The history as its files have it; no TPM is asked. No line: there is none yet. */
int glass_history_read(History *ret, Err *e) _must_check_;

/* Brings home what waits beside the log, where it would be lost when the machine stops. No TPM is
 * asked. *ret_lines: how many lines came. */
int glass_history_flush(uint64_t *ret_lines, Err *e) _must_check_;

/* Prints every line, with whether its receipt holds by the key of this TPM, and whether its counter
 * stands where the last line left it. An EXIT_ value, or negative. */
int glass_history_show(const char *tpm_option, const char *json, Err *e) _must_check_;
