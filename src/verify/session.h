/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/evidence.h"
#include "verify/verdict.h"

/* Whether all of the evidence was made together: the claims bound and atomic.
 *
 * The TPM attests its registers and its counters one by one. An audit session hashes each command
 * and its answer, in their order (TPM 2.0 Library, Part 1, "Audit Session"), and the key signs that
 * digest together with the hash of the manifest. Whoever computes the digest again knows that these
 * attestations, no other and none besides, were made in one go, for this manifest. */

/* A command of a session: Name of the signing key, qualifyingData, and what the TPM answered. */
typedef struct SessionCommand {
        Span key, nonce, attest, signature;
} SessionCommand;

/* One command more: TPM2_Quote with its selection; TPM2_NV_Certify with the Names of who authorised
 * it and of the index. The scheme asked for is the key's own. */
int session_add_quote(
                Digest *session, const SessionCommand *c, Span selection, Err *e) _must_check_;
int session_add_nv(Digest *session, const SessionCommand *c, Span auth, Span index, uint16_t size,
                uint16_t offset, Err *e) _must_check_;

/* What the session of the evidence must come to: D = 32 zero bytes, then for each command
 * D = SHA-256(D || cpHash || rpHash) (avouch-evidence(5)). */
int session_digest(const Evidence *ev, Digest *ret, Err *e) _must_check_;

/* What the audit attestation must carry as its extraData. */
int session_extra(const Evidence *ev, Digest *ret, Err *e) _must_check_;

/* To be asked after judge_signature(). Evidence without an audit leaves both claims absent. */
int judge_session(const Evidence *ev, Verdict *v, Err *e) _must_check_;
