/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/explain.h"
#include "verify/question.h"

/* The claim phase: the boot went through phases that policy allows, in systemd's order, as far as
 * policy wants it to have come. systemd 252 and later extends PCR 11 by each; from 255 on its log
 * tells of them, and before that they are found by trying. */

/* x: where phases may have been guessed; NULL: only what the log tells counts. kexec: a kernel that
 * another one started is accounted for, so that a second boot may follow. */
void judge_phase(const SystemdStory *systemd, const Explained *x, bool kexec, const Question *q,
                Verdict *v);
