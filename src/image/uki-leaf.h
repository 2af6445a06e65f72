/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki-layout.h"
#include "image/uki.h"

/* The release leaf of a unified kernel image: its Authenticode hash, what its stub measures of it,
 * in that order, and the PCR 11 that follows, in each of the usual boot phases. */
typedef struct UkiLeaf {
        const UkiBuilt *built;
        const UkiSection *sections; /* in any order */
        const Digest *digests;      /* SHA-256 of each */
        size_t n_sections;
        bool has_epoch;
        uint64_t epoch;
} UkiLeaf;

/* path is for e. */
int uki_leaf_write(const UkiLeaf *l, int fd, const char *path, Err *e) _must_check_;
