/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "image/archive.h"
#include "image/kind.h"
#include "image/seen.h"

/* What an image is made of: a folder, a tar archive, or a file system that is finished already.
 *
 * A tree is looked through before anything is made: only what its kind may hold, only what an
 * image can carry, and of an extension an extension-release file that fits. A finished file system
 * is taken as it is. */

/* Tells systemd 252 and later to take the extension-release file although the image's file name is
 * longer than its own ("NAME_VERSION.raw"; extension-release(5)). */
#define RELEASE_XATTR "user.extension-release.strict"
#define RELEASE_XATTR_VALUE "0"

typedef struct SourceParams {
        const char *path; /* of a folder, an archive or a file system; "-": an archive on fd 0 */
        const ImageKind *kind;
        const char *name, *architecture;
        const char *scratch;       /* a folder in which an archive is unpacked */
        bool keep_owners;          /* of what is in an archive */
        const char *const *fields; /* image/release.h; a tree that brings that file takes none */
        size_t n_fields;
} SourceParams;

/* Owner: source_done(). */
typedef struct Source {
        int fd;
        const char *path; /* borrowed; how it is called */
        bool finished;    /* fd is a file system */
        Archive archive;
        Seen seen;
        char release_path[PATH_MAX]; /* of the extension-release file, below the root; empty for
                                      * what is no extension */
        Buf release;                 /* its text, found or made */
        uint64_t bytes;              /* in all of its files */
        bool ready; /* can be read as it stands: file and attribute are there, and the root folder
                     * is as every extension has it; a tree that is no extension always is */
} Source;

#define SOURCE_NONE ((Source){ .fd = -1, .release = { .max = EXTENSION_RELEASE_MAX } })

/* The folder to read; where it is an archive's, not the path that was given. */
const char *source_root(const Source *s);

/* Once it was read: -ESTALE where somebody wrote to the tree meanwhile. */
int source_unchanged(Source *s, Err *e) _must_check_;

int source_open(const SourceParams *p, Source *ret, Err *e) _must_check_;
void source_done(Source *s);
