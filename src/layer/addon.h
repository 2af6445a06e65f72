/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/companion.h"
#include "layer/uki.h"

/* What a stub takes from the addons beside its image: all of them together. */

typedef struct AddonParts {
        BankDigests list[COMPANIONS_MAX];
        const char *paths[COMPANIONS_MAX]; /* of the addons that they are in; borrowed */
        size_t n;
} AddonParts;

/* Owner: addons_done(). */
typedef struct Addons {
        Buf lines[2]; /* command lines, as they are measured: the global ones, and the image's own.
                       * From 255 on all are in the first */
        AddonParts devicetrees, initrds, microcode; /* in the order in which they were found */
} Addons;

void addons_done(Addons *a);

/* Looks at each. As firmware loads them, to check them, it measures them: a step in PCR 4 for each.
 * -EINVAL for one that the stub would leave out: it is for another kernel, or has nothing that this
 * stub takes. -EOPNOTSUPP for one from which the machine chooses. */
int addons_take(const Companions *c, const Uki *uki, unsigned profile, Course *course, Addons *ret,
                Err *e) _must_check_;
