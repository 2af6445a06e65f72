/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/pcr.h"
#include "wire/limits.h"

/* A sealed secret (avouch-seal(1)): lines "key SP value LF" in a fixed order, one spelling only.
 *
 *      avouch/sealed/v1
 *      id HEX                  32 random bytes: what an approval is for
 *      key HEX                 x and y of the P-256 key that approves
 *      pcrs sha256:7           which PCRs, as pcr_selection_text() writes it; not none
 *      pcr-digest HEX          SHA-256 of their values
 *      count N                 both or none: up to which count of the odometer it opens, and r and
 * s signature HEX           of the key's ECDSA signature for that public HEX              the
 * sealed object: TPMT_PUBLIC private HEX             and the contents of its TPM2B_PRIVATE nonce
 * HEX               all three or none: AES-256-GCM where the object holds a key only tag HEX data
 * HEX
 *
 * Whether anything of this is true is for the TPM to say, and for measure/sealpolicy. */

enum { SEALED_ID = 32, SEALED_NUMBER = 32, SEALED_NONCE = 12, SEALED_TAG = 16 };

typedef struct Sealed {
        uint8_t id[SEALED_ID];
        uint8_t x[SEALED_NUMBER], y[SEALED_NUMBER];
        PcrSelection pcrs;
        Digest pcr_digest;
        bool approved;
        uint64_t count;
        uint8_t r[SEALED_NUMBER], s[SEALED_NUMBER];
        uint8_t public[SEALED_PUBLIC_MAX], private[SEALED_PRIVATE_MAX];
        size_t public_size, private_size;
        bool has_data;
        uint8_t nonce[SEALED_NONCE], tag[SEALED_TAG];
        Span data; /* still hex, of bytes that are not none; borrows from the text */
} Sealed;

/* Refuses any other spelling, keys out of order or twice. */
int sealed_parse(Span text, Sealed *ret, Err *e) _must_check_;

/* Writes the whole text. What sealed_parse() would not read is not written: the Buf fails with
 * -EINVAL then. */
void sealed_write(const Sealed *s, Buf *to);
