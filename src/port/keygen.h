/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "port/key.h"

/* New keys, and certificates that say what they are for (RFC 5280). */

typedef enum NewKeyType {
        NEW_KEY_RSA, /* of 2048 bits: what every firmware and every TPM takes */
        NEW_KEY_P256,
        NEW_KEY_ED25519,
} NewKeyType;

enum { NEW_KEY_PEM_MAX = 4096, ED25519_SIZE = 32 };

/* Owner: private_key_done(). */
int private_key_new(NewKeyType type, PrivateKey **ret, Err *e) _must_check_;

/* PKCS#8, PEM, not encrypted, appended; to has room for NEW_KEY_PEM_MAX. */
int private_key_pem(const PrivateKey *k, Secret *to, Err *e) _must_check_;

/* The public half of an Ed25519 key. */
int private_key_ed25519(const PrivateKey *k, uint8_t ret[static ED25519_SIZE], Err *e) _must_check_;

typedef enum CertificateUse {
        CERTIFICATE_SIGNS_CODE, /* for firmware: digitalSignature, codeSigning */
        CERTIFICATE_SIGNS_DATA, /* for the kernel's keyring: digitalSignature */
        CERTIFICATE_ISSUES,     /* certificates of others, who issue none */
} CertificateUse;

/* By the key itself, from now on. name: its common name, UTF-8 of at most 64 characters. PEM. */
int certificate_new(const PrivateKey *k, CertificateUse use, const char *name, unsigned days,
                Buf *pem, Err *e) _must_check_;
