/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/span.h"

/* SHA-256 of several blocks at once, a block in each lane of a wide vector (FIPS 180-4, 6.2). For
 * processors that have such vectors, but no instructions for SHA-256, this is three to four times
 * as fast as one block after another; OpenSSL offers nothing of the kind.
 *
 * lanes.c is compiled once for each width. Which of them a processor can run, crypto-blocks.c
 * knows. */
enum { LANES_BLOCK = 4096, LANES_DIGEST = 32 };

/* digests[i] = SHA-256(salt || blocks[i]), for as many blocks as the name says. */
typedef void LanesHash(Span salt, const uint8_t *blocks, uint8_t *digests);

LanesHash lanes_hash_8;  /* AVX2 */
LanesHash lanes_hash_16; /* AVX-512 */
