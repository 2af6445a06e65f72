/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "port/run.h"

/* Makes the read-only file system of an image, by mkfs.erofs, mksquashfs or mke2fs. */
typedef struct FilesystemParams {
        const char *type;          /* "erofs", "squashfs" or "ext4" */
        const char *tree;          /* the folder that becomes its root */
        int fd;                    /* an empty file, which it fills from its start */
        const char *name;          /* of that file, for e */
        uint8_t uuid[16];          /* a squashfs has none */
        uint64_t epoch;            /* the time that every file gets */
        bool keep_owners;          /* otherwise every file belongs to root */
        bool extension;            /* not a system */
        uint64_t bytes, entries;   /* in all files of the tree, and how many there are; or more */
        const char *compression;   /* "lz4hc" or "lz4hc,9", as its maker knows it; NULL: as it comes
                                    */
        const char *file_contexts; /* of SELinux (selabel_file(5)); NULL: none */
        RunWatch watch;            /* told while its program runs */
} FilesystemParams;

/* -EINVAL for a type that is not made, or for what that type does not have; before anything is
 * done. Only type, compression, file_contexts and
 * extension are looked at. */
int filesystem_check(const FilesystemParams *p, Err *e) _must_check_;

/* Every file has one and the same time, and where owners are not kept belongs to root: what those
 * of the tree were does not matter. The size that comes out is a multiple of 4096. -ENOENT where
 * the program is not installed. */
int filesystem_make(const FilesystemParams *p, uint64_t *ret_size, Err *e) _must_check_;
