/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"

/* A real TPM, as tpm_open() has it, that can also seal: tpm_seal(), tpm_policy() and tpm_unseal()
 * are for a TPM that was opened here. In a file of its own because it brings libtss2's enhanced API
 * and OpenSSL along. */
int tpm_open_sealing(const char *tcti, unsigned patience, Tpm **ret, Err *e) _must_check_;
