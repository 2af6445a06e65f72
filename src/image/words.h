/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "base/err.h"

/* What names and paths an image may be given. -EINVAL and what is wrong otherwise. */

/* A name or version goes into file names, partition labels and the leaf. what: "name". */
int image_word_check(const char *what, const char *word, Err *e) _must_check_;

/* A result may not lie in the tree that it is made of: the next build would find it there. */
int image_apart_check(const char *path, const char *source, Err *e) _must_check_;

typedef struct FolderPath {
        char text[PATH_MAX];
} FolderPath;

/* The folder that a path lies in; "." where it names none. */
FolderPath image_folder_of(const char *path);
