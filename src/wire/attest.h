/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/pcr.h"
#include "wire/limits.h"

/* What a TPM signed about itself: TPMS_ATTEST (TPM 2.0 Library, Part 2, section 10.12.12),
 * big-endian.
 *
 * A value of one of these types exists only for bytes that carry the TPM's magic and the tag of
 * that kind of attestation, and end where it ends: bytes of another kind are refused by the reader,
 * so that no later check can forget to ask. Spans borrow from the bytes. */

typedef struct AttestHead {
        Span signer;    /* qualified Name of the signing key */
        Span extra;     /* qualifyingData: the nonce */
        uint64_t clock; /* milliseconds that the TPM was powered since its last Clear */
        uint32_t reset_count, restart_count;
        bool safe;
        uint64_t firmware;
} AttestHead;

/* TPM_ST_ATTEST_QUOTE (0x8018), TPMS_QUOTE_INFO */
typedef struct Quoted {
        AttestHead head;
        PcrSelection selection; /* PCRs 0 to 23 only, no bank twice, at least one PCR */
        Span selection_bytes;   /* the TPML_PCR_SELECTION as signed */
        Span digest;            /* over the values, in the order of the selection */
} Quoted;

int quoted_parse(Span attest, Quoted *ret, Err *e) _must_check_;

/* TPM_ST_ATTEST_NV (0x8014), TPMS_NV_CERTIFY_INFO */
typedef struct NvCertified {
        AttestHead head;
        Span index_name;
        uint16_t offset;
        Span contents;
} NvCertified;

int nv_certified_parse(Span attest, NvCertified *ret, Err *e) _must_check_;

/* TPM_ST_ATTEST_SESSION_AUDIT (0x8016), TPMS_SESSION_AUDIT_INFO */
typedef struct SessionAudited {
        AttestHead head;
        bool exclusive;
        Span digest;
} SessionAudited;

int session_audited_parse(Span attest, SessionAudited *ret, Err *e) _must_check_;

/* TPML_PCR_SELECTION (Part 2, section 10.9.7) on its own, as a request carries it. */
int pcr_selection_parse(Span bytes, PcrSelection *ret, Err *e) _must_check_;
void pcr_selection_write(const PcrSelection *s, Buf *to);
