/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

/* Puts one file into a tree that is never written to: what mkfs reads is a view of the source with
 * that file in it. */

/* By a second tree that holds the folders on the way to the file. All else is mounted there, as
 * only this process and its children see it (needs the right to mount), or hard links, and copies
 * of what cannot be linked (another file system, another owner's file). All give the same image;
 * owners are kept by mounts alone. */
typedef enum StageWay {
        STAGE_MOUNTS = 1 << 0,
        STAGE_LINKS = 1 << 1,
        STAGE_COPIES = 1 << 2,
        STAGE_ANY = STAGE_MOUNTS | STAGE_LINKS | STAGE_COPIES,
} StageWay;

typedef struct StageParams {
        int source;                 /* a folder */
        const char *path;           /* its path */
        const char *const *scratch; /* folders in which ours may lie, NULL-terminated */
        const char *file; /* path below the root of what is put in; replaces such a file */
        Span text;
        const char *xattr, *value; /* set on the file */
        unsigned ways; /* StageWay: which may be tried; mounts only after stage_alone() */
} StageParams;

/* Owner: stage_done(), which removes everything again. Where the process is killed while something
 * is mounted, nothing but empty folders and files and that one file is left. */
typedef struct Stage {
        char folder[PATH_MAX]; /* ours, which nobody else can enter: the source may be private */
        char root[PATH_MAX]; /* the view, in it; its own mode is 0755, as an image's root has it */
        bool mounted;
} Stage;

#define STAGE_NONE ((Stage){ .folder = "" })

/* Before the source is opened: leaves the mount namespace for one of this process's own, in which
 * what is mounted is seen by nobody else and goes with it. False where that may not be. Files that
 * were opened before cannot be given a name with linkat() any more. */
bool stage_alone(void) _must_check_;

int stage_open(const StageParams *p, Stage *ret, Err *e) _must_check_;
void stage_done(Stage *s);
