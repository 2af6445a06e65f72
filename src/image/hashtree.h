/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "port/workers.h"

/* Makes the dm-verity hash tree over data in a file, and its superblock, by several threads: the
 * same bytes as "veritysetup format" writes, whatever their number. SHA-256, hash type 1, data and
 * hash blocks of 4096 bytes: what UAPI.2 images have.
 *
 * What was just written is hashed from the page cache; memory is needed for the threads alone,
 * however long the data are. */
typedef struct HashTreeParams {
        int fd;
        const char *name;            /* of the file, for e */
        uint64_t data_at, data_size; /* in bytes, multiples of 4096 */
        uint64_t tree_at;            /* where the superblock goes, a multiple of 4096 */
        uint8_t uuid[16];
        Span salt;
        unsigned n_workers;
        Watcher watcher; /* of the level over the data, which takes the time; look may be NULL */
} HashTreeParams;

/* *ret_size: bytes of superblock and tree. */
int hash_tree_make(
                const HashTreeParams *p, Digest *ret_root, uint64_t *ret_size, Err *e) _must_check_;
