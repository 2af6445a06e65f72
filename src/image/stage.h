/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

/* Puts one file into a tree that is never written to: what mkfs reads is a view of the source with
 * that file in it. */

/* By an overlay that only this process and its children see (needs the right to mount), or by a
 * second tree: hard links, and copies of what cannot be linked (another file system, another
 * owner's file). All give the same image. */
typedef enum StageWay {
        STAGE_OVERLAY = 1 << 0,
        STAGE_LINKS = 1 << 1,
        STAGE_COPIES = 1 << 2,
        STAGE_ANY = STAGE_OVERLAY | STAGE_LINKS | STAGE_COPIES,
} StageWay;

typedef struct StageParams {
        int source;                 /* a folder */
        const char *path;           /* its path */
        const char *const *scratch; /* folders in which ours may lie, NULL-terminated */
        const char *file; /* path below the root of what is put in; replaces such a file */
        Span text;
        const char *xattr, *value; /* set on the file */
        unsigned ways;             /* StageWay: which may be tried */
} StageParams;

/* Owner: stage_done(), which removes everything again. Where the process is killed in an overlay's
 * life, nothing but a few empty folders and that file is left. */
typedef struct Stage {
        char folder[PATH_MAX]; /* ours, which nobody else can enter: the source may be private */
        char root[PATH_MAX]; /* the view, in it; its own mode is 0755, as an image's root has it */
        bool mounted;
} Stage;

#define STAGE_NONE ((Stage){ .folder = "" })

/* An overlay leaves this process in a mount namespace of its own: files that were opened before
 * cannot be given a name with linkat() any more. */
int stage_open(const StageParams *p, Stage *ret, Err *e) _must_check_;
void stage_done(Stage *s);
