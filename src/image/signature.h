/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "port/key.h"
#include "port/x509.h"

/* The signature of an image's root hash: made with a key that is at hand, or brought from where the
 * key is. */
typedef struct SignatureParams {
        const char *certificate; /* PEM or DER file */
        const char *private_key; /* PEM file or, with a source, a URI; NULL where it is brought */
        KeySource source;
        const char *joined; /* "HASH:FILE", "HASH:base64:TEXT": of that root hash; or NULL */
} SignatureParams;

/* Owner: signature_done(). */
typedef struct Signature {
        const SignatureParams *p; /* borrowed */
        Certificate certificate;
        PrivateKey *key;
        uint8_t root_hash[32]; /* that der is a signature of, where it was brought */
        Buf der;
        bool reproducible; /* making it again gives the same bytes */
} Signature;

#define SIGNATURE_NONE                                                                             \
        ((Signature){ .certificate = CERTIFICATE_NONE, .der = { .max = CERTIFICATE_DER_MAX } })

/* -EINVAL for a joined that is malformed; reads no file. */
int signature_check(const SignatureParams *p, Err *e) _must_check_;

/* Finds out before any long work what would be wrong after it: a key that cannot sign, or not for
 * this certificate (-EKEYREJECTED); a signature that is none of that root hash by this certificate.
 */
int signature_prepare(const SignatureParams *p, Signature *ret, Err *e) _must_check_;

/* What is left free in the partition of VERITY_SIGNATURE_SIZE for a proof that the release leaf is
 * in a transparency log, which is there only after the image is (its key is
 * "org.avouch.tlogProof"). */
enum { SIGNATURE_PROOF_ROOM = 8192 };

/* The PKCS#7 over a root hash, appended to der. -ESTALE where the one that was brought is of
 * another root hash; -E2BIG where it leaves no room for a proof. */
int signature_make(Signature *s, const Digest *root_hash, Buf *der, Err *e) _must_check_;

void signature_done(Signature *s);
