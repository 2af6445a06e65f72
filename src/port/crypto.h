/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

/* Hashes, signatures over them, and random bytes: one of the doors to OpenSSL (the others are x509
 * and cms). Algorithms are fetched once per process, keys are built from their numbers. */

/* Hash of the parts, one after another. */
int hash_parts(HashAlg alg, const Span *parts, size_t n_parts, Digest *ret, Err *e) _must_check_;

/* Hash of one Span. */
int hash_bytes(HashAlg alg, Span bytes, Digest *ret, Err *e) _must_check_;

/* A hash over bytes that come piece by piece. Owner; hasher_done() may be called twice. */
typedef struct Hasher Hasher;

int hasher_new(HashAlg alg, Hasher **ret, Err *e) _must_check_;
int hasher_add(Hasher *h, Span bytes, Err *e) _must_check_;
/* Hands out the digest and begins anew. */
int hasher_end(Hasher *h, Digest *ret, Err *e) _must_check_;
void hasher_done(Hasher **h);

/* A register's next value: H(old || digest), as TPM2_PCR_Extend does it. */
int hash_extend(Digest *value, const Digest *with, Err *e) _must_check_;

int hmac_sha256(Span key, const Span *parts, size_t n_parts, Digest *ret, Err *e) _must_check_;

/* A public key by its numbers, big-endian. */
typedef enum PublicKeyType { PUBLIC_KEY_RSA, PUBLIC_KEY_P256, PUBLIC_KEY_P384 } PublicKeyType;

typedef struct PublicKey {
        PublicKeyType type;
        Span modulus;      /* RSA */
        uint32_t exponent; /* RSA */
        Span x, y;         /* EC */
} PublicKey;

/* Whether a signature over a digest holds: RSASSA-PKCS1-v1_5, or ECDSA with r and s. 0 when it
 * could be judged, with the answer in *ret_holds; a key or signature that is not even one does not
 * hold. Negative only where OpenSSL could not work at all (no memory). */
int signature_judge_rsa(const PublicKey *key, const Digest *signed_digest, Span signature,
                bool *ret_holds, Err *e) _must_check_;
int signature_judge_ecdsa(const PublicKey *key, const Digest *signed_digest, Span r, Span s,
                bool *ret_holds, Err *e) _must_check_;

/* The key as PEM SubjectPublicKeyInfo, for other tools. */
int public_key_pem(const PublicKey *key, Buf *to, Err *e) _must_check_;

int random_bytes(uint8_t *into, size_t size, Err *e) _must_check_;
