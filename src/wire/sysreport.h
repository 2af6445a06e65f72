/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/json.h"
#include "wire/limits.h"

/* The report that systemd-report of systemd 262 signs: an RFC 7464 sequence of the report and a
 * record for each signature over it,
 *
 *     0x1E {"mediaType":"application/vnd.io.systemd.report","timestamp":"...","metrics":[...]} 0x0A
 *     0x1E {"mediaType":"application/vnd.io.systemd.report.signature","mechanism":"tpm2",
 *           "sha256":"...","data":{...}} 0x0A
 *
 * The signatures are over the SHA-256 of the first record as it stands, 0x1E and 0x0A included.
 * What "tpm2" carries is JSON that tss2 makes of what a TPM signed: here it is marshalled again, so
 * that it can be read by wire/attest and its like, and the signature can be judged. */

typedef struct SysReport {
        Span report;    /* the first record, whole */
        Span timestamp; /* as it is written there; nobody's word but the report's */
        Span signatures[SYSREPORT_SIGNATURES_MAX];
        size_t n_signatures; /* at least 1 */
} SysReport;

/* Borrows from the file. -EBADMSG for what is no such sequence, or is not signed at all. */
int sysreport_split(Span file, SysReport *ret, Err *e) _must_check_;

typedef struct SysSignature {
        Json mechanism; /* a string */
        uint8_t sha256[32];
        Json data; /* an object */
} SysSignature;

/* Reads one of the signatures; borrows from it and from the tokens. */
int sysreport_signature(Span record, JsonToken *tokens, size_t n_tokens, SysSignature *ret,
                Err *e) _must_check_;

typedef enum SysComponentType {
        SYS_PCR,   /* TPM2_Quote */
        SYS_NVPCR, /* TPM2_NV_Certify */
        SYS_AUDIT, /* TPM2_GetSessionAuditDigest, the last one */
} SysComponentType;

/* Marshalled: what the TPM signed, and how. */
typedef struct SysComponent {
        SysComponentType type;
        Span attest;    /* TPMS_ATTEST */
        Span signature; /* TPMT_SIGNATURE */
        /* of SYS_NVPCR alone */
        Span public;        /* TPMS_NV_PUBLIC */
        Span authenticated; /* a text that goes into extraData by its hash */
} SysComponent;

typedef struct SysTpm2 {
        Json event_log; /* an array of CEL records, see wire/systemdlog */
        Span ak;        /* TPMT_PUBLIC */
        SysComponent components[SYSREPORT_COMPONENTS_MAX];
        size_t n_components; /* the last is the audit, and no other is */
} SysTpm2;

/* Reads the data of mechanism "tpm2"; the bytes go into into, which is to have room for as many as
 * the text has. Members that we do not know are passed over; components that we do not know are
 * refused, since without them the audit cannot be computed. */
int sysreport_tpm2(Json data, Buf *into, SysTpm2 *ret, Err *e) _must_check_;
