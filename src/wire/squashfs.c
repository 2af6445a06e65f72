/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/squashfs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cursor.h"

static const uint32_t MAGIC = 0x73717368;

enum {
        LONG = 7, /* what is added to a type for the longer form of its inode */
        TYPES = 14,
        INODE_HEAD = 16,
        LIST_EXTRA = 3, /* a list's size counts "." and "..", which it does not hold */
        ENTRIES_MAX = 256,
        BLOCK_BITS_MIN = 12,
        BLOCK_BITS_MAX = 20,
};

static const uint32_t NO_TAIL = UINT32_MAX;
static const uint32_t AS_IT_IS = 1 << 24;

/* Size and place are compared with what is left, so that no sum wraps. */
static bool lies_within(uint64_t at, uint64_t size, uint64_t end) {
        return at <= end && size <= end - at;
}

/* Files come first, then the inodes, the folders, and the tails' table, where there is one. */
static int check_tables(const SquashfsSuperblock *sb, Err *e) {
        if (sb->inodes < SQUASHFS_SUPERBLOCK_SIZE || sb->inodes >= sb->folders ||
                        sb->folders >= sb->ends || sb->ends > sb->size)
                return err_set(e, -EBADMSG, "squashfs superblock: its tables are in disorder");
        if (sb->n_fragments > 0 &&
                        (sb->fragments < sb->ends || !lies_within(sb->fragments, 8, sb->size)))
                return err_set(e, -EBADMSG, "squashfs superblock: the table of tails lies outside");
        return 0;
}

int squashfs_superblock_parse(Span bytes, SquashfsSuperblock *ret, Err *e) {
        Cursor c = cursor_over((Span){ bytes.data, bytes.size < SQUASHFS_SUPERBLOCK_SIZE
                                                                   ? bytes.size
                                                                   : SQUASHFS_SUPERBLOCK_SIZE });
        SquashfsSuperblock sb = {};
        uint16_t packing, bits, major, minor;
        uint64_t ids, block;
        uint32_t magic, offset;
        int rc;

        magic = cursor_u32le(&c);
        (void) cursor_bytes(&c, 8); /* inodes, time */
        sb.block_size = cursor_u32le(&c);
        sb.n_fragments = cursor_u32le(&c);
        packing = cursor_u16le(&c);
        bits = cursor_u16le(&c);
        (void) cursor_bytes(&c, 4); /* flags, which tell how mksquashfs was called; owners */
        major = cursor_u16le(&c);
        minor = cursor_u16le(&c);
        sb.root = cursor_u64le(&c);
        sb.size = cursor_u64le(&c);
        ids = cursor_u64le(&c);
        (void) cursor_u64le(&c); /* attributes */
        sb.inodes = cursor_u64le(&c);
        sb.folders = cursor_u64le(&c);
        sb.fragments = cursor_u64le(&c);
        (void) cursor_u64le(&c); /* inodes for NFS */
        rc = cursor_end(&c, "squashfs superblock", e);
        if (rc < 0)
                return rc;

        if (magic != MAGIC)
                return err_set(e, -EBADMSG, "squashfs superblock: not one");
        if (major != 4 || minor != 0)
                return err_set(e, -EBADMSG,
                                "squashfs superblock: of version %" PRIu16 ".%" PRIu16
                                ", and not 4.0",
                                major, minor);
        if (bits < BLOCK_BITS_MIN || bits > BLOCK_BITS_MAX || sb.block_size != UINT32_C(1) << bits)
                return err_set(e, -EBADMSG,
                                "squashfs superblock: two sizes of a block, or one that is none");
        if (packing < SQUASHFS_GZIP || packing > SQUASHFS_ZSTD)
                return err_set(e, -EBADMSG,
                                "squashfs superblock: packed as nothing known (%" PRIu16 ")",
                                packing);
        sb.packing = packing;
        /* the folders end where the next table begins */
        sb.ends = sb.n_fragments > 0 && sb.fragments < ids ? sb.fragments : ids;
        rc = check_tables(&sb, e);
        if (rc == 0)
                rc = squashfs_inode_at(&sb, sb.root, &block, &offset, e);
        if (rc < 0)
                return rc;

        *ret = sb;
        return 0;
}

