/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/explain.h"
#include "verify/question.h"
#include "verify/vouched.h"

/* The claim kernel: the UKI that was started is a release that the judge knows, with the command
 * line of that release, and nothing came beside it that policy does not take.
 *
 * *ret_line: the command line that the kernel was started with, where that is known and measured;
 * empty otherwise. Borrowed from the evidence, or from policy. */
int judge_kernel(const Evidence *ev, const Question *q, const Explained *x, const Vouched *vouched,
                Verdict *v, Span *ret_line, Err *e) _must_check_;
