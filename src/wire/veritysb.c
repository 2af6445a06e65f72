/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/veritysb.h"

#include <assert.h>
#include <errno.h>

#include "base/cursor.h"

#define SIGNATURE SPAN_LITERAL("verity\0\0")
#define ALGORITHM SPAN_LITERAL("sha256")

enum { VERSION = 1, HASH_TYPE = 1, ALGORITHM_SIZE = 32, PAD_BEFORE_SALT = 6, PAD_AFTER_SALT = 168 };

static uint64_t read_data_blocks(Cursor *c) {
        size_t start = c->at;
        uint64_t n = cursor_u64le(c);

        if (n == 0)
                cursor_reject_at(c, start, "no data blocks");
        if (n > VERITY_DATA_BLOCKS_MAX)
                cursor_reject_at(c, start, "more data blocks than can be addressed");
        return n;
}

static Span read_salt(Cursor *c) {
        size_t start = c->at;
        uint16_t n = cursor_u16le(c);
        Span salt;

        if (n > VERITY_SALT_MAX) {
                cursor_reject_at(c, start, "the salt is longer than its field");
                return (Span){};
        }
        cursor_expect_zeros(c, PAD_BEFORE_SALT, "padding that is not zero");
        salt = cursor_bytes(c, n);
        cursor_expect_zeros(c, VERITY_SALT_MAX - n, "bytes after the end of the salt");
        return salt;
}

int verity_superblock_parse(Span bytes, VeritySuperblock *ret, Err *e) {
        Span head = { bytes.data,
                bytes.size < VERITY_SUPERBLOCK_SIZE ? bytes.size : VERITY_SUPERBLOCK_SIZE };
        Cursor c = cursor_over(head);
        VeritySuperblock sb = {};
        Span uuid;
        int rc;

        cursor_expect(&c, SIGNATURE, "not a verity superblock");
        cursor_expect_u32le(&c, VERSION, "not version 1");
        cursor_expect_u32le(&c, HASH_TYPE, "not hash type 1");
        uuid = cursor_bytes(&c, sizeof(sb.uuid));
        cursor_expect(&c, ALGORITHM, "the hash is not sha256");
        cursor_expect_zeros(&c, ALGORITHM_SIZE - ALGORITHM.size, "the hash is not sha256");
        cursor_expect_u32le(&c, VERITY_BLOCK, "data blocks are not of 4096 bytes");
        cursor_expect_u32le(&c, VERITY_BLOCK, "hash blocks are not of 4096 bytes");
        sb.data_blocks = read_data_blocks(&c);
        sb.salt = read_salt(&c);
        cursor_expect_zeros(&c, PAD_AFTER_SALT, "padding that is not zero");

        rc = cursor_end(&c, "verity superblock", e);
        if (rc < 0)
                return rc;
        memcpy(sb.uuid, uuid.data, sizeof(sb.uuid));

        *ret = sb;
        return 0;
}

void verity_superblock_write(const VeritySuperblock *sb, Buf *to) {
        assert(sb->salt.size <= VERITY_SALT_MAX);

        buf_bytes(to, SIGNATURE);
        buf_le(to, VERSION, 4);
        buf_le(to, HASH_TYPE, 4);
        buf_bytes(to, (Span){ sb->uuid, sizeof(sb->uuid) });
        buf_bytes(to, ALGORITHM);
        buf_zeros(to, ALGORITHM_SIZE - ALGORITHM.size);
        buf_le(to, VERITY_BLOCK, 4);
        buf_le(to, VERITY_BLOCK, 4);
        buf_le(to, sb->data_blocks, 8);
        buf_le(to, sb->salt.size, 2);
        buf_zeros(to, PAD_BEFORE_SALT);
        buf_bytes(to, sb->salt);
        buf_zeros(to, VERITY_SALT_MAX - sb->salt.size);
        buf_zeros(to, PAD_AFTER_SALT);
}

int verity_layout(uint64_t data_blocks, VerityLayout *ret, Err *e) {
        VerityLayout l = { .total = 1 };

        if (data_blocks == 0)
                return err_set(e, -EBADMSG, "a hash tree over no data blocks");
        if (data_blocks > VERITY_DATA_BLOCKS_MAX)
                return err_set(e, -EBADMSG,
                                "a hash tree over %llu data blocks: at most %llu can be addressed",
                                (unsigned long long) data_blocks,
                                (unsigned long long) VERITY_DATA_BLOCKS_MAX);

        /* 51 bits of blocks, 7 bits a level: eight levels at most */
        for (uint64_t below = data_blocks; below > 1; l.n_levels++) {
                assert(l.n_levels < VERITY_LEVELS_MAX);
                below = (below - 1) / VERITY_DIGESTS_PER_BLOCK + 1;
                l.blocks[l.n_levels] = below;
        }
        for (unsigned i = l.n_levels; i > 0; i--) {
                l.at[i - 1] = l.total;
                l.total += l.blocks[i - 1];
        }

        *ret = l;
        return 0;
}
