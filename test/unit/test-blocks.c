/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "port/crypto-blocks.h"
#include "port/crypto.h"

enum { BLOCKS = 35, SALT_MAX = 256 };

static const BlockWay ways[] = { BLOCK_WAY_ONE, BLOCK_WAY_AVX2, BLOCK_WAY_AVX512 };

/* No two blocks alike, and no two words of one. */
static void fill(uint8_t *bytes, size_t n) {
        uint32_t v = 1;

        for (size_t i = 0; i < n; i++) {
                v = v * 1664525 + 1013904223;
                bytes[i] = (uint8_t) (v >> 24);
        }
}

/* Every way that this processor knows gives what a plain hash gives, for every salt that a
 * superblock holds (each ends elsewhere in SHA-256's chunks of 64), and every number of blocks, so
 * that some are left over. Nothing behind the digests is written. */
static void every_way_is_the_plain_hash(void **state) {
        static uint8_t blocks[BLOCKS * BLOCK_SIZE], salt[SALT_MAX];
        static uint8_t digests[(BLOCKS + 1) * BLOCK_DIGEST_SIZE];
        static const uint8_t zeros[BLOCK_DIGEST_SIZE];

        (void) state;
        fill(blocks, sizeof(blocks));
        fill(salt, sizeof(salt));
        for (size_t i = 0; i < ELEMENTS(ways); i++) {
                if (!block_way_works(ways[i])) {
                        print_message("not tried: %d at once; this processor cannot\n",
                                        (int) ways[i]);
                        continue;
                }
                for (size_t size = 0; size <= SALT_MAX; size++) {
                        size_t n = size % (BLOCKS + 1);
                        Span s = { salt, size };

                        memset(digests, 0, sizeof(digests));
                        block_hashes(ways[i], s, blocks, n, digests);
                        for (size_t k = 0; k < n; k++) {
                                Span parts[] = { s, { blocks + k * BLOCK_SIZE, BLOCK_SIZE } };
                                Digest d;

                                assert_int_equal(hash_parts(HASH_SHA256, parts, 2, &d, NULL), 0);
                                assert_memory_equal(digests + k * BLOCK_DIGEST_SIZE, d.bytes,
                                                BLOCK_DIGEST_SIZE);
                        }
                        assert_memory_equal(digests + n * BLOCK_DIGEST_SIZE, zeros, sizeof(zeros));
                }
        }
}

static void the_best_way_works(void **state) {
        (void) state;
        assert_true(block_way_works(BLOCK_WAY_ONE));
        assert_true(block_way_works(block_way_best()));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_way_is_the_plain_hash),
                cmocka_unit_test(the_best_way_works),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
