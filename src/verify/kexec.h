/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/story.h"

/* A kernel that another one started (kexec) finds the registers as they are: what firmware and
 * systemd-stub measured is of the kernel that the machine began with. Of the one that runs, the log
 * may name the image, recorded by the kernel before it when it was loaded.
 *
 * So where the log does not, firmware, kernel and root are refuted. Where it does, kernel speaks of
 * both: each must be a known release, with the command line that was released (and the one that
 * policy names). What keeps root from loading another kernel without a record, or in the place of
 * the recorded one, is not in the evidence.
 *
 * line: in, the command line that is proven of the first kernel; out, that of the running one, by
 * which its root image is judged. Empty where it is not known. */
int judge_kexec(const Evidence *ev, const Question *q, const Story *s, Verdict *v, Span *line,
                Err *e) _must_check_;
