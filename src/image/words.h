/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "base/err.h"
#include "image/kind.h"

/* What names and paths an image may be given. -EINVAL and what is wrong otherwise. */

/* A name or version goes into file names, partition labels and the leaf. what: "name". */
int image_word_check(const char *what, const char *word, Err *e) _must_check_;

/* Of a version besides: what UAPI.10 compares, letters, digits and "-.~^". An "_" stands between it
 * and the name, a "+" before the tries that are left (systemd.v(7)). */
int image_version_check(const char *version, Err *e) _must_check_;

/* A result may not lie in the tree that it is made of: the next build would find it there. */
int image_apart_check(const char *path, const char *source, Err *e) _must_check_;

typedef struct FolderPath {
        char text[PATH_MAX];
} FolderPath;

/* The folder that a path lies in; "." where it names none. */
FolderPath image_folder_of(const char *path);

/* Where an image goes when a path was given, or none (NULL): into that file; into that folder, as
 * NAME_VERSION with the suffix of its kind; into the working directory as that. A folder
 * "NAME.raw.v" holds versions of one image, of which hosts take the newest (UAPI.10; systemd.v(7)):
 * NAME_VERSION.raw, and those of no other name. */
int image_output_path(const char *given, const ImageKind *kind, const char *name,
                const char *version, FolderPath *ret, Err *e) _must_check_;
