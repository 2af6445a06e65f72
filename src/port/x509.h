/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

/* Certificates (X.509, RFC 5280). Who issued them and whether they are still valid is not asked
 * here: a certificate that was handed to us is what is trusted. */

enum { SUBJECT_TEXT_SIZE = 256 };

typedef struct Certificate {
        Buf der;
        Digest fingerprint;              /* SHA-256 of der */
        char subject[SUBJECT_TEXT_SIZE]; /* RFC 2253, for people; visible ASCII, other characters
                                          * escaped; cut where it is longer */
} Certificate;

enum { CERTIFICATE_DER_MAX = 64 * 1024, CERTIFICATE_TEXT_MAX = 256 * 1024 };

#define CERTIFICATE_NONE ((Certificate){ .der = { .max = CERTIFICATE_DER_MAX } })

/* One certificate, PEM or DER; of several in a PEM file the first. DER must be just that: no other
 * encoding of the same values, and no bytes behind it. Owner: certificate_done(). */
int certificate_read(Span text, Certificate *ret, Err *e) _must_check_;

/* The same from a file; e names it. */
int certificate_load(const char *path, Certificate *ret, Err *e) _must_check_;

/* Several, in their order. Owner: certificate_list_done(). */
enum { CERTIFICATES_MAX = 8 };

typedef struct CertificateList {
        Certificate list[CERTIFICATES_MAX];
        size_t n;
} CertificateList;

/* All of a PEM file, or the one of a DER file, behind those that ret has; -E2BIG where they are too
 * many. On failure ret has some of them. */
int certificate_list_load(const char *path, CertificateList *ret, Err *e) _must_check_;
void certificate_list_done(CertificateList *c);

/* What of a certificate in DER its issuer signed (RFC 5280, section 4.1.1.1: tbsCertificate), by
 * whose hash EFI revokes it. Borrowed; nothing for what has not that shape. */
Span certificate_signed_part(Span der);

/* The subject of a certificate in DER, as Certificate has it, and nothing else: whether the key in
 * it is one is not looked at, which takes OpenSSL longer than checking a signature. 1 for what has
 * the shape of a certificate, to the last byte; 0 for what has not. */
int certificate_subject(Span der, char subject[static SUBJECT_TEXT_SIZE], Err *e) _must_check_;

void certificate_done(Certificate *c);
