/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/stat.h>

#include "wire/squashfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
        if (!holds)
                abort();
}

/* What is refused is explained. */
static bool taken(int rc, const Err *e) {
        must((rc < 0) == (e->code < 0));
        return rc >= 0;
}

static void check_block(const SquashfsSuperblock *sb, const SquashfsBlock *b, uint32_t most) {
        must(b->size <= most && b->at <= sb->size && b->size <= sb->size - b->at);
}

/* What an inode names lies in its table, and adds up to the file. */
static void check_inode(const SquashfsSuperblock *sb, Span bytes) {
        SquashfsInode n;
        Err e = {};

        if (!taken(squashfs_inode_parse(sb, bytes, &n, &e), &e))
                return;
        if (S_ISDIR(n.mode) && n.size > 0)
                must(n.list_block >= sb->folders && n.list_block < sb->ends &&
                                n.list_offset < SQUASHFS_META);
        if (!S_ISREG(n.mode))
                return;
        must(n.sizes_at <= SQUASHFS_INODE_MAX && n.sizes_at <= bytes.size);
        must(n.has_tail ? n.tail < sb->n_fragments && n.tail_offset < sb->block_size &&
                                                        n.size - n.n_blocks * sb->block_size <
                                                                        sb->block_size
                        : n.n_blocks == n.size / sb->block_size + (n.size % sb->block_size > 0));
}

/* Names point into the list, and are names; it ends. */
static void check_list(Span bytes) {
        SquashfsList l = { .bytes = bytes };
        SquashfsEntry entry;
        size_t at = 0;
        Err e = {};
        int rc;

        while ((rc = squashfs_entry_next(&l, &entry, &e)) == 1) {
                must(entry.name.size > 0 && entry.name.data >= bytes.data &&
                                entry.name.data + entry.name.size <= bytes.data + bytes.size);
                must(!memchr(entry.name.data, '/', entry.name.size));
                must(l.at > at && l.at <= bytes.size);
                at = l.at;
        }
        (void) taken(rc, &e);
}

/* A superblock, a metadata block's head, an entry of the table of tails, and an inode or a list. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span all = { data, size }, rest;
        SquashfsSuperblock sb;
        SquashfsBlock b;
        Err e = {}, why = {};

        if (!taken(squashfs_superblock_parse(all, &sb, &e), &e))
                return 0;
        must(sb.inodes < sb.folders && sb.folders < sb.ends && sb.ends <= sb.size);
        must(sb.block_size >= 4096 && sb.block_size <= SQUASHFS_BLOCK_MAX);
        rest = (Span){ data + SQUASHFS_SUPERBLOCK_SIZE, size - SQUASHFS_SUPERBLOCK_SIZE };
        if (rest.size < SQUASHFS_META_HEAD + SQUASHFS_FRAGMENT)
                return 0;
        if (taken(squashfs_meta_parse(
                                  &sb, sb.inodes, (Span){ rest.data, SQUASHFS_META_HEAD }, &b, &e),
                            &e)) {
                check_block(&sb, &b, SQUASHFS_META);
                must(b.size > 0);
        }
        rest = span_from(rest, SQUASHFS_META_HEAD);
        if (taken(squashfs_fragment_parse(&sb, (Span){ rest.data, SQUASHFS_FRAGMENT }, &b, &why),
                            &why))
                check_block(&sb, &b, sb.block_size);
        rest = span_from(rest, SQUASHFS_FRAGMENT);
        check_inode(&sb, rest);
        check_list(rest);
        return 0;
}
