/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/erofs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"

static const uint32_t MAGIC = 0xe0f5e1e2;

enum {
        BLOCK_BITS = 12,
        SLOT = 32,       /* an inode's number counts in these */
        ENTRY = 12,      /* struct erofs_dirent */
        XATTR_HEAD = 12, /* struct erofs_xattr_ibody_header */
        /* what is not known at all moves things about: from 0x80 on, block numbers of 48 bits */
        KNOWN_FEATURES = 0x7f,
};

/* Z_EROFS_COMPRESSED and its like are neither */
enum { LAYOUT_PLAIN = 0, LAYOUT_INLINE = 2, LAYOUT_MAX = 4 };

int erofs_superblock_parse(Span bytes, ErofsSuperblock *ret, Err *e) {
        Cursor c = cursor_over((Span){ bytes.data,
                        bytes.size < EROFS_SUPERBLOCK_SIZE ? bytes.size : EROFS_SUPERBLOCK_SIZE });
        uint32_t magic, features;
        uint8_t block_bits;
        uint16_t root;
        ErofsSuperblock sb = {};
        int rc;

        magic = cursor_u32le(&c);
        (void) cursor_bytes(&c, 8); /* checksum, compatible features */
        block_bits = cursor_u8(&c);
        (void) cursor_u8(&c); /* slots of a longer superblock */
        root = cursor_u16le(&c);
        (void) cursor_bytes(&c, 20); /* inodes, time */
        sb.blocks = cursor_u32le(&c);
        sb.meta = (uint64_t) cursor_u32le(&c) * EROFS_BLOCK;
        (void) cursor_bytes(&c, 36); /* attributes, UUID, label */
        features = cursor_u32le(&c);
        (void) cursor_bytes(&c, 44);
        rc = cursor_end(&c, "erofs superblock", e);
        if (rc < 0)
                return rc;

        if (magic != MAGIC)
                return err_set(e, -EBADMSG, "erofs superblock: not one");
        if (block_bits != BLOCK_BITS)
                return err_set(e, -EBADMSG, "erofs superblock: blocks are not of 4096 bytes");
        if (features > KNOWN_FEATURES)
                return err_set(e, -EBADMSG,
                                "erofs superblock: has features that are not known (0x%" PRIx32 ")",
                                features);
        rc = erofs_inode_at(&sb, root, &sb.root, e);
        if (rc < 0)
                return rc;

        *ret = sb;
        return 0;
}

int erofs_inode_at(const ErofsSuperblock *sb, uint64_t n, uint64_t *ret, Err *e) {
        uint64_t end = sb->blocks * EROFS_BLOCK;

        /* compared as a number of slots against what is left, so that nothing wraps */
        if (sb->meta >= end || n >= (end - sb->meta) / SLOT)
                return err_set(e, -EBADMSG,
                                "erofs: inode %" PRIu64 " lies outside of the file system", n);
        *ret = sb->meta + n * SLOT;
        return 0;
}

/* Where the bytes of a file stand that is laid out plainly. */
static int place(const ErofsSuperblock *sb, uint64_t behind, unsigned layout, uint32_t block,
                ErofsInode *inode, Err *e) {
        uint64_t end = sb->blocks * EROFS_BLOCK, tail_size;

        inode->whole_size = layout == LAYOUT_INLINE ? inode->size / EROFS_BLOCK * EROFS_BLOCK
                                                    : inode->size;
        inode->whole = (uint64_t) block * EROFS_BLOCK;
        inode->tail = behind;
        tail_size = inode->size - inode->whole_size;
        if (inode->whole_size > 0 && (inode->whole > end || inode->whole_size > end - inode->whole))
                return err_set(e, -EBADMSG,
                                "erofs: a file's blocks lie outside of the file system");
        if (tail_size > 0 && (inode->tail > end || tail_size > end - inode->tail))
                return err_set(e, -EBADMSG, "erofs: a file's tail lies outside of the file system");
        return 0;
}

int erofs_inode_parse(const ErofsSuperblock *sb, uint64_t at, Span bytes, ErofsInode *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        ErofsInode inode = {};
        uint16_t format, attributes;
        uint32_t block;
        unsigned layout;
        bool extended;
        int rc;

        format = cursor_u16le(&c);
        extended = (format & 1) != 0;
        layout = (format >> 1) & 7;
        attributes = cursor_u16le(&c);
        inode.mode = cursor_u16le(&c);
        (void) cursor_u16le(&c); /* links, or nothing */
        inode.size = extended ? cursor_u64le(&c) : cursor_u32le(&c);
        if (!extended)
                (void) cursor_u32le(&c);
        block = cursor_u32le(&c);
        (void) cursor_bytes(&c, extended ? 44 : 12); /* number, owners, time */
        if (cursor_failed(&c))
                return err_set(e, -EBADMSG, "erofs: the inode at byte %" PRIu64 " is cut short",
                                at);
        if (layout > LAYOUT_MAX)
                return err_set(e, -EBADMSG,
                                "erofs: the inode at byte %" PRIu64 " is laid out as nothing known",
                                at);

        inode.plain = layout == LAYOUT_PLAIN || layout == LAYOUT_INLINE;
        at += extended ? EROFS_INODE_MAX : SLOT;
        if (attributes > 0)
                at += XATTR_HEAD + 4 * ((uint64_t) attributes - 1);
        if (inode.plain) {
                rc = place(sb, at, layout, block, &inode, e);
                if (rc < 0)
                        return rc;
        }

        *ret = inode;
        return 0;
}

/* Where the name of the entry at this offset begins. */
static size_t name_at(Span block, size_t entry) {
        Cursor c = cursor_over((Span){ block.data + entry, ENTRY });

        (void) cursor_u64le(&c);
        return cursor_u16le(&c);
}

static int bad_block(Err *e) {
        return err_set(e, -EBADMSG, "erofs: the entries of a folder contradict one another");
}

/* The name: up to where the next one begins, or the block or a NUL ends. */
static int take_name(Span block, size_t entry, size_t entries, Span *ret, Err *e) {
        size_t begin = name_at(block, entry), end = block.size;
        Span name;

        if (entry + ENTRY < entries)
                end = name_at(block, entry + ENTRY);
        if (begin < entries || begin >= end || end > block.size)
                return bad_block(e);
        name = (Span){ block.data + begin, end - begin };
        if (entry + ENTRY >= entries) {
                const uint8_t *nul = memchr(name.data, '\0', name.size);

                name.size = nul ? (size_t) (nul - name.data) : name.size;
        }
        if (name.size == 0 || memchr(name.data, '/', name.size) ||
                        memchr(name.data, '\0', name.size))
                return bad_block(e);
        *ret = name;
        return 0;
}

int erofs_entry_next(Span block, size_t *at, ErofsEntry *ret, Err *e) {
        size_t entries; /* bytes of all entries: names begin behind them */
        Cursor c;
        int rc;

        if (block.size < ENTRY || block.size > EROFS_BLOCK)
                return bad_block(e);
        entries = name_at(block, 0);
        if (entries < ENTRY || entries % ENTRY != 0 || entries > block.size)
                return bad_block(e);
        if (*at >= entries)
                return 0;
        rc = take_name(block, *at, entries, &ret->name, e);
        if (rc < 0)
                return rc;

        c = cursor_over((Span){ block.data + *at, ENTRY });
        ret->inode = cursor_u64le(&c);
        *at += ENTRY;
        return 1;
}
