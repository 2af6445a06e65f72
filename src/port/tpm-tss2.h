/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"

/* A real TPM, through tpm2-tss (ESYS and TCTILDR, never FAPI). */

/* tcti: as tpm2-tools has it ("device:/dev/tpmrm0", "swtpm:path=/run/tpm.sock"); NULL for
 * "device:/dev/tpmrm0". No TPM command is sent here. */
int tpm_open(const char *tcti, Tpm **ret, Err *e) _must_check_;
