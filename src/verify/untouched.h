/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/question.h"
#include "verify/story.h"

/* The claim untouched: nobody opened the machine by hand in this boot. Openings of a kind that
 * policy allows are excused, by name. Whether it was opened in earlier boots needs a counter, which
 * evidence of this version does not carry: a policy with a baseline is not met. */
void judge_untouched(const Story *s, const Question *q, Verdict *v);
