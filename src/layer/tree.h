/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "port/workers.h"
#include "wire/veritysb.h"

/* Walks a dm-verity hash tree as the kernel would, in files and without a device mapper: each block
 * is H(salt || block), SHA-256 (cryptsetup wiki, DMVerity, "Hash tree").
 *
 * Nothing in the superblock is covered by the root hash. The salt proves itself, as another one
 * gives another hash; the number of data blocks does not, so the walk refuses hashes that stand
 * behind the last data block's: a device cut short by a changed superblock would have the same root
 * hash. */

/* Where data and tree lie in a file. */
typedef struct Tree {
        uint8_t uuid[16]; /* of the superblock; covered by nothing */
        uint8_t salt[VERITY_SALT_MAX];
        size_t salt_size;
        uint64_t data_blocks;
        uint64_t data_offset; /* of the first data block, in bytes */
        uint64_t hash_offset; /* of the superblock, in bytes */
} Tree;

/* The root hash that the top of the tree has. fd: the file; name is for e. */
int tree_root(int fd, const char *name, const Tree *t, Digest *ret, Err *e) _must_check_;

/* Whether the way from the root to the last data block holds: a few blocks, which show that the
 * tree is over this many. -EBADMSG where not. */
int tree_check_last(
                int fd, const char *name, const Tree *t, const Digest *root, Err *e) _must_check_;

/* Whether all of it holds, looked at by several threads. -EBADMSG names the first data block that
 * does not fit, or the first block of the tree on the way to it. No data are read twice, and the
 * hashes that are compared with are those that the same thread read and found good. watcher may be
 * NULL. */
int tree_check(int fd, const char *name, const Tree *t, const Digest *root, unsigned n_workers,
                const Watcher *watcher, Err *e) _must_check_;
