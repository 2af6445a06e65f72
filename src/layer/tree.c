/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/tree.h"

#include <errno.h>

#include "base/file.h"
#include "port/crypto.h"

enum { SHA256_SIZE = 32 };

/* What a walk takes along. */
typedef struct Walk {
        int fd;
        const char *name;
        const Tree *tree;
        VerityLayout layout;
        Hasher *hasher;
        Buf data;  /* the data blocks below one block of the lowest level */
        bool last; /* only the last child of each block */
} Walk;

static void walk_done(Walk *w) {
        hasher_done(&w->hasher);
        buf_done(&w->data);
}

static int walk_new(int fd, const char *name, const Tree *t, bool last, Walk *ret, Err *e) {
        Walk w = { .fd = fd, .name = name, .tree = t, .last = last };
        int rc;

        rc = verity_layout(t->data_blocks, &w.layout, e);
        if (rc < 0)
                return rc;
        rc = hasher_new(HASH_SHA256, &w.hasher, e);
        if (rc < 0)
                return rc;
        w.data = BUF_UP_TO((size_t) VERITY_DIGESTS_PER_BLOCK * VERITY_BLOCK);
        *ret = w;
        return 0;
}

static int hash_block(Walk *w, const uint8_t *block, Digest *ret, Err *e) {
        int rc;

        rc = hasher_add(w->hasher, (Span){ w->tree->salt, w->tree->salt_size }, e);
        if (rc < 0)
                return rc;
        rc = hasher_add(w->hasher, (Span){ block, VERITY_BLOCK }, e);
        if (rc < 0)
                return rc;
        return hasher_end(w->hasher, ret, e);
}

/* A block and the hash that stands for it. what and offset say where it is, in its partition. */
static int compare(Walk *w, const uint8_t *block, const uint8_t *expected, const char *what,
                uint64_t offset, Err *e) {
        Digest d;
        int rc;

        rc = hash_block(w, block, &d, e);
        if (rc < 0)
                return rc;
        if (memcmp(d.bytes, expected, SHA256_SIZE) != 0)
                return err_set(e, -EBADMSG,
                                "%s: the block at byte %llu of the %s partition is not what its "
                                "hash says; the image was damaged or changed",
                                w->name, (unsigned long long) offset, what);
        return 0;
}

static int compare_data(Walk *w, uint64_t first, uint64_t n, const uint8_t *hashes, Err *e) {
        const Tree *t = w->tree;
        uint8_t *blocks;
        int rc;

        w->data.size = 0;
        blocks = buf_room(&w->data, (size_t) n * VERITY_BLOCK);
        if (!blocks)
                return err_set(e, w->data.failed, "%s: no memory", w->name);
        rc = file_read_at(w->fd, w->name, t->data_offset + first * VERITY_BLOCK, blocks,
                        (size_t) n * VERITY_BLOCK, e);
        if (rc < 0)
                return rc;
        for (uint64_t i = 0; i < n; i++) {
                rc = compare(w, blocks + i * VERITY_BLOCK, hashes + i * SHA256_SIZE, "data",
                                (first + i) * VERITY_BLOCK, e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* How many blocks lie below one of the tree. */
static uint64_t children(const Walk *w, unsigned level, uint64_t index) {
        uint64_t all = level == 0 ? w->tree->data_blocks : w->layout.blocks[level - 1];
        uint64_t left = all - index * VERITY_DIGESTS_PER_BLOCK;

        return left < VERITY_DIGESTS_PER_BLOCK ? left : VERITY_DIGESTS_PER_BLOCK;
}

/* A block of the tree, and all that lies below it. At most eight levels, so eight calls deep. */
static int walk(Walk *w, unsigned level, uint64_t index, const uint8_t *expected, Err *e) {
        const Tree *t = w->tree;
        uint64_t offset = (w->layout.at[level] + index) * VERITY_BLOCK;
        uint64_t first = index * VERITY_DIGESTS_PER_BLOCK, n = children(w, level, index);
        uint8_t block[VERITY_BLOCK];
        Span spare = { block + n * SHA256_SIZE, sizeof(block) - n * SHA256_SIZE };
        uint64_t i = w->last ? n - 1 : 0;
        int rc;

        rc = file_read_at(w->fd, w->name, t->hash_offset + offset, block, sizeof(block), e);
        if (rc < 0)
                return rc;
        rc = compare(w, block, expected, "hash", offset, e);
        if (rc < 0)
                return rc;
        if (!span_is_zero(spare))
                return err_set(e, -EBADMSG,
                                "%s: the hash tree is over more than the %llu data blocks of the "
                                "superblock; the superblock was changed",
                                w->name, (unsigned long long) t->data_blocks);
        if (level == 0)
                return compare_data(w, first + i, n - i, block + i * SHA256_SIZE, e);
        for (; rc == 0 && i < n; i++)
                rc = walk(w, level - 1, first + i, block + i * SHA256_SIZE, e);
        return rc;
}

static int check(int fd, const char *name, const Tree *t, const Digest *root, bool last, Err *e) {
        _cleanup_(walk_done) Walk w = {};
        int rc;

        rc = walk_new(fd, name, t, last, &w, e);
        if (rc < 0)
                return rc;
        if (w.layout.n_levels == 0) /* the root hash is the one data block's */
                return compare_data(&w, 0, 1, root->bytes, e);
        return walk(&w, w.layout.n_levels - 1, 0, root->bytes, e);
}

int tree_root(int fd, const char *name, const Tree *t, Digest *ret, Err *e) {
        _cleanup_(walk_done) Walk w = {};
        uint8_t block[VERITY_BLOCK];
        uint64_t at;
        int rc;

        rc = walk_new(fd, name, t, true, &w, e);
        if (rc < 0)
                return rc;
        at = w.layout.n_levels == 0 ? t->data_offset : t->hash_offset + VERITY_BLOCK;
        rc = file_read_at(fd, name, at, block, sizeof(block), e);
        if (rc < 0)
                return rc;
        return hash_block(&w, block, ret, e);
}

int tree_check_last(int fd, const char *name, const Tree *t, const Digest *root, Err *e) {
        return check(fd, name, t, root, true, e);
}

int tree_check(int fd, const char *name, const Tree *t, const Digest *root, Err *e) {
        return check(fd, name, t, root, false, e);
}
