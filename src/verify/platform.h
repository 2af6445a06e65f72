/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/explain.h"
#include "verify/question.h"
#include "verify/secureboot.h"
#include "verify/vouched.h"

/* The claim firmware: the firmware's log replays to the quoted PCRs 0 to 7, each of them ends with
 * its separator, and Secure Boot is as policy wants it. */

/* What PCRs 0 to 6 tell, as far as it is judged. */
typedef struct Platform {
        unsigned separators[7];
        unsigned option_roms, programs;
        size_t first_option_rom; /* event */
        char wrong[ERR_TEXT_MAX];
} Platform;

int platform_read(Span log, HashAlg alg, Platform *ret, Err *e) _must_check_;

/* To be asked after the registers were judged. vouched: what reference values say of it.
 * *ret_guarded: it is proven that firmware started nothing but what its keys let in. */
int judge_firmware(const Evidence *ev, const Question *q, const Explained *x,
                const Vouched *vouched, Verdict *v, bool *ret_guarded, Err *e) _must_check_;
