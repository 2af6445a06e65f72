/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/sealpolicy.h"
#include "port/tpm.h"

/* Secrets that die when the glass breaks: they open while the PCRs hold what they held, and while
 * the odometer stands no higher than the key off the machine has approved. */

typedef struct SealWish {
        PcrSelection pcrs;
        P256Point key;
        SigningKey *approver; /* borrowed; NULL: the key is elsewhere, and approves later */
        Span secret;          /* 1 to SEALED_SECRET_MAX bytes */
} SealWish;

/* Seals to what the PCRs hold now and to what the odometer stands at now (which is defined where
 * there is none), and writes the file. */
int seal_make(Tpm *t, const SealWish *w, Buf *to, Err *e) _must_check_;

/* Opens what such a file holds. The TPM decides; what does not hold is looked for beforehand, so
 * that e names it (-EACCES). */
int seal_open(Tpm *t, Span file, Secret *ret, Err *e) _must_check_;