/* A block of a table and an offset in it. */
static int place(uint64_t table, uint64_t end, uint64_t block, uint32_t offset, Err *e) {
        if (block >= end - table || offset >= SQUASHFS_META)
                return err_set(e, -EBADMSG,
                                "squashfs: block %" PRIu64 ", byte %" PRIu32
                                " lies outside of its table",
                                block, offset);
        return 0;
}

int squashfs_inode_at(const SquashfsSuperblock *sb, uint64_t reference, uint64_t *ret_block,
                uint32_t *ret_offset, Err *e) {
        uint64_t block = reference >> 16;
        uint32_t offset = reference & 0xffff;
        int rc = place(sb->inodes, sb->folders, block, offset, e);

        if (rc < 0)
                return rc;
        *ret_block = sb->inodes + block;
        *ret_offset = offset;
        return 0;
}

static int check_block(
                const SquashfsSuperblock *sb, const SquashfsBlock *b, uint32_t most, Err *e) {
        if (b->size > most || !lies_within(b->at, b->size, sb->size))
                return err_set(e, -EBADMSG,
                                "squashfs: the block at byte %" PRIu64 " is %" PRIu32
                                " bytes long, which cannot be",
                                b->at, b->size);
        return 0;
}

int squashfs_meta_parse(
                const SquashfsSuperblock *sb, uint64_t at, Span head, SquashfsBlock *ret, Err *e) {
        Cursor c = cursor_over(head);
        uint16_t word = cursor_u16le(&c);
        SquashfsBlock b = {
                .at = at + SQUASHFS_META_HEAD,
                .size = word & 0x7fff,
                .packed = (word & 0x8000) == 0,
        };
        int rc;

        rc = cursor_end(&c, "head of a metadata block", e);
        if (rc == 0 && b.size == 0)
                rc = err_set(e, -EBADMSG,
                                "squashfs: the metadata block at byte %" PRIu64 " is empty", at);
        if (rc == 0)
                rc = check_block(sb, &b, SQUASHFS_META, e);
        if (rc < 0)
                return rc;

        *ret = b;
        return 0;
}

/* struct squashfs_dir_inode, squashfs_ldir_inode */
static int read_folder(const SquashfsSuperblock *sb, Cursor *c, bool is_long, SquashfsInode *inode,
                Err *e) {
        uint32_t block, size;

        if (is_long) {
                (void) cursor_u32le(c); /* links */
                size = cursor_u32le(c);
                block = cursor_u32le(c);
                (void) cursor_bytes(c, 6); /* parent, index */
                inode->list_offset = cursor_u16le(c);
                (void) cursor_u32le(c); /* attributes */
        } else {
                block = cursor_u32le(c);
                (void) cursor_u32le(c); /* links */
                size = cursor_u16le(c);
                inode->list_offset = cursor_u16le(c);
                (void) cursor_u32le(c); /* parent */
        }
        if (cursor_failed(c))
                return 0; /* the caller says so */
        if (size < LIST_EXTRA)
                return err_set(e, -EBADMSG, "squashfs: a folder's list of %" PRIu32 " bytes", size);
        inode->size = size - LIST_EXTRA;
        inode->list_block = sb->folders + block;
        return inode->size > 0 ? place(sb->folders, sb->ends, block, inode->list_offset, e) : 0;
}

/* struct squashfs_reg_inode, squashfs_lreg_inode */
static int read_file(const SquashfsSuperblock *sb, Cursor *c, bool is_long, SquashfsInode *inode,
                Err *e) {
        inode->blocks = is_long ? cursor_u64le(c) : cursor_u32le(c);
        if (is_long) {
                inode->size = cursor_u64le(c);
                (void) cursor_bytes(c, 12); /* zeros that are not stored, links */
        }
        inode->tail = cursor_u32le(c);
        inode->tail_offset = cursor_u32le(c);
        if (is_long)
                (void) cursor_u32le(c); /* attributes */
        else
                inode->size = cursor_u32le(c);
        if (cursor_failed(c))
                return 0;
        inode->sizes_at = (uint32_t) c->at;
        inode->has_tail = inode->tail != NO_TAIL;
        if (inode->has_tail &&
                        (inode->tail >= sb->n_fragments || inode->tail_offset >= sb->block_size))
                return err_set(e, -EBADMSG,
                                "squashfs: a tail in block %" PRIu32 ", byte %" PRIu32
                                ", which is not there",
                                inode->tail, inode->tail_offset);
        inode->n_blocks = inode->size / sb->block_size;
        if (!inode->has_tail && inode->size % sb->block_size > 0)
                inode->n_blocks++;
        return 0;
}

