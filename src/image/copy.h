/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "image/tree.h"

/* A second tree that shares the source's files where it can: by hard links, else by copies that
 * keep bytes, modes, extended attributes, and which names are links of one file. */
typedef struct TreeCopy {
        const char *name; /* of the source, for e */
        int to;           /* the folder that becomes the second root */
        const char *skip; /* path that is left out */
        bool link;        /* try hard links */
        struct CopiedFile *copied;
        size_t n_copied, room;
} TreeCopy;

/* source: a folder. Folders that are there already are filled up. */
int tree_copy(TreeCopy *c, int source, Err *e) _must_check_;
void tree_copy_done(TreeCopy *c);

/* One symbolic link, and its extended attributes. */
int tree_copy_link(const TreeCopy *c, const TreeEntry *entry, Err *e) _must_check_;

/* Mode and extended attributes of one folder for another. path is for e. */
int folder_dress(int folder, const char *path, int like, Err *e) _must_check_;

/* Removes a folder and all in it, as far as that is possible. */
void tree_remove(const char *path);
