/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/limits.h"

/* The superblock at the head of a dm-verity hash partition (cryptsetup wiki, DMVerity, "Verity
 * superblock format"), little-endian, 512 bytes. Only version 1, hash type 1, SHA-256, and blocks
 * of 4096 are taken: what UAPI.2 images have. */
enum { VERITY_SUPERBLOCK_SIZE = 512, VERITY_BLOCK = 4096 };

typedef struct VeritySuperblock {
        uint8_t uuid[16]; /* in the order in which it is written as text */
        uint64_t data_blocks;
        Span salt; /* at most VERITY_SALT_MAX bytes */
} VeritySuperblock;

/* bytes: the first 512 bytes or more. Padding must be zero. */
int verity_superblock_parse(Span bytes, VeritySuperblock *ret, Err *e) _must_check_;
void verity_superblock_write(const VeritySuperblock *sb, Buf *to);

/* Where the levels of the hash tree lie, in blocks from the superblock's own (block 0): the top
 * level first. -EBADMSG where the tree would not fit 2^63 bytes. */
typedef struct VerityLayout {
        unsigned n_levels;              /* 0 where the data is a single block... */
        uint64_t at[VERITY_LEVELS_MAX]; /* [0] is the lowest level, which hashes data */
        uint64_t blocks[VERITY_LEVELS_MAX];
        uint64_t total; /* blocks of the whole hash partition, superblock too */
} VerityLayout;

int verity_layout(uint64_t data_blocks, VerityLayout *ret, Err *e) _must_check_;
