/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/appraise.h"

/* Judges this while every allocation fails in turn: the answer is then no verdict, or the one that
 * it is otherwise (*ret); never another. for_ever: the allocations after it fail, too. */
void judge_with_faults(const Question *q, Span bytes, bool for_ever, Verdict *ret);

/* The same while every hash fails in turn: there is no verdict then. */
void judge_with_bad_hashes(const Question *q, Span bytes);

/* Reports it while every allocation, and then every hash, fails in turn: the JSON is whole, or
 * there is none. */
void report_with_faults(const Judgement *j, const Question *q);
