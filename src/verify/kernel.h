/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/explain.h"
#include "verify/question.h"

/* The claim kernel: the UKI that was started is a release that the judge knows, with the command
 * line of that release, and nothing came beside it that policy does not take. */
int judge_kernel(const Evidence *ev, const Question *q, const Explained *x, Verdict *v,
                Err *e) _must_check_;
