/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/evidence.h"
#include "verify/question.h"

/* Whether the attestations are what they seem: the claims signature, key and fresh. */

/* "ECDSA P-256" */
const char *signature_key_text(const TpmPublic *ak);

/* Each attestation is signed by the evidence's key, and the register values that lie beside a quote
 * are the ones that were signed. */
int judge_signature(const Evidence *ev, Verdict *v, Err *e) _must_check_;

/* To be asked after judge_signature(): what is not signed has no key and is not fresh.
 *
 * The key can only have signed what a TPM made of itself, and policy names it. */
void judge_key(const Evidence *ev, const Question *q, Verdict *v);
void judge_key_of(const TpmPublic *ak, Span name, const Question *q, Verdict *v);

/* The same claim: the TPM that attested has no firmware that policy refuses. */
void judge_tpm(const AttestHead *head, const Question *q, Verdict *v);

/* Each attestation but the audit carries exactly the nonce that was sent (the audit's extraData is
 * of it and of the manifest: judge_session()). */
void judge_fresh(const Evidence *ev, const Question *q, Verdict *v);
