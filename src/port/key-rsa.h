/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/key.h"

/* The public half of an RSA key, as systemd names it beside the PCR policies that it signs. */
typedef struct RsaPublic {
        Digest fingerprint; /* SHA-256 of the RSAPublicKey, DER (RFC 8017, A.1.1) */
        size_t size;        /* of its modulus, and of each of its signatures */
} RsaPublic;

/* -EOPNOTSUPP where it is no RSA key; name is for e. */
int rsa_public_read(Span pem, const char *name, RsaPublic *ret, Err *e) _must_check_;
int rsa_public_of(const PrivateKey *k, RsaPublic *ret, Err *e) _must_check_;

/* PEM, SubjectPublicKeyInfo. */
int rsa_public_pem(const PrivateKey *k, Buf *to, Err *e) _must_check_;

/* Whether a signature (RSASSA-PKCS1-v1_5 with SHA-256) over these bytes holds. 0 when it could be
 * judged. */
int rsa_public_judge(Span pem, Span bytes, Span signature, bool *ret_holds, Err *e) _must_check_;
