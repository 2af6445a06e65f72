/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What the programs that make something have in common. */

/* $SOURCE_DATE_EPOCH: *ret_has is false where it is not set. -EINVAL where it is no time. */
int maker_epoch(bool *ret_has, uint64_t *ret, Err *e) _must_check_;

/* Where the result and its leaf go. leaf of the option: a path, "no", or NULL for OUTPUT.leaf. */
typedef struct MakerPaths {
        char output[PATH_MAX], leaf_text[PATH_MAX];
        const char *leaf; /* NULL: none is wanted */
} MakerPaths;

int maker_paths(const char *output, const char *leaf, MakerPaths *ret, Err *e) _must_check_;
