/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/systemd.h"

/* Records of one kind, for which systemd has an NvPCR: "keyslot" for "cryptsetup". What says that
 * it is of the kind (by its words, its event, or the register that it is in) and is not proven
 * could hide any other: it refutes the claim that is read from them. */

typedef struct NvRecords {
        SystemdKind kind;
        const char *label; /* of the NvPCR */
        Claim claim;
        const char *what; /* that such a record tells of, for people: "an unlock" */
} NvRecords;

/* Steps to the next that is proven: 1; 0 at the end. w: a systemd_walk() of the story. */
int nvrecords_next(const NvRecords *of, const SystemdStory *s, SystemdWalk *w, Verdict *v,
                SystemdEntry *ret, Err *e) _must_check_;

/* Whether there is a proven NvPCR of this label: then no record means that nothing happened. */
bool nvrecords_has_register(const NvRecords *of, const SystemdStory *s);
