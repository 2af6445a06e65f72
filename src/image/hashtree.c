/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/hashtree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"
#include "port/crypto-blocks.h"
#include "wire/veritysb.h"

/* One block of hashes, and the blocks below it. */
enum { PIECE = VERITY_DIGESTS_PER_BLOCK * VERITY_BLOCK };

/* A level of the tree under construction. A piece is one of its blocks. */
typedef struct Level {
        const HashTreeParams *p;
        BlockWay way;
        uint8_t *buffers;  /* PIECE bytes for each worker */
        uint64_t below_at; /* what is hashed: the data, or the level below */
        uint64_t n_below;
        uint64_t at;
} Level;

static void buffers_done(uint8_t **buffers) {
        free(*buffers);
}

static int check(const HashTreeParams *p, Err *e) {
        if (p->data_size == 0 || p->data_size % VERITY_BLOCK != 0 ||
                        p->data_at % VERITY_BLOCK != 0 || p->tree_at % VERITY_BLOCK != 0)
                return err_set(e, -EINVAL,
                                "%s: %" PRIu64 " bytes of data at %" PRIu64 ", tree at %" PRIu64
                                ": not in steps of %d",
                                p->name, p->data_size, p->data_at, p->tree_at, VERITY_BLOCK);
        if (p->salt.size > VERITY_SALT_MAX)
                return err_set(e, -EINVAL, "%s: a salt of %zu bytes; at most %d fit", p->name,
                                p->salt.size, VERITY_SALT_MAX);
        return 0;
}

static int make_block(void *user, unsigned worker, uint64_t piece, Err *e) {
        const Level *l = user;
        uint8_t *below = l->buffers + (size_t) worker * PIECE, block[VERITY_BLOCK] = {};
        uint64_t first = piece * VERITY_DIGESTS_PER_BLOCK, left = l->n_below - first;
        size_t n = left < VERITY_DIGESTS_PER_BLOCK ? (size_t) left : VERITY_DIGESTS_PER_BLOCK;
        int rc;

        rc = file_read_at(l->p->fd, l->p->name, l->below_at + first * VERITY_BLOCK, below,
                        n * VERITY_BLOCK, e);
        if (rc < 0)
                return rc;
        block_hashes(l->way, l->p->salt, below, n, block);
        return file_write_at(l->p->fd, l->p->name, l->at + piece * VERITY_BLOCK,
                        (Span){ block, sizeof(block) }, e);
}

static int make_levels(const HashTreeParams *p, const VerityLayout *layout, Level *l, Err *e) {
        l->below_at = p->data_at;
        l->n_below = p->data_size / VERITY_BLOCK;
        for (unsigned i = 0; i < layout->n_levels; i++) {
                Workers w = { .n = p->n_workers,
                        .n_pieces = layout->blocks[i],
                        .step = make_block,
                        .user = l };
                int rc;

                if (i == 0)
                        w.watcher = p->watcher;
                l->at = p->tree_at + layout->at[i] * VERITY_BLOCK;
                rc = workers_run(&w, e);
                if (rc < 0)
                        return rc;
                l->below_at = l->at;
                l->n_below = layout->blocks[i];
        }
        return 0;
}

/* The root hash is that of the one block that is left: the top of the tree, or the data. */
static int hash_top(const Level *l, Digest *ret, Err *e) {
        Digest root = digest_zero(HASH_SHA256);
        uint8_t block[VERITY_BLOCK];
        int rc;

        rc = file_read_at(l->p->fd, l->p->name, l->below_at, block, sizeof(block), e);
        if (rc < 0)
                return rc;
        block_hashes(BLOCK_WAY_ONE, l->p->salt, block, 1, root.bytes);
        *ret = root;
        return 0;
}

static int write_superblock(const HashTreeParams *p, Err *e) {
        _cleanup_(buf_done) Buf block = BUF_UP_TO(VERITY_BLOCK);
        VeritySuperblock sb = { .data_blocks = p->data_size / VERITY_BLOCK, .salt = p->salt };
        Span bytes;
        int rc;

        memcpy(sb.uuid, p->uuid, sizeof(sb.uuid));
        verity_superblock_write(&sb, &block);
        buf_zeros(&block, VERITY_BLOCK - VERITY_SUPERBLOCK_SIZE);
        rc = buf_end(&block, &bytes);
        if (rc < 0)
                return err_set(e, rc, "%s: no memory", p->name);
        return file_write_at(p->fd, p->name, p->tree_at, bytes, e);
}

int hash_tree_make(const HashTreeParams *p, Digest *ret_root, uint64_t *ret_size, Err *e) {
        _cleanup_(buffers_done) uint8_t *buffers = NULL;
        Level l = { .p = p, .way = block_way_best() };
        VerityLayout layout;
        int rc;

        rc = check(p, e);
        if (rc == 0)
                rc = verity_layout(p->data_size / VERITY_BLOCK, &layout, e);
        if (rc < 0)
                return rc;
        buffers = malloc((size_t) p->n_workers * PIECE);
        if (!buffers)
                return err_set(e, -ENOMEM, "%s: no memory", p->name);
        l.buffers = buffers;

        rc = make_levels(p, &layout, &l, e);
        if (rc == 0)
                rc = write_superblock(p, e);
        if (rc == 0)
                rc = hash_top(&l, ret_root, e);
        if (rc == 0)
                *ret_size = layout.total * VERITY_BLOCK;
        return rc;
}
