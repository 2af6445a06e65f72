/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"
#include "base/span.h"

/* A hash value and which hash it is. By value, on the stack: no ownership to think about. */

/* The TPM's own numbers (TPM 2.0 Library, Part 2, TPM_ALG_ID), so that no table maps one to the
 * other. */
typedef enum HashAlg {
        HASH_NONE = 0,
        HASH_SHA1 = 0x0004, /* extended because others read that bank; it never proves anything */
        HASH_SHA256 = 0x000b,
        HASH_SHA384 = 0x000c,
        HASH_SHA512 = 0x000d,
} HashAlg;

enum { DIGEST_MAX = 64 };

typedef struct Digest {
        HashAlg alg;
        uint8_t size;
        uint8_t bytes[DIGEST_MAX];
} Digest;

/* Bytes of a hash that we can compute; 0 for any other algorithm. */
uint8_t hash_size(uint32_t alg);

/* True for a hash that counts as proof: SHA-1 does not. */
bool hash_proves(uint32_t alg);

/* "sha256"; NULL for a hash that we do not know. */
const char *hash_name(uint32_t alg);

/* HASH_NONE for a name that we do not know. Lower case, as CEL and tpm2-tools write it. */
HashAlg hash_of_name(Span name);

static inline Digest digest_zero(HashAlg alg) {
        return (Digest){ .alg = alg, .size = hash_size(alg) };
}

static inline Span digest_span(const Digest *d) {
        return (Span){ d->bytes, d->size };
}

static inline bool digest_equal(const Digest *a, const Digest *b) {
        return a->alg == b->alg && span_equal(digest_span(a), digest_span(b));
}

/* False, and ret untouched, where the bytes are not as many as the hash has. */
bool digest_from(HashAlg alg, Span bytes, Digest *ret) _must_check_;
