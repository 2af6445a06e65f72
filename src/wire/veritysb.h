/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/limits.h"

/* The superblock at the head of a dm-verity hash partition (cryptsetup wiki, DMVerity, "Verity
 * superblock format"), little-endian, 512 bytes. Only version 1, hash type 1, SHA-256, and blocks
 * of 4096 are taken: what UAPI.2 images have. */
enum { VERITY_SUPERBLOCK_SIZE = 512, VERITY_BLOCK = 4096, VERITY_DIGESTS_PER_BLOCK = 128 };

/* So many that their bytes, and those of the tree over them, still count in 63 bits. */
#define VERITY_DATA_BLOCKS_MAX (UINT64_MAX / 2 / VERITY_BLOCK)

typedef struct VeritySuperblock {
        uint8_t uuid[16];     /* in the order in which it is written as text */
        uint64_t data_blocks; /* 1 to VERITY_DATA_BLOCKS_MAX */
        Span salt;            /* at most VERITY_SALT_MAX bytes; borrowed from what was parsed */
} VeritySuperblock;

/* bytes: the first 512 bytes or more. Padding within the 512 must be zero, and so must what the
 * salt leaves unused; what comes after them is not looked at. */
int verity_superblock_parse(Span bytes, VeritySuperblock *ret, Err *e) _must_check_;
void verity_superblock_write(const VeritySuperblock *sb, Buf *to);

/* Where the levels of the hash tree lie, in blocks from the superblock's own (block 0): the top
 * level comes first, at block 1. The root hash is H(salt || the one block of the top level).
 *
 * A single data block has no level at all: the root hash is H(salt || that data block) itself, and
 * the hash partition holds the superblock alone. */
typedef struct VerityLayout {
        unsigned n_levels;              /* 0 to 8 */
        uint64_t at[VERITY_LEVELS_MAX]; /* [0] is the lowest level, which hashes data */
        uint64_t blocks[VERITY_LEVELS_MAX];
        uint64_t total; /* blocks of the whole hash partition, superblock too */
} VerityLayout;

/* -EBADMSG for no data blocks, or more than VERITY_DATA_BLOCKS_MAX. */
int verity_layout(uint64_t data_blocks, VerityLayout *ret, Err *e) _must_check_;
