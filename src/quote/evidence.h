/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "quote/take.h"
#include "wire/bundle.h"

/* Puts together the evidence bundle (avouch-evidence(5)) out of what was taken and the logs. The
 * manifest comes first: what the audit session signs in its end is about it. */

/* The manifest of these parts (never manifest and tpm), for the key that taken_begin() made.
 * created is UTC, in microseconds. Appends to to. */
int evidence_manifest(const Taken *t, Span nonce, const Bundle *parts, int64_t created, Buf *to,
                Err *e) _must_check_;

/* The extraData of the audit: SHA-256("avouch-evidence/v1" || 0 || u16 size of nonce || nonce ||
 * SHA-256(manifest)). */
int evidence_extra(Span nonce, Span manifest, Digest *ret, Err *e) _must_check_;

/* The bundle of these parts, their manifest, and what was taken. Appends to to, which has room for
 * BUNDLE_MAX. */
int evidence_write(
                const Taken *t, const Bundle *parts, Span manifest, Buf *to, Err *e) _must_check_;

/* The whole lines of a log: without what a crash left of a last one. */
Span evidence_whole_lines(Span log);
