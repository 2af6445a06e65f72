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

/* What the session of the evidence must come to: D = 32 zero bytes, then for each command
 * D = SHA-256(D || cpHash || rpHash) (forms.md, section 3). */
int session_digest(const Evidence *ev, Digest *ret, Err *e) _must_check_;

/* What the audit attestation must carry as its extraData. */
int session_extra(const Evidence *ev, Digest *ret, Err *e) _must_check_;

/* To be asked after judge_signature(). Evidence without an audit leaves both claims absent. */
int judge_session(const Evidence *ev, Verdict *v, Err *e) _must_check_;
