/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/* Hashes of blocks of 4096 bytes, each SHA-256(salt || block): what dm-verity trees are made of
 * (cryptsetup wiki, DMVerity, "Hash tree"). Many at once, in the way that suits the processor best.
 * Nothing here can fail, nothing is shared, and any thread may call it. */
enum { BLOCK_SIZE = 4096, BLOCK_DIGEST_SIZE = 32 };

/* How many blocks go through the processor at once. */
typedef enum BlockWay {
        BLOCK_WAY_ONE = 1, /* OpenSSL's, with the instructions for SHA-256 where there are any */
        BLOCK_WAY_AVX2 = 8,
        BLOCK_WAY_AVX512 = 16,
} BlockWay;

/* Whether this processor, and this build, knows the way. */
bool block_way_works(BlockWay way);
/* The fastest that works. */
BlockWay block_way_best(void);

/* digests: BLOCK_DIGEST_SIZE bytes for each block. */
void block_hashes(BlockWay way, Span salt, const uint8_t *blocks, size_t n, uint8_t *digests);
