/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/tree.h"

#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "port/crypto-blocks.h"

/* What one thread has: the way from the root to where it is, each block of it found good, and the
 * data blocks below the lowest. */
typedef struct Path {
        struct {
                bool known;
                uint64_t index;
                uint8_t bytes[VERITY_BLOCK];
        } blocks[VERITY_LEVELS_MAX];
        uint8_t data[VERITY_DIGESTS_PER_BLOCK * VERITY_BLOCK];
        uint8_t digests[VERITY_DIGESTS_PER_BLOCK * BLOCK_DIGEST_SIZE];
} Path;

/* What all threads share. A piece is what lies below one block of the lowest level. */
typedef struct Walk {
        int fd;
        const char *name;
        const Tree *tree;
        const Digest *root;
        VerityLayout layout;
        BlockWay way;
        Path *paths; /* one for each worker */
} Walk;

static void walk_done(Walk *w) {
        free(w->paths);
}

static int walk_new(int fd, const char *name, const Tree *t, const Digest *root, unsigned n_workers,
                Walk *ret, Err *e) {
        Walk w = { .fd = fd, .name = name, .tree = t, .root = root, .way = block_way_best() };
        int rc;

        rc = verity_layout(t->data_blocks, &w.layout, e);
        if (rc < 0)
                return rc;
        w.paths = calloc(n_workers, sizeof(*w.paths));
        if (!w.paths)
                return err_set(e, -ENOMEM, "%s: no memory", name);
        *ret = w;
        return 0;
}

static Span salt_of(const Tree *t) {
        return (Span){ t->salt, t->salt_size };
}

/* how: "data block" */
static int differs(const Walk *w, const char *what, uint64_t number, uint64_t at, Err *e) {
        return err_set(e, -EBADMSG,
                        "%s: %s %llu, at byte %llu of the file, is not what its hash says; the "
                        "image was damaged or changed",
                        w->name, what, (unsigned long long) number, (unsigned long long) at);
}

/* How many blocks lie below one of the tree. */
static uint64_t children(const Walk *w, unsigned level, uint64_t index) {
        uint64_t all = level == 0 ? w->tree->data_blocks : w->layout.blocks[level - 1];
        uint64_t left = all - index * VERITY_DIGESTS_PER_BLOCK;

        return left < VERITY_DIGESTS_PER_BLOCK ? left : VERITY_DIGESTS_PER_BLOCK;
}

/* Reads a block of the tree, and compares it with the hash that stands for it. */
static int read_block(const Walk *w, unsigned level, uint64_t index, const uint8_t *expected,
                uint8_t *block, Err *e) {
        uint64_t number = w->layout.at[level] + index;
        uint64_t at = w->tree->hash_offset + number * VERITY_BLOCK;
        size_t used = (size_t) children(w, level, index) * BLOCK_DIGEST_SIZE;
        uint8_t digest[BLOCK_DIGEST_SIZE];
        int rc;

        rc = file_read_at(w->fd, w->name, at, block, VERITY_BLOCK, e);
        if (rc < 0)
                return rc;
        block_hashes(BLOCK_WAY_ONE, salt_of(w->tree), block, 1, digest);
        if (memcmp(digest, expected, sizeof(digest)) != 0)
                return differs(w, "hash tree block", number, at, e);
        if (!span_is_zero((Span){ block + used, VERITY_BLOCK - used }))
                return err_set(e, -EBADMSG,
                                "%s: the hash tree is over more than the %llu data blocks of the "
                                "superblock; the superblock was changed",
                                w->name, (unsigned long long) w->tree->data_blocks);
        return 0;
}

