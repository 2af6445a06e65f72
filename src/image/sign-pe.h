/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "image/uki-part.h"
#include "port/key.h"
#include "port/x509.h"

/* Signs PE images for Secure Boot: kernels, boot loaders, unified kernel images. */

typedef struct SignParams {
        const char *private_key; /* a PEM file, or what the source knows it by */
        KeySource source;
        const char *certificate; /* a PEM or DER file */
        const char *more;        /* a PEM file with those of who issued it; NULL: none */
        const char *signature;   /* a file with what the key, which is elsewhere, made of the bytes
                                  * to sign; NULL: private_key signs */
        bool replace;            /* signatures that are there already, instead of adding to them */
} SignParams;

/* Who signs. Owner: pe_signer_done(). */
typedef struct PeSigner {
        Certificate certificate;
        CertificateList more;
        PrivateKey *key; /* NULL where the signature is there, or none is to be made */
        Buf signature;
        bool replace;
} PeSigner;

#define PE_SIGNER_NONE ((PeSigner){ .certificate = CERTIFICATE_NONE })

/* -EKEYREJECTED where key and certificate do not belong together. */
int pe_signer_open(const SignParams *p, PeSigner *ret, Err *e) _must_check_;
void pe_signer_done(PeSigner *s);

/* The certificate table of an image with this Authenticode hash: what was there before and is kept,
 * and the new signature, unless there is one by this certificate that holds. */
int pe_signer_table(const PeSigner *s, const Digest *image, Span before, Buf *table,
                Err *e) _must_check_;

/* The hash that is signed. Refuses a file with bytes that no signature would cover. */
int sign_pe_hash(const UkiPart *p, Digest *ret, Err *e) _must_check_;

/* Makes the part that of the signed image. Nothing is written. */
int sign_pe(UkiPart *p, const PeSigner *s, Digest *ret, Err *e) _must_check_;
