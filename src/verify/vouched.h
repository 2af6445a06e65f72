/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/verdict.h"

/* What reference values say of a claim (verify/reference). */
typedef struct Vouched {
        bool asked; /* some reference speaks of it */
        bool same;
        bool whole;             /* of what came beside the UKI, too */
        bool programs;          /* and of all that was started before it */
        char words[REASON_MAX]; /* same: who vouches; otherwise the first difference, in words */
} Vouched;

typedef struct Vouchers {
        Vouched firmware, kernel;
} Vouchers;
