/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/leaf.h"

/* What each kind of image may hold, must hold, and where it says what it is for: a row each
 * (UAPI.2, UAPI.4; systemd-sysext(8), portablectl(1)). Lists end with NULL. */
typedef struct ImageKind {
        LeafType type;
        const char *what;           /* "a system extension" */
        const char *const *tops;    /* the only names at the top of its tree; NULL: any */
        const char *release_folder; /* of an extension: where its extension-release.NAME lies */
        const char *const *never_inside; /* would make it a system of its own */
        const char *const *os_release; /* of a system: one of these is there; NULL: none need be */
        const char *level;             /* of an extension: its own key for what it fits */
        const char *scope;             /* of an extension: its key for where it is used */
        const char *suffix;            /* of its file, as it is called by default */
        bool usr;                      /* its data is a /usr partition, not a root partition */
        bool nodes;                    /* may hold fifos and devices */
} ImageKind;

/* NULL for a type that is no disk image. */
const ImageKind *image_kind(LeafType type);

/* "sysext, confext, portable, usr and root" */
extern const char image_kinds_text[];
