/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/macro.h"
#include "base/span.h"
#include "wire/limits.h"

/* The outcome of an appraisal: claims about a machine, never PCR numbers. Zeroed memory, an early
 * return and a forgotten check all read as "not trusted": only verdict_trusted() says yes. */
typedef enum Claim {
        CLAIM_SIGNATURE, /* the quotes' signatures hold, over the register values in the evidence */
        CLAIM_KEY,       /* that key is one that policy knows for this machine */
        CLAIM_FRESH,     /* the nonce is the one that was sent */
        CLAIM_BOUND,     /* all of the evidence was made together */
        CLAIM_ATOMIC,    /* nobody used the TPM in between */
        CLAIM_REGISTERS, /* every log replays to what was quoted; nothing is left unexplained */
        CLAIM_FIRMWARE,
        CLAIM_KERNEL,
        CLAIM_ROOT,
        CLAIM_LAYERS, /* every layer is one that was released */
        CLAIM_VERITY, /* every dm-verity device is over a release */
        CLAIM_UNLOCK,
        CLAIM_PHASE,      /* the boot went where policy lets it go */
        CLAIM_MACHINE_ID, /* systemd read the id that policy names */
        CLAIM_LOGIN,      /* only users whom policy allows logged in */
        CLAIM_REPORT,     /* systemd's own report is of this boot, too */
        CLAIM_UNTOUCHED,  /* nobody broke the glass */
        CLAIM_TOGETHER,
        _CLAIM_MAX,
} Claim;

#define CLAIMS_ALL ((UINT32_C(1) << _CLAIM_MAX) - 1)

typedef enum ClaimState { CLAIM_ABSENT, CLAIM_NOT_PROVEN, CLAIM_PROVEN, CLAIM_EXCUSED } ClaimState;

/* What policy asks for, what was shown, what was shown to be otherwise, what policy forgives by
 * name: one bit per Claim. Refuting wins over proving, whichever comes first. */
typedef struct Verdict {
        uint32_t required, proven, refuted, excused;
        char reasons[_CLAIM_MAX][REASON_MAX]; /* for people: why, or why not. One line */
        char by[_CLAIM_MAX][128];             /* the line of policy that excuses */
} Verdict;

/* "signature"; _CLAIM_MAX for a name that is none. */
const char *claim_name(Claim claim);
Claim claim_of_name(Span name);

/* "proven", "not-proven", "excused", "absent" */
const char *claim_state_name(ClaimState state);

void verdict_prove(Verdict *v, Claim claim, const char *reason, ...) _printf_(3, 4);
void verdict_refute(Verdict *v, Claim claim, const char *reason, ...) _printf_(3, 4);

/* Only where policy names what is forgiven. Has no effect on a claim that is proven. */
void verdict_excuse(Verdict *v, Claim claim, const char *by);

/* Says why a claim was not judged; it stays absent. */
void verdict_leave(Verdict *v, Claim claim, const char *reason, ...) _printf_(3, 4);

/* Adds a remark to what stands already. */
void verdict_remark(Verdict *v, Claim claim, const char *remark, ...) _printf_(3, 4);

/* The text that was put together for a reason; "..." for one that did not fit, or had no memory. */
const char *verdict_words(Buf *text);

ClaimState verdict_state(const Verdict *v, Claim claim);

static inline bool verdict_proven(const Verdict *v, Claim claim) {
        return verdict_state(v, claim) == CLAIM_PROVEN;
}

/* Everything that policy requires is proven or excused, and it requires something. */
bool verdict_trusted(const Verdict *v);
