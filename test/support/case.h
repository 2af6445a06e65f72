/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include "measure/words.h"
#include "support/forge.h"
#include "verify/appraise.h"

/* A machine, what it hands out, and who judges it. Each test changes one thing. */
typedef struct Case {
        World world;
        Account account;
        Forge forge;
        Policy policy;
        Releases releases;
        uint8_t nonce[32];
        size_t nonce_size;
        Judgement judgement;
} Case;

static const Register pcr8 = { REGISTER_PCR, WORLD_PCR };

/* An honest machine with one known layer, whose key is pinned, and who asks for all that this
 * version judges. */
void case_begin(Case *c);
void case_end(Case *c);

/* signer 0: the record names none */
void case_add_layer(Case *c, const char *name, const char *version, uint8_t root, uint8_t signer);

Question case_question(const Case *c);

/* Bundles what lies on the table and judges it. */
void case_judge_bundle(Case *c);

/* Quotes anew before. */
void case_judge(Case *c);

/* Takes registers and log of the machine as it stands now, and quotes anew. */
void case_judge_machine(Case *c);

ClaimState case_state(const Case *c, Claim claim);

#define assert_refused(c, claim, words)                                                            \
        do {                                                                                       \
                assert_false(verdict_trusted(&(c)->judgement.verdict));                            \
                assert_int_equal(case_state(c, claim), CLAIM_NOT_PROVEN);                          \
                if (!strstr((c)->judgement.verdict.reasons[claim], words))                         \
                        fail_msg("says '%s', not '%s'", (c)->judgement.verdict.reasons[claim],     \
                                        words);                                                    \
        } while (0)
