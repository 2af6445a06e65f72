/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"

/* Makes dm-verity hash trees (libcryptsetup). Only makers, and later activate and unlock, link
 * this. */

/* SHA-256, hash type 1, data and hash blocks of 4096 bytes: what UAPI.2 images have. */
typedef struct VerityParams {
        const char *data;     /* path of the file that holds the data */
        uint64_t size;        /* bytes of data from its start, a multiple of 4096 */
        const char *hash;     /* path of the file that takes superblock and tree; may be data's */
        uint64_t hash_offset; /* where in it, a multiple of 4096 */
        uint8_t uuid[16];
        Span salt;
} VerityParams;

/* Plain files are written as they are, without a loop device. */
int verity_format(const VerityParams *p, Digest *ret_root_hash, Err *e) _must_check_;
