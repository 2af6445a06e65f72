/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/* Walks a folder and all below it, by file descriptors: no link is ever followed, and nothing that
 * is renamed meanwhile leads elsewhere. */

/* Deeper trees are refused; a file descriptor is open for each level. */
enum { TREE_DEPTH_MAX = 256 };

typedef struct TreeEntry {
        int folder;       /* holds name */
        const char *name; /* in folder */
        const char *path; /* below the root, without a leading slash */
        unsigned depth;   /* 1: at the top */
        const struct stat *st;
        bool leaving; /* a folder, all in it has been seen; every folder is seen twice */
        int fd;       /* the folder, while it is left; -1 else */
} TreeEntry;

/* Negative ends the walk and is handed on. */
typedef int (*TreeVisit)(void *user, const TreeEntry *entry, Err *e);

/* root: a folder; its own entry is not visited. name is for e. */
int tree_walk(int root, const char *name, TreeVisit visit, void *user, Err *e) _must_check_;
