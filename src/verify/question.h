/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/policy.h"
#include "verify/releases.h"

/* What whoever judges brings along: what was sent, what is demanded, what is known. All borrowed.
 */
typedef struct Question {
        Span nonce; /* NONCE_MIN to NONCE_MAX bytes; empty: none was given, and nothing is fresh */
        const Policy *policy;
        const Releases *releases;
        const struct References *references; /* others than release leaves; NULL: none */
} Question;
