/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/pcr.h"
#include "wire/limits.h"

/* The "tpm" part of an evidence bundle (avouch-evidence(5)): the attestation key's public area,
 * the raw attestations with their signatures, in which order the TPM was asked for them, and the
 * PCR values that the quotes are over. Raw means raw: what is inside is for wire/attest,
 * wire/tpmkey and wire/nvpublic to read. */

typedef struct TpmQuote {
        Span selection; /* TPML_PCR_SELECTION as requested */
        Span attest;    /* TPMS_ATTEST */
        Span signature; /* TPMT_SIGNATURE */
} TpmQuote;

/* TPM2_NV_Certify */
typedef struct TpmNv {
        Span public; /* TPMS_NV_PUBLIC */
        Span auth;   /* Name of the handle that authorised it: the index's own, or the owner's */
        uint16_t size, offset;
        Span attest, signature;
} TpmNv;

typedef enum TpmCommand { TPM_COMMAND_QUOTE, TPM_COMMAND_NV } TpmCommand;

typedef struct TpmPart {
        Span ak; /* TPMT_PUBLIC */
        TpmQuote quotes[QUOTES_MAX];
        size_t n_quotes; /* at least 1 */
        TpmNv nv[NV_CERTIFIED_MAX];
        size_t n_nv;
        TpmCommand commands[QUOTES_MAX + NV_CERTIFIED_MAX]; /* as many as quotes and nv together: of
                                                             * each kind, one after the other */
        bool has_audit; /* they were made in one audit session, and these are about it */
        Span audit_attest, audit_signature;
        PcrValues pcrs;
} TpmPart;

/* Spans are decoded into into. Values are checked for their bank's size, banks for being known,
 * commands for naming each quote and each NV attestation once, those of a kind in order. */
int tpm_part_parse(Span text, Buf *into, TpmPart *ret, Err *e) _must_check_;
void tpm_part_write(const TpmPart *p, Buf *to);

/* A command as it is written: "quote 0". */
typedef struct TpmCommandText {
        char text[8];
} TpmCommandText;

TpmCommandText tpm_command_text(TpmCommand command, size_t n);