/* A block of the tree that holds, as all above it do. At most eight levels, so eight calls deep. */
static int find_block(const Walk *w, Path *p, unsigned level, uint64_t index, const uint8_t **ret,
                Err *e) {
        const uint8_t *expected = w->root->bytes;
        int rc;

        *ret = p->blocks[level].bytes;
        if (p->blocks[level].known && p->blocks[level].index == index)
                return 0;
        if (level + 1 < w->layout.n_levels) {
                rc = find_block(w, p, level + 1, index / VERITY_DIGESTS_PER_BLOCK, &expected, e);
                if (rc < 0)
                        return rc;
                expected += index % VERITY_DIGESTS_PER_BLOCK * BLOCK_DIGEST_SIZE;
        }
        p->blocks[level].known = false;
        rc = read_block(w, level, index, expected, p->blocks[level].bytes, e);
        if (rc < 0)
                return rc;
        p->blocks[level].known = true;
        p->blocks[level].index = index;
        return 0;
}

static int compare_data(
                const Walk *w, Path *p, uint64_t first, size_t n, const uint8_t *expected, Err *e) {
        uint64_t at = w->tree->data_offset + first * VERITY_BLOCK;
        int rc;

        rc = file_read_at(w->fd, w->name, at, p->data, n * VERITY_BLOCK, e);
        if (rc < 0)
                return rc;
        block_hashes(w->way, salt_of(w->tree), p->data, n, p->digests);
        for (size_t i = 0; i < n; i++)
                if (memcmp(p->digests + i * BLOCK_DIGEST_SIZE, expected + i * BLOCK_DIGEST_SIZE,
                                    BLOCK_DIGEST_SIZE) != 0)
                        return differs(w, "data block", first + i, at + i * VERITY_BLOCK, e);
        return 0;
}

/* last: of the data blocks only the last. */
static int check_piece(const Walk *w, Path *p, uint64_t piece, bool last, Err *e) {
        const uint8_t *hashes = w->root->bytes; /* of the one data block, where there is no tree */
        uint64_t n = children(w, 0, piece), skip = last ? n - 1 : 0;
        int rc = 0;

        if (w->layout.n_levels > 0)
                rc = find_block(w, p, 0, piece, &hashes, e);
        if (rc < 0)
                return rc;
        return compare_data(w, p, piece * VERITY_DIGESTS_PER_BLOCK + skip, (size_t) (n - skip),
                        hashes + skip * BLOCK_DIGEST_SIZE, e);
}

static int step(void *user, unsigned worker, uint64_t piece, Err *e) {
        const Walk *w = user;

        return check_piece(w, &w->paths[worker], piece, false, e);
}

static uint64_t pieces(const Walk *w) {
        return w->layout.n_levels > 0 ? w->layout.blocks[0] : 1;
}

int tree_root(int fd, const char *name, const Tree *t, Digest *ret, Err *e) {
        Digest root = digest_zero(HASH_SHA256);
        uint8_t block[VERITY_BLOCK];
        VerityLayout layout;
        uint64_t at;
        int rc;

        rc = verity_layout(t->data_blocks, &layout, e);
        if (rc < 0)
                return rc;
        at = layout.n_levels == 0 ? t->data_offset : t->hash_offset + VERITY_BLOCK;
        rc = file_read_at(fd, name, at, block, sizeof(block), e);
        if (rc < 0)
                return rc;
        block_hashes(BLOCK_WAY_ONE, salt_of(t), block, 1, root.bytes);
        *ret = root;
        return 0;
}

int tree_check_last(int fd, const char *name, const Tree *t, const Digest *root, Err *e) {
        _cleanup_(walk_done) Walk w = {};
        int rc;

        rc = walk_new(fd, name, t, root, 1, &w, e);
        return rc < 0 ? rc : check_piece(&w, w.paths, pieces(&w) - 1, true, e);
}

int tree_check(int fd, const char *name, const Tree *t, const Digest *root, unsigned n_workers,
                const Watcher *watcher, Err *e) {
        _cleanup_(walk_done) Walk w = {};
        Workers workers = { .n = n_workers, .step = step, .user = &w };
        int rc;

        rc = walk_new(fd, name, t, root, n_workers, &w, e);
        if (rc < 0)
                return rc;
        workers.n_pieces = pieces(&w);
        if (watcher)
                workers.watcher = *watcher;
        return workers_run(&workers, e);
}
