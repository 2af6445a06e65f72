/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "port/key.h"
#include "port/x509.h"

/* Signatures of PE images that firmware checks under Secure Boot (Microsoft, "Windows Authenticode
 * Portable Executable Signature Format"; UEFI, 32.2.4): PKCS#7 SignedData over a
 * SpcIndirectDataContent, which holds the image's hash. No time is in those that are made here, so
 * an RSA key gives the same bytes again; firmware asks for none. */

enum { AUTHENTICODE_DER_MAX = 64 * 1024 };

/* image: the image's Authenticode hash, SHA-256. more: other certificates to carry, of who issued
 * the signer's; may be NULL. -EKEYREJECTED where key and certificate do not belong together. What
 * was made is checked before it is handed out, appended to der. */
int authenticode_sign(const Digest *image, const PrivateKey *key, const Certificate *certificate,
                const CertificateList *more, Buf *der, Err *e) _must_check_;

/* The same in two steps, for a key that is elsewhere. First the bytes that it is to sign with
 * SHA-256 (the signed attributes, as a DER SET)... */
int authenticode_to_sign(const Digest *image, Buf *to, Err *e) _must_check_;
/* ...then the signature goes in: what "openssl dgst -sha256 -sign" gives. -EBADMSG where it is not
 * that key's signature of those bytes. */
int authenticode_join(const Digest *image, const Certificate *certificate,
                const CertificateList *more, Span signature, Buf *der, Err *e) _must_check_;

typedef struct Authenticode {
        bool holds;        /* for this image, by the key of the certificate that it carries */
        const char *why;   /* a constant: why it does not hold */
        Digest signer;     /* SHA-256 of that certificate; only where it holds */
        char subject[256]; /* its subject, as in Certificate */
} Authenticode;

/* What a signature is worth. Whether firmware trusts the signer is firmware's business. Bytes that
 * are no signature do not hold; negative only where OpenSSL could not work at all. Zeros may follow
 * the DER, up to the next multiple of eight. */
int authenticode_judge(Span der, const Digest *image, Authenticode *ret, Err *e) _must_check_;
