/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "port/crypto-blocks.h"

#include <openssl/sha.h>

#include "port/lanes.h"

#ifdef __x86_64__
#include <cpuid.h>

/* Intel SDM, CPUID leaf 7: instructions for SHA-256. __builtin_cpu_supports() of clang 14 does not
 * know them. */
static bool has_sha(void) {
        unsigned a, b = 0, c, d;

        return __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 && (b & bit_SHA) != 0;
}

static bool has(BlockWay way) {
        return way == BLOCK_WAY_AVX512 ? __builtin_cpu_supports("avx512f") != 0
                                       : __builtin_cpu_supports("avx2") != 0;
}

static LanesHash *lanes_of(BlockWay way) {
        return way == BLOCK_WAY_AVX512 ? lanes_hash_16 : lanes_hash_8;
}
#else
static bool has_sha(void) {
        return true; /* or nothing better is known */
}

static bool has(BlockWay way) {
        (void) way;
        return false;
}

static LanesHash *lanes_of(BlockWay way) {
        (void) way;
        return NULL;
}
#endif

bool block_way_works(BlockWay way) {
        return way == BLOCK_WAY_ONE || has(way);
}

BlockWay block_way_best(void) {
        if (has_sha())
                return BLOCK_WAY_ONE;
        if (has(BLOCK_WAY_AVX512))
                return BLOCK_WAY_AVX512;
        return has(BLOCK_WAY_AVX2) ? BLOCK_WAY_AVX2 : BLOCK_WAY_ONE;
}

/* OpenSSL's functions of the algorithm, not EVP: nothing to fetch, nothing to allocate, and what
 * the salt leaves behind is copied instead of computed again. */
static void hash_one(const SHA256_CTX *salted, const uint8_t *block, uint8_t *digest) {
        SHA256_CTX c = *salted;

        (void) SHA256_Update(&c, block, BLOCK_SIZE);
        (void) SHA256_Final(digest, &c);
}

void block_hashes(BlockWay way, Span salt, const uint8_t *blocks, size_t n, uint8_t *digests) {
        size_t step = (size_t) way, i = 0;
        SHA256_CTX salted;

        for (; step > 1 && n - i >= step; i += step)
                lanes_of(way)(salt, blocks + i * BLOCK_SIZE, digests + i * BLOCK_DIGEST_SIZE);
        if (i == n)
                return;
        (void) SHA256_Init(&salted);
        if (salt.size > 0)
                (void) SHA256_Update(&salted, salt.data, salt.size);
        for (; i < n; i++)
                hash_one(&salted, blocks + i * BLOCK_SIZE, digests + i * BLOCK_DIGEST_SIZE);
}
