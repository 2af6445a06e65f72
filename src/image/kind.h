/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/leaf.h"

/* What each kind of image may hold, and where it says what it is for: a row each (UAPI.4). */
typedef struct ImageKind {
        LeafType type;
        const char *what;                /* "a system extension" */
        const char *const *tops;         /* the only names at the top of its tree */
        const char *release_folder;      /* where its extension-release.NAME lies */
        const char *const *never_inside; /* would make it a system of its own */
} ImageKind;

/* NULL for a type that is not built (yet). */
const ImageKind *image_kind(LeafType type);
