/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/erofs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an inode names lies within the file system, and adds up to the file. */
static void check_inode(const ErofsSuperblock *sb, uint64_t at, Span bytes) {
        uint64_t end = sb->blocks * EROFS_BLOCK;
        ErofsInode inode;
        Err e = {};

        if (erofs_inode_parse(sb, at, bytes, &inode, &e) < 0) {
                if (e.code == 0)
                        abort();
                return;
        }
        if (!inode.plain)
                return;
        if (inode.whole_size > inode.size ||
                        inode.size - inode.whole_size >=
                                        EROFS_BLOCK + (inode.whole_size == inode.size))
                abort();
        if (inode.whole_size > 0 && inode.whole + inode.whole_size > end)
                abort();
        if (inode.size > inode.whole_size && inode.tail + (inode.size - inode.whole_size) > end)
                abort();
}

/* Names point into the block, and are names; no more entries than fit. */
static void check_block(Span block) {
        ErofsEntry entry;
        size_t at = 0;
        unsigned n = 0;
        Err e = {};
        int rc;

        while ((rc = erofs_entry_next(block, &at, &entry, &e)) == 1) {
                if (entry.name.size == 0 || entry.name.data < block.data ||
                                entry.name.data + entry.name.size > block.data + block.size ||
                                memchr(entry.name.data, '/', entry.name.size))
                        abort();
                if (++n > EROFS_BLOCK / 12)
                        abort();
        }
        if (rc < 0 && e.code == 0)
                abort();
}

/* A superblock, an inode, and a block of a folder, one behind the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span all = { data, size }, rest;
        ErofsSuperblock sb;
        Err e = {};

        if (erofs_superblock_parse(all, &sb, &e) < 0) {
                if (e.code == 0)
                        abort();
                return 0;
        }
        if (sb.root < sb.meta || sb.root >= sb.blocks * EROFS_BLOCK)
                abort();
        rest = (Span){ data + EROFS_SUPERBLOCK_SIZE, size - EROFS_SUPERBLOCK_SIZE };
        check_inode(&sb, sb.root, rest);
        if (rest.size > EROFS_INODE_MAX)
                check_block(span_from(rest, EROFS_INODE_MAX));
        return 0;
}
