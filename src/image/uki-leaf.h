/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki-list.h"
#include "image/uki.h"

/* The release leaf of a unified kernel image: its Authenticode hash, what its stub measures of it,
 * in that order, and the PCR 11 that follows, in each of the usual boot phases. Where the machine
 * chooses a device tree or a firmware out of several, all of them are named, and no PCR 11. An
 * addon leads to none either. */
typedef struct UkiLeaf {
        const UkiBuilt *built;
        const UkiList *list;
        unsigned profile; /* from 1; 0 where there are none */
        unsigned bank;    /* which of the contents' digests is the SHA-256 */
        bool has_epoch;
        uint64_t epoch;
} UkiLeaf;

/* path is for e. */
int uki_leaf_write(const UkiLeaf *l, int fd, const char *path, Err *e) _must_check_;
