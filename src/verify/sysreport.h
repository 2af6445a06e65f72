/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/question.h"
#include "verify/systemd.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"
#include "wire/sysreport.h"
#include "wire/tpmkey.h"

/* A report that systemd-report of systemd 262 signed with a TPM ("--sign=", mechanism "tpm2"), as
 * evidence: well-formed, no part contradicting another. What is in the report itself, its metrics,
 * is signed, and judged by nobody here. */

/* One attestation, read. Which of the three is told by the component's type. */
typedef struct SysAttested {
        Quoted quoted;
        NvCertified nv;
        NvPublic public;
        SessionAudited audit;
        TpmSignature signature;
} SysAttested;

/* Owner: sysevidence_done(). Borrows from the file. */
typedef struct SysEvidence {
        bool readable;
        Buf tokens, bytes;
        SysReport report;
        uint8_t sha256[32]; /* of the report, as the signature's record has it */
        SysTpm2 tpm2;
        TpmPublic ak;
        Digest ak_digest; /* of its public area, by its nameAlg */
        uint8_t ak_name[TPM_NAME_MAX];
        size_t ak_name_size;
        SysAttested attested[SYSREPORT_COMPONENTS_MAX];
        unsigned n_others; /* signatures of other mechanisms */
} SysEvidence;

/* True for bytes that are evidence of this kind, well-formed or not. */
bool sysevidence_matches(Span file);

/* -EBADMSG (or -E2BIG) for what is malformed: a judgement. */
int sysevidence_open(Span file, SysEvidence *ret, Err *e) _must_check_;
void sysevidence_done(SysEvidence *s);

/* What its attestations begin with. */
const AttestHead *sysevidence_head(const SysEvidence *s, size_t component);

/* Whether its quotes, of which there is one at least, are over these values. */
int sysevidence_quotes(const SysEvidence *s, const PcrValues *held, bool *ret, Err *e) _must_check_;

/* The claims signature, key, fresh, bound, atomic, registers; and the story of what systemd
 * measured. */
int judge_sysreport(const SysEvidence *s, const Question *q, Verdict *v, SystemdStory *ret,
                Err *e) _must_check_;
