/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/pcr.h"
#include "wire/limits.h"

/* The "tpm" part of an evidence bundle (forms.md, section 3): the attestation key's public area,
 * the raw attestations with their signatures in the order in which the TPM was asked, and the PCR
 * values that the quotes are over. Raw means raw: what is inside is for wire/attest and wire/tpmkey
 * to read. */

typedef struct TpmQuote {
        Span selection; /* TPML_PCR_SELECTION as requested */
        Span attest;    /* TPMS_ATTEST */
        Span signature; /* TPMT_SIGNATURE */
} TpmQuote;

typedef struct TpmPart {
        Span ak; /* TPMT_PUBLIC */
        TpmQuote quotes[QUOTES_MAX];
        size_t n_quotes; /* at least 1 */
        PcrValues pcrs;
} TpmPart;

/* Spans are decoded into into. Values are checked for their bank's size, banks for being known,
 * commands for naming each quote once in order. The members "nv" and "audit" are not read by this
 * version: an "nv" that is not empty, and any "audit", are refused by name. */
int tpm_part_parse(Span text, Buf *into, TpmPart *ret, Err *e) _must_check_;
void tpm_part_write(const TpmPart *p, Buf *to);
