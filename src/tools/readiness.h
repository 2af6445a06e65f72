/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Whether this machine is able to answer for itself, point by point: what setup and status have in
 * common. Nothing is changed by looking. */

typedef enum FindingState {
        FINDING_GOOD,
        FINDING_NOTE,    /* worth knowing; the machine can answer all the same */
        FINDING_MISSING, /* `avouch setup` does it */
        FINDING_BAD,     /* a person has to */
} FindingState;

typedef struct Finding {
        const char *name;
        FindingState state;
        char says[ERR_TEXT_MAX];
} Finding;

enum { FINDINGS_MAX = 12 };

typedef struct Readiness {
        Finding findings[FINDINGS_MAX];
        size_t n;
} Readiness;

/* Negative only for want of memory and the like: what is wrong with the machine is a finding. */
int readiness_look(const char *tpm_option, Readiness *ret, Err *e) _must_check_;

/* True where nothing is missing or bad. */
bool readiness_able(const Readiness *r);

/* For people, or as JSON where json is set. */
int readiness_print(const Readiness *r, const char *json, Err *e) _must_check_;

/* Looks, prints, and answers as a program does: EXIT_YES where the machine is able, EXIT_NO where
 * not.
 */
int readiness_answer(const char *tpm_option, const char *json, Err *e) _must_check_;
