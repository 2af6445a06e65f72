/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "wire/attest.h"
#include "wire/bundle.h"
#include "wire/nvpublic.h"
#include "wire/tpmkey.h"
#include "wire/tpmpart.h"

/* An NV index that the TPM certified: where it is, what it holds. */
typedef struct EvidenceNv {
        NvPublic public; /* its Name is the certified one */
        NvCertified certified;
        TpmSignature signature;
} EvidenceNv;

/* Evidence that is well-formed: every part read by its reader, every part's hash as the manifest
 * has it, the register values exactly those of the signed selections. That says nothing yet of
 * whether it is true; but an Evidence exists only where the parts do not contradict each other.
 * Owner: evidence_done(). */
typedef struct Evidence {
        Buf parts, tpm_bytes; /* what the Spans below borrow from */
        Bundle bundle;
        Manifest manifest;
        TpmPart tpm;
        TpmPublic ak;
        uint8_t ak_name[TPM_NAME_SHA256];
        Quoted quotes[QUOTES_MAX]; /* as many as tpm.n_quotes */
        TpmSignature signatures[QUOTES_MAX];
        EvidenceNv nv[NV_CERTIFIED_MAX]; /* as many as tpm.n_nv */
        SessionAudited audit;            /* where tpm.has_audit */
        TpmSignature audit_signature;
} Evidence;

/* What each attestation begins with: quotes, NV attestations, and the audit last. NULL after that;
 * ret gets a name for messages, as "quote 0". */
typedef struct EvidenceHeadName {
        char text[40];
} EvidenceHeadName;

const AttestHead *evidence_head(const Evidence *ev, size_t n, EvidenceHeadName *ret);

/* True for what kept us from judging (no memory, OpenSSL at a loss), as opposed to what is wrong
 * with the evidence. */
bool evidence_not_judged(int rc);

/* -EBADMSG (or -E2BIG) for evidence that is malformed: a judgement, not a failure to judge. */
int evidence_open(Span bundle, Evidence *ret, Err *e) _must_check_;
void evidence_done(Evidence *ev);
