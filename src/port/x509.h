/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

/* Certificates (X.509, RFC 5280). */

typedef struct Certificate {
        Buf der;
        Digest fingerprint; /* SHA-256 of der */
        char subject[256];  /* RFC 2253, for people; escaped */
} Certificate;

#define CERTIFICATE_NONE ((Certificate){ .der = { .max = 64 * 1024 } })

/* One certificate, PEM or DER; of several in a PEM file the first. Owner: certificate_done(). */
int certificate_read(Span text, Certificate *ret, Err *e) _must_check_;

/* The same from a file; e names it. */
int certificate_load(const char *path, Certificate *ret, Err *e) _must_check_;

void certificate_done(Certificate *c);
