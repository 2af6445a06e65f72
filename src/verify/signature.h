/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/evidence.h"
#include "verify/question.h"

/* Whether the quotes are what they seem: the claims signature, key and fresh. */

/* Each quote is signed by the evidence's key, with that key's own scheme and hash, and the register
 * values that lie beside it are the ones that were signed. */
int judge_signature(const Evidence *ev, Verdict *v, Err *e) _must_check_;

/* To be asked after judge_signature(): what is not signed has no key and is not fresh.
 *
 * The key can only have signed what a TPM made of itself, and policy names it. */
void judge_key(const Evidence *ev, const Question *q, Verdict *v);

/* Each quote carries exactly the nonce that was sent. */
void judge_fresh(const Evidence *ev, const Question *q, Verdict *v);
