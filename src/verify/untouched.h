/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/openings.h"

/* The claim untouched, which is two statements: nobody opened the machine by hand in this boot; and
 * where policy knows a baseline, nobody did since the counter stood there. Either may be wrong;
 * openings of a kind that policy allows are excused, by name. */
void judge_untouched(const Story *s, const Openings *o, const Question *q, Verdict *v);
