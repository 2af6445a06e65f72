/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/json.h"
#include "wire/limits.h"

/* The signature partition of a verity image (UAPI.2, "Verity Signature"): one JSON object, padded
 * with NUL to its end. Written as systemd-repart does: rootHash, certificateFingerprint, signature.
 * Unknown members are passed over when reading, as systemd does. */
enum { VERITY_SIGNATURE_SIZE = 16384 };

typedef struct VeritySignature {
        uint8_t root_hash[32];
        bool has_unknown; /* a member of a name that is not known, and has no dot as others' own
                           * have
                           */
        bool has_fingerprint;
        uint8_t fingerprint[32]; /* SHA-256 of the certificate, DER; says who might have signed */
        Span pkcs7;              /* DER; borrowed from the Buf that was handed in */
} VeritySignature;

/* partition: its bytes, padding too; at most VERITY_SIGNATURE_MAX. The PKCS#7 is decoded and
 * appended to der. */
int verity_signature_parse(Span partition, Buf *der, VeritySignature *ret, Err *e) _must_check_;

/* Writes a whole partition of VERITY_SIGNATURE_SIZE bytes. -E2BIG where the signature is larger. */
int verity_signature_write(const VeritySignature *s, Buf *to, Err *e) _must_check_;
