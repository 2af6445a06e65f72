/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/limits.h"

/* A TPM's public keys and signatures: TPMT_PUBLIC (TPM 2.0 Library, Part 2, section 12.2.4) and
 * TPMT_SIGNATURE (section 11.3.4), big-endian, without size prefix. Only what an attestation key
 * can be is taken: RSA with RSASSA, or ECC with ECDSA; the hash must be one that proves. Spans
 * borrow. */

/* TPMA_OBJECT (Part 2, section 8.3) */
enum {
        TPM_FIXED_TPM = 1u << 1,
        TPM_ST_CLEAR = 1u << 2,
        TPM_FIXED_PARENT = 1u << 4,
        TPM_SENSITIVE_DATA_ORIGIN = 1u << 5,
        TPM_USER_WITH_AUTH = 1u << 6,
        TPM_ADMIN_WITH_POLICY = 1u << 7,
        TPM_NO_DA = 1u << 10,
        TPM_RESTRICTED = 1u << 16,
        TPM_DECRYPT = 1u << 17,
        TPM_SIGN = 1u << 18,
};

typedef enum TpmKeyType { TPM_KEY_NONE, TPM_KEY_RSA = 0x0001, TPM_KEY_ECC = 0x0023 } TpmKeyType;

typedef enum TpmScheme {
        TPM_SCHEME_NONE,
        TPM_SCHEME_RSASSA = 0x0014,
        TPM_SCHEME_ECDSA = 0x0018
} TpmScheme;

typedef enum TpmCurve { TPM_CURVE_NONE, TPM_CURVE_P256 = 0x0003, TPM_CURVE_P384 = 0x0004 } TpmCurve;

typedef struct TpmPublic {
        TpmKeyType type;
        HashAlg name_alg; /* SHA-256, or SHA-384 as systemd's own keys have it */
        uint32_t attributes;
        Span policy;
        TpmScheme scheme;
        HashAlg hash;
        Span modulus;      /* RSA, big-endian */
        uint16_t bits;     /* RSA: 2048, 3072 or 4096, and the modulus has as many */
        uint32_t exponent; /* RSA, with the TPM's 0 resolved to 65537 */
        TpmCurve curve;    /* ECC */
        Span x, y;         /* ECC, as long as the curve's numbers or shorter */
        Span bytes;        /* the whole TPMT_PUBLIC, for its Name */
} TpmPublic;

int tpm_public_parse(Span bytes, TpmPublic *ret, Err *e) _must_check_;

typedef struct TpmSignature {
        TpmScheme scheme;
        HashAlg hash;
        Span rsa;  /* RSASSA */
        Span r, s; /* ECDSA */
} TpmSignature;

int tpm_signature_parse(Span bytes, TpmSignature *ret, Err *e) _must_check_;

/* The 34 bytes of a Name: nameAlg and the digest of the TPMT_PUBLIC, which the caller computed
 * (Part 1, section 16). */
enum { TPM_NAME_SHA256 = 34 };
void tpm_name(const Digest *of_public, uint8_t ret[TPM_NAME_SHA256]);
