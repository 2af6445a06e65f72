/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/evidence.h"
#include "verify/question.h"
#include "verify/story.h"

/* What the counter and the history tell of openings, in this boot and before it.
 *
 * The TPM certifies the counter's value; the history names each value that it passed, and has for
 * each a receipt that the TPM can never give again (design, section 6). So a history that ends
 * where the counter stands, and whose receipts hold, is whole from its first line on: nothing was
 * taken out of it, changed, or put in. What was recorded in this boot must stand in the log too, by
 * the same bytes; and whatever got its receipt since the TPM was last reset is of this boot,
 * whatever the log says of when it began. */

enum { OPENINGS_WORDS = 240 };

typedef struct Openings {
        bool has_counter, has_history;
        uint64_t count;                      /* as certified */
        uint64_t first, lines;               /* of the history: value of its first line, how many */
        uint64_t opened, unlocked, left_out; /* told in it; left out: the counter moved without */
        char fault[OPENINGS_WORDS];          /* why they cannot be counted; empty: they can, or
                                              * there is nothing to count by */
        char stray[OPENINGS_WORDS];          /* one of this boot that the log does not have */
        /* of the system that runs, by its id or by the TPM, but from before it was resumed */
        uint64_t opened_resumed;
        uint32_t kinds_resumed;
        char first_resumed[STORY_WORDS];
        bool anchored; /* reaches back before this boot, or to the baseline */

        /* where policy has a baseline */
        bool covered; /* all since then is told */
        uint64_t opened_since, left_out_since;
        uint32_t kinds_since; /* a bit per event_kinds */
        char first_since[STORY_WORDS];
} Openings;

/* To be asked after judge_registers(). Negative only where it could not be judged (no memory). */
int openings_read(const Evidence *ev, const Question *q, const Verdict *v, const Story *s,
                Openings *ret, Err *e) _must_check_;
