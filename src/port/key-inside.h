/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "port/key.h"

/* What the files behind the doors to OpenSSL share of a private key. Nobody but port/ includes
 * this. */
struct PrivateKey {
        EVP_PKEY *pkey;
        OSSL_PROVIDER *provider; /* NULL where none was loaded */
        char *where;             /* as it was asked for, for e */
};

/* Out of a token, by an engine. */
int key_from_engine(const char *engine, const char *where, EVP_PKEY **ret, Err *e) _must_check_;

/* -EKEYREJECTED where the certificate, of which x is what OpenSSL made, is another key's. */
int key_fits(const PrivateKey *k, const X509 *x, const Certificate *certificate,
                Err *e) _must_check_;

/* The reason that OpenSSL gives is put behind what, and its queue is empty for the next failure. */
int openssl_failed(Err *e, int rc, const char *what);
