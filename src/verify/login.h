/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/question.h"
#include "verify/systemd.h"

/* The claim login: every user that systemd-logind saw log in is one that policy allows. systemd 261
 * and later measures the first login of each user in a boot into the NvPCR "login"; greeters,
 * services and users who linger are among them. Where that register is proven and nothing is in it,
 * nobody logged in. What does not pass logind (a debug shell, emergency mode) is not told. */
int judge_login(const SystemdStory *systemd, const Question *q, Verdict *v, Err *e) _must_check_;
