/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/chain.h"
#include "verify/question.h"

/* Segments of a log, joined by what the register held (design, section 6): one that began when the
 * register was zero stands alone; one that did not needs the segment that ends exactly there, and
 * so on back to zero. */

/* Cuts the first segment off: the lines from its genesis to the one before the next genesis. 1 and
 * its bytes, 0 at the end, negative for lines that are no records. What precedes a genesis is
 * handed out as a segment too: reading it refuses it. */
int segment_cut(Span *rest, Span *ret, Err *e) _must_check_;

/* Refutes registers where a segment does not begin where the one before ended, or at zero where
 * there is none (unless policy takes any start). */
void judge_join(const Chain *earlier, const Chain *c, const Question *q, Verdict *v);
