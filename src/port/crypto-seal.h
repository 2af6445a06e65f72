/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "base/secret.h"

/* Another door to OpenSSL: what sealing needs. AES-256-GCM (NIST SP 800-38D), and the P-256 key off
 * the machine that approves. Neither keys nor what they open are left in memory of ours. */

enum { GCM_KEY = 32, GCM_NONCE = 12, GCM_TAG = 16 };

/* Encrypts plain into as many bytes at into. A nonce is used once with a key. */
int gcm_seal(Span key, const uint8_t nonce[static GCM_NONCE], Span also_bound, Span plain,
                uint8_t *into, uint8_t tag[static GCM_TAG], Err *e) _must_check_;

/* The other way round: -EBADMSG, and nothing in ret, where a byte of anything is another. */
int gcm_open(Span key, const uint8_t nonce[static GCM_NONCE], Span also_bound, Span sealed,
                const uint8_t tag[static GCM_TAG], Secret *ret, Err *e) _must_check_;

enum { P256_NUMBER = 32 };

typedef struct P256Point {
        uint8_t x[P256_NUMBER], y[P256_NUMBER];
} P256Point;

/* A P-256 key out of a PEM file (without a password): its public half. path is for e. Owner of a
 * private one: signing_key_done(), which may be called twice. */
typedef struct SigningKey SigningKey;

int signing_key_load(const char *path, SigningKey **ret, P256Point *public, Err *e) _must_check_;
int approving_key_read(Span pem, const char *path, P256Point *ret, Err *e) _must_check_;
void signing_key_done(SigningKey **k);

/* ECDSA over a digest that is there already. */
int signing_key_sign(SigningKey *k, const Digest *digest, uint8_t r[static P256_NUMBER],
                uint8_t s[static P256_NUMBER], Err *e) _must_check_;
