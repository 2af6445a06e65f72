/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

/* Makes what mke2fs wrote the same in every build: it keeps the times of the tree, and puts in its
 * own (Documentation/filesystems/ext4/, "Super Block", "Index Nodes").
 *
 * Only what image/maker-ext4.c asks mke2fs for is taken: without checksums, which would have to be
 * made anew, and which dm-verity has better ones in place of. */
typedef struct Ext4Dress {
        uint64_t epoch;     /* the time of every file, and of the file system */
        bool keep_owners;   /* otherwise every file belongs to root */
        struct stat folder; /* what its root folder is to be like, which mke2fs does not look at */
} Ext4Dress;

enum { EXT4_BLOCK = 4096, EXT4_INODE = 256 };

/* The last second that an ext4 has a time for, in the year 2446. */
#define EXT4_EPOCH_MAX UINT64_C(0x37fffffff)

/* fd: the file system and nothing else. name is for e. */
int ext4_dress(int fd, const char *name, const Ext4Dress *d, Err *e) _must_check_;

/* Of such a file system: its size, and how many blocks of it are in use. -EIO where the file is not
 * as long as that: a disk that filled up must not be taken for an image. */
int ext4_used(int fd, const char *name, uint64_t *ret_size, uint64_t *ret_used,
                Err *e) _must_check_;