static uint16_t mode_of(unsigned type, uint16_t rights) {
        static const uint16_t kinds[] = { 0, S_IFDIR, S_IFREG, S_IFLNK, S_IFBLK, S_IFCHR, S_IFIFO,
                S_IFSOCK };

        return (uint16_t) (kinds[type > LONG ? type - LONG : type] | (rights & 07777));
}

int squashfs_inode_parse(const SquashfsSuperblock *sb, Span bytes, SquashfsInode *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        SquashfsInode inode = {};
        uint16_t type, rights;
        int rc = 0;

        type = cursor_u16le(&c);
        rights = cursor_u16le(&c);
        (void) cursor_bytes(&c, INODE_HEAD - 4); /* owners, time, number */
        if (!cursor_failed(&c) && (type == 0 || type > TYPES))
                return err_set(e, -EBADMSG,
                                "squashfs: an inode of no type that is known (%" PRIu16 ")", type);
        if (!cursor_failed(&c))
                inode.mode = mode_of(type, rights);
        if (S_ISDIR(inode.mode))
                rc = read_folder(sb, &c, type > LONG, &inode, e);
        else if (S_ISREG(inode.mode))
                rc = read_file(sb, &c, type > LONG, &inode, e);
        if (cursor_failed(&c))
                rc = err_set(e, -EBADMSG, "squashfs: an inode is cut short");
        if (rc < 0)
                return rc;

        *ret = inode;
        return 0;
}

static int take_block(const SquashfsSuperblock *sb, uint64_t at, uint32_t word, SquashfsBlock *ret,
                Err *e) {
        SquashfsBlock b = { .at = at, .size = word & ~AS_IT_IS, .packed = (word & AS_IT_IS) == 0 };
        int rc = check_block(sb, &b, sb->block_size, e);

        if (rc < 0)
                return rc;
        *ret = b;
        return 0;
}

int squashfs_size_parse(
                const SquashfsSuperblock *sb, uint64_t at, Span bytes, SquashfsBlock *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        uint32_t word = cursor_u32le(&c);
        int rc = cursor_end(&c, "size of a block", e);

        return rc < 0 ? rc : take_block(sb, at, word, ret, e);
}

int squashfs_fragment_parse(const SquashfsSuperblock *sb, Span bytes, SquashfsBlock *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        uint64_t at = cursor_u64le(&c);
        uint32_t word = cursor_u32le(&c);
        int rc;

        (void) cursor_u32le(&c); /* unused */
        rc = cursor_end(&c, "entry of the table of tails", e);
        return rc < 0 ? rc : take_block(sb, at, word, ret, e);
}

/* struct squashfs_dir_header */
static void read_head(SquashfsList *l, Cursor *c) {
        uint32_t less = cursor_u32le(c); /* than the number of entries by one */

        l->block = cursor_u32le(c);
        (void) cursor_u32le(c); /* from where the inodes' numbers count */
        if (less >= ENTRIES_MAX)
                cursor_reject(c, "more entries than one head has");
        l->left = less + 1;
}

/* struct squashfs_dir_entry */
int squashfs_entry_next(SquashfsList *l, SquashfsEntry *ret, Err *e) {
        Cursor c = cursor_over(span_from(l->bytes, l->at));
        uint16_t offset;
        Span name;

        if (l->left == 0) {
                if (cursor_left(&c) == 0)
                        return 0;
                read_head(l, &c);
        }
        offset = cursor_u16le(&c);
        (void) cursor_bytes(&c, 4); /* number, type */
        name = cursor_bytes(&c, (size_t) cursor_u16le(&c) + 1);
        if (cursor_failed(&c) || memchr(name.data, '/', name.size) ||
                        memchr(name.data, '\0', name.size))
                return err_set(e, -EBADMSG, "squashfs: byte %zu of a folder's list makes no sense",
                                l->at);

        *ret = (SquashfsEntry){ .reference = (uint64_t) l->block << 16 | offset, .name = name };
        l->left--;
        l->at += c.at;
        return 1;
}
