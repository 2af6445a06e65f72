/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"
#include "wire/limits.h"

/* The attestation key, made once a boot: making it anew for each quote takes a chip long, with RSA
 * seconds. What the TPM hands out of it is kept in a file, from which the next program gives it
 * back.
 *
 * The file is a hint and nothing else. It is of no use after a reset or a clear of the TPM, and may
 * be old, torn, another TPM's or somebody's invention: whatever does not lead to a key that is as
 * ours must be (tpm_key_load()) costs a command or two, and the key is made as if there were no
 * file. Only one that root had this TPM make for the purpose, with another "unique", is not told
 * apart. It signs what is true, as the real one does, and nobody who verifies knows it. */

#define AK_FILE_ECC "ak-ecc.context"
#define AK_FILE_RSA "ak-rsa.context"

/* As tpm_key(). Where the TPM is busy or hung, that is said at once, and nothing is asked of it
 * twice. */
int ak_begin(Tpm *tpm, TpmAkType type, Buf *public, Err *e) _must_check_;
