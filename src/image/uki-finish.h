/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "base/file.h"
#include "image/sign-pe.h"
#include "image/uki-leaf.h"
#include "image/uki-write.h"
#include "image/uki.h"

/* How the making of an image ends: with its signature, its leaves, and the names of all of them at
 * once. */

/* A boot is of one profile, and so is a leaf: that of the first is where it is asked for, those of
 * the others are beside it, with ".1" and so on behind the path. Owner: uki_leaves_done(). */
typedef struct UkiLeaves {
        NewFile files[PROFILES_MAX];
        char paths[PROFILES_MAX][PATH_MAX];
        unsigned n;
} UkiLeaves;

/* leaf NULL: none are wanted. ret stays where it is. */
int uki_leaves_open(const char *leaf, unsigned n_profiles, UkiLeaves *ret, Err *e) _must_check_;
int uki_leaves_write(const UkiLeaves *l, UkiLeaf *what, Err *e) _must_check_;
void uki_leaves_done(UkiLeaves *l);

typedef struct UkiEnd {
        const PeSigner *signer; /* NULL: it is not signed */
        const NewFile *to_sign; /* takes the bytes that are to be signed; NULL: the image is written
                                 */
} UkiEnd;

/* What is known when all is written but the end: hash, signature, checksum, size. */
int uki_finish(UkiWriter *w, const UkiEnd *end, UkiBuilt *built, Err *e) _must_check_;

/* Image and leaves get their names, the leaves last; on failure none does. */
int uki_commit(NewFile *image, UkiLeaves *l, Err *e) _must_check_;
