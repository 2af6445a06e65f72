/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "port/key.h"
#include "port/x509.h"

/* Detached PKCS#7 signatures (RFC 2315) as verity images carry them and the kernel's dm-verity
 * takes them: SignedData, no signed attributes, binary, SHA-256, certificate included (UAPI.2,
 * "Verity Signature"). */

enum { CMS_DER_MAX = 64 * 1024 };

/* Signs content with a private key whose certificate is given. -EKEYREJECTED where the two do not
 * belong together. The signature is checked before it is handed out, appended to der. */
int cms_sign(Span content, const PrivateKey *key, const Certificate *certificate, Buf *der,
                Err *e) _must_check_;

/* Whether der is such a signature over content, made with the key of this certificate. As systemd
 * judges (PKCS7_verify() with NOINTERN and NOVERIFY): no chain, no expiry, the certificate itself
 * is what is trusted; what certificates the signature carries does not matter.
 *
 * Stricter than systemd in the form, so that one signature has one reading: DER and nothing behind
 * it, exactly one signer, no content inside, no signed attributes, SHA-256 or longer. A signature
 * that is not even one does not hold. 0 when it could be judged. */
int cms_judge(Span der, Span content, const Certificate *certificate, bool *ret_holds,
                Err *e) _must_check_;

/* What a signature says of its signer's certificate. */
typedef enum CmsCarried {
        CMS_UNFIT,   /* it is no signature, or none of the certificates in it is its signer's */
        CMS_BARE,    /* it carries no certificates: who has the signer's can judge it */
        CMS_CARRIED, /* it carries the signer's */
} CmsCarried;

/* The certificate of the signer, where the signature carries it. Anybody can put any certificate
 * there. Owner: certificate_done(). */
int cms_carried(Span der, Certificate *ret, CmsCarried *ret_carried, Err *e) _must_check_;
