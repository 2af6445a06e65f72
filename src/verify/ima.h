/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/replay.h"
#include "verify/verdict.h"
#include "wire/ima.h"

/* IMA's list against the quoted PCR 10. The kernel writes an entry down before it extends the
 * register, and goes on while the TPM answers: so the list may have more entries than the quote
 * covers, and those that lead to the quoted value are the proven ones. */

enum { PCR_IMA = 10 };

typedef struct ImaStory {
        Span log;     /* borrowed; empty: there is none */
        bool covered; /* the first n_proven entries lead to what was quoted */
        bool weak;    /* by their SHA-1 alone, as Linux extends it before 5.8: it proves no words */
        size_t n_proven; /* entries of other registers among them are not */
        size_t n_entries;
        size_t n_measured;   /* of those that are covered, entries of PCR 10 */
        size_t n_violations; /* among these */
        size_t n_elsewhere;  /* entries of other registers than PCR 10, which nothing follows */
} ImaStory;

/* Takes the list into the replay, which then has PCR 10 as it was quoted where the list leads
 * there. quoted: empty where no signature covers it. What is wrong with the list refutes the claim
 * registers. */
int ima_take(Span log, const PcrValues *quoted, Verdict *v, Replay *replay, ImaStory *ret,
                Err *e) _must_check_;

/* What a list alone leads to: extends value, and counts. Covered is nothing. */
int ima_replay(Span log, Digest *value, ImaStory *ret, Err *e) _must_check_;

/* What is to be held of an entry: "proven", "sha1", "nameless" (a violation: the register shows
 * that there was one, and not of which file), "after" the quote, "not covered". */
const char *ima_standing(const ImaStory *s, const ImaEntry *entry);
