/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Makes the read-only file system of an image (erofs, by mkfs.erofs). */
typedef struct FilesystemParams {
        const char *tree; /* the folder that becomes its root */
        int fd;           /* an empty file, which it fills from its start */
        const char *name; /* of that file, for e */
        uint8_t uuid[16];
        uint64_t epoch;   /* the time that every file gets */
        bool keep_owners; /* otherwise every file belongs to root */
} FilesystemParams;

/* Every file has one and the same time, and where owners are not kept belongs to root: what those
 * of the tree were does not matter. The size that comes out is a multiple of 4096. -ENOENT where
 * mkfs.erofs is not installed. */
int filesystem_make(const FilesystemParams *p, uint64_t *ret_size, Err *e) _must_check_;
