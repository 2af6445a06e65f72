/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"

/* Makes dm-verity hash trees (libcryptsetup). Only makers, and later activate and unlock, link
 * this. */

typedef struct VerityParams {
        const char *data; /* path of the file that holds the data */
        uint64_t size;    /* bytes of data from its start, a multiple of 4096 */
        const char *hash; /* path of the file that takes superblock and tree, from its start */
        uint8_t uuid[16];
        Span salt;
} VerityParams;

int verity_format(const VerityParams *p, Digest *ret_root_hash, Err *e) _must_check_;
