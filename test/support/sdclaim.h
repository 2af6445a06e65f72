/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include "support/sdlog.h"
#include "verify/question.h"

/* Judges a claim by nothing but what a machine of systemd 262 wrote to its log. */
typedef struct SdClaim {
        SdLog l;
        Json records; /* where it is none: the log */
        Policy policy;
        Releases releases; /* owned */
        SystemdStory story;
        Verdict verdict;
} SdClaim;

/* After sd_boot(). */
void sdclaim_begin(SdClaim *c);
void sdclaim_end(SdClaim *c);

/* Lines of a policy file. */
void sdclaim_policy(SdClaim *c, const char *text);

/* Takes the log as it stands, and asks one of the judges. */
typedef int (*SdJudge)(const SystemdStory *s, const Question *q, Verdict *v);
void sdclaim_judge(SdClaim *c, SdJudge judge);

#define assert_judged(c, judge, claim, state, words)                                               \
        do {                                                                                       \
                sdclaim_judge(c, judge);                                                           \
                if (!strstr((c)->verdict.reasons[claim], words))                                   \
                        fail_msg("says '%s', not '%s'", (c)->verdict.reasons[claim], words);       \
                assert_int_equal(verdict_state(&(c)->verdict, claim), state);                      \
        } while (0)
