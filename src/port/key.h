/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "port/x509.h"

/* Private keys that sign: in a file, or in a token that OpenSSL reaches by a provider or an engine
 * and that never hands them out. */
typedef struct PrivateKey PrivateKey;

enum { KEY_FILE_MAX = 256 * 1024 };

/* Who is to be asked for a key. Both NULL: it is a PEM file, not encrypted. */
typedef struct KeySource {
        const char *provider; /* of OpenSSL 3, "pkcs11": the key is a URI that it knows */
        const char *engine; /* of OpenSSL 1, and deprecated since; Debian 12 has no other PKCS#11 */
} KeySource;

/* An RSA or EC key; where is a path or, with a source, a URI. Owner: private_key_done(), which may
 * be called twice. Nobody is asked for a passphrase or PIN: a URI can hold it, or say where it is
 * (pin-source=). */
int private_key_load(
                const char *where, const KeySource *source, PrivateKey **ret, Err *e) _must_check_;
void private_key_done(PrivateKey **k);

/* -EKEYREJECTED where the certificate is another key's. */
int private_key_fits(const PrivateKey *k, const Certificate *c, Err *e) _must_check_;

/* Whether signing the same bytes again gives the same signature: RSASSA-PKCS1-v1_5 does, ECDSA in
 * OpenSSL 3.0 does not. */
bool private_key_repeats(const PrivateKey *k);

/* Signs the hash of these bytes: RSASSA-PKCS1-v1_5, or ECDSA in DER. */
int private_key_sign(
                const PrivateKey *k, HashAlg hash, Span bytes, Buf *signature, Err *e) _must_check_;
