/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/crypto.h"
#include "wire/tpmkey.h"

/* What a key of a TPM signed: an attestation, or a receipt. */

/* The key by its numbers, which are borrowed from its public area. */
PublicKey signed_key(const TpmPublic *key);

/* Whether this key signed these bytes, with its own scheme and hash. Negative only where that could
 * not be judged. */
int signed_by(const TpmPublic *key, Span bytes, const TpmSignature *s, bool *ret_holds,
                Err *e) _must_check_;
