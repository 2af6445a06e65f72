/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

/* A tree that comes as a tar archive, unpacked into a folder of ours. */

typedef struct ArchiveParams {
        int fd;              /* the archive; may be a pipe */
        const char *name;    /* of it, for e */
        const char *scratch; /* the folder in which ours is made */
        bool keep_owners;    /* which only root can */
} ArchiveParams;

/* Owner: archive_done(), which removes everything again. */
typedef struct Archive {
        char folder[PATH_MAX]; /* ours, which nobody else can enter */
        char root[PATH_MAX];   /* the tree, in it */
} Archive;

#define ARCHIVE_NONE ((Archive){ .folder = "" })

/* Modes, links, extended attributes and, where they are kept, owners (by number) and devices come
 * out as they went in; times do not. It may be compressed, as far as tar(1) knows how. -EBADMSG for
 * an archive that was cut short, and for whatever tar has to say: what it leaves out or changes
 * must not go unseen. */
int archive_open(const ArchiveParams *p, Archive *ret, Err *e) _must_check_;
void archive_done(Archive *a);
