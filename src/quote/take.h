/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"
#include "wire/limits.h"

/* A quote with its registers: what the TPM signs, and values that are exactly those which it
 * signed.
 *
 * Reading and quoting are commands of their own, and between two of them anybody may extend a PCR.
 * So the values are read first, then quoted, and the digest in each quote is computed again from
 * the values; where it differs, all is taken again. (Quoting first and reading then, as tpm2_quote
 * does, leaves a quote that nobody can check.) */

/* Owner: taken_done(). One quote a bank: a quote over two banks is beyond some verifiers. */
typedef struct Taken {
        Buf ak; /* TPMT_PUBLIC */
        Buf attests[QUOTES_MAX], signatures[QUOTES_MAX];
        PcrSelection selections[QUOTES_MAX]; /* of each quote: one bank */
        size_t n_quotes;
        PcrValues pcrs;
} Taken;

void taken_done(Taken *t);

/* The nonce is NONCE_MIN to NONCE_MAX bytes. -EAGAIN where PCRs are extended faster than they can
 * be taken; -EBADMSG where the TPM answers something else than it was asked. */
int quote_take(Tpm *tpm, TpmAkType type, const PcrSelection *which, Span nonce, Taken *ret,
                Err *e) _must_check_;
