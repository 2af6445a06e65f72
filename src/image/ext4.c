/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/ext4.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"
#include "base/file.h"
#include "port/interrupt.h"

enum {
        SUPERBLOCK_AT = 1024,
        SUPERBLOCK = 1024,
        DESCRIPTOR = 32, /* struct ext4_group_desc without the feature 64bit */
        CHUNK = 64 * 1024,
        MAGIC = 0xef53,
        ROOT = 2,              /* number of the root folder; the first inode is 1 */
        EXTRA_WITH_TIMES = 24, /* of i_extra_isize: up to the time of creation */
};

/* What moves things about, or has a checksum over what is written here. */
enum { INCOMPATIBLE = 0x10 | 0x80 /* meta_bg, 64bit */, READ_ONLY = 0x10 | 0x400 /* checksums */ };

typedef struct Ext4 {
        int fd;
        const char *name;
        uint32_t inodes, blocks, free_blocks, first_block, blocks_per_group, inodes_per_group;
        uint32_t n_groups;
} Ext4;

static int odd(const Ext4 *fs, Err *e) {
        return err_set(e, -EIO, "%s: what mke2fs left is not the ext4 that it was asked for",
                        fs->name);
}

static bool is_ours(const Ext4 *fs, uint32_t block_bits, uint16_t magic, uint16_t inode_size,
                uint32_t incompatible, uint32_t read_only) {
        return magic == MAGIC && block_bits == 2 && inode_size == EXT4_INODE &&
               (incompatible & INCOMPATIBLE) == 0 && (read_only & READ_ONLY) == 0 &&
               fs->blocks > fs->first_block && fs->free_blocks < fs->blocks &&
               fs->blocks_per_group > 0 && fs->inodes_per_group > 0 &&
               fs->inodes_per_group % (EXT4_BLOCK / EXT4_INODE) == 0;
}

static int open_superblock(int fd, const char *name, Ext4 *ret, Err *e) {
        uint8_t head[SUPERBLOCK];
        Cursor c = cursor_over((Span){ head, sizeof(head) });
        Ext4 fs = { .fd = fd, .name = name };
        uint32_t block_bits, incompatible, read_only;
        uint16_t magic, inode_size;
        struct stat st;
        int rc;

        rc = file_read_at(fd, name, SUPERBLOCK_AT, head, sizeof(head), e);
        if (rc < 0)
                return rc;
        fs.inodes = cursor_u32le(&c);
        fs.blocks = cursor_u32le(&c);
        (void) cursor_u32le(&c); /* reserved for root */
        fs.free_blocks = cursor_u32le(&c);
        (void) cursor_u32le(&c);
        fs.first_block = cursor_u32le(&c);
        block_bits = cursor_u32le(&c);
        (void) cursor_u32le(&c);
        fs.blocks_per_group = cursor_u32le(&c);
        (void) cursor_u32le(&c);
        fs.inodes_per_group = cursor_u32le(&c);
        (void) cursor_bytes(&c, 12);
        magic = cursor_u16le(&c);
        (void) cursor_bytes(&c, 30);
        inode_size = cursor_u16le(&c);
        (void) cursor_bytes(&c, 6);
        incompatible = cursor_u32le(&c);
        read_only = cursor_u32le(&c);
        if (cursor_failed(&c) ||
                        !is_ours(&fs, block_bits, magic, inode_size, incompatible, read_only))
                return odd(&fs, e);
        if (fstat(fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", name, strerror(errno));
        fs.n_groups = (fs.blocks - fs.first_block - 1) / fs.blocks_per_group + 1;
        if ((uint64_t) st.st_size != (uint64_t) fs.blocks * EXT4_BLOCK ||
                        (uint64_t) fs.n_groups * fs.inodes_per_group != fs.inodes)
                return odd(&fs, e);

        *ret = fs;
        return 0;
}

int ext4_used(int fd, const char *name, uint64_t *ret_size, uint64_t *ret_used, Err *e) {
        Ext4 fs = {};
        int rc;

        rc = open_superblock(fd, name, &fs, e);
        if (rc < 0)
                return rc;
        *ret_size = (uint64_t) fs.blocks * EXT4_BLOCK;
        *ret_used = fs.blocks - fs.free_blocks;
        return 0;
}

static void put16(uint8_t *to, uint32_t value) {
        to[0] = (uint8_t) value;
        to[1] = (uint8_t) (value >> 8);
}

static void put32(uint8_t *to, uint64_t value) {
        put16(to, (uint32_t) value);
        put16(to + 2, (uint32_t) (value >> 16));
}

/* i_atime and its like are signed, and i_atime_extra has what goes beyond ("Inode Timestamps"). */
static void put_time(uint8_t *inode, size_t at, size_t extra_at, bool extra, uint64_t epoch) {
        put32(inode + at, epoch);
        if (extra)
                put32(inode + extra_at, ((epoch + (UINT64_C(1) << 31)) >> 32) & 3);
}

static void put_owner(uint8_t *inode, uint32_t uid, uint32_t gid) {
        put16(inode + 0x02, uid);
        put16(inode + 0x78, uid >> 16);
        put16(inode + 0x18, gid);
        put16(inode + 0x7a, gid >> 16);
}

static void dress_inode(uint8_t *inode, uint64_t number, const Ext4Dress *d) {
        static const uint8_t unused[EXT4_INODE];
        bool extra;

        if (memcmp(inode, unused, sizeof(unused)) == 0)
                return;
        extra = inode[0x80] >= EXTRA_WITH_TIMES;
        put_time(inode, 0x08, 0x8c, extra, d->epoch); /* read */
        put_time(inode, 0x0c, 0x84, extra, d->epoch); /* changed */
        put_time(inode, 0x10, 0x88, extra, d->epoch); /* written */
        if (extra)
                put_time(inode, 0x90, 0x94, extra, d->epoch); /* created */
        if (number == ROOT) {
                put16(inode, d->folder.st_mode);
                put_owner(inode, d->folder.st_uid, d->folder.st_gid);
        }
        if (!d->keep_owners)
                put_owner(inode, 0, 0);
}

static int dress_table(const Ext4 *fs, uint64_t at, uint64_t first, const Ext4Dress *d, Err *e) {
        uint8_t chunk[CHUNK];
        uint64_t size = (uint64_t) fs->inodes_per_group * EXT4_INODE;

        for (uint64_t done = 0; done < size; done += CHUNK) {
                size_t n = size - done < CHUNK ? (size_t) (size - done) : CHUNK;
                int rc;

                rc = file_read_at(fs->fd, fs->name, at + done, chunk, n, e);
                if (rc < 0)
                        return rc;
                for (size_t i = 0; i < n; i += EXT4_INODE)
                        dress_inode(chunk + i, first + (done + i) / EXT4_INODE, d);
                rc = file_write_at(fs->fd, fs->name, at + done, (Span){ chunk, n }, e);
                if (rc == 0)
                        rc = interrupt_check(e);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* The inodes of one group of blocks, whose place its descriptor tells. */
static int dress_group(const Ext4 *fs, uint32_t group, const Ext4Dress *d, Err *e) {
        uint64_t at = ((uint64_t) fs->first_block + 1) * EXT4_BLOCK + (uint64_t) group * DESCRIPTOR;
        uint8_t bytes[DESCRIPTOR];
        Cursor c = cursor_over((Span){ bytes, sizeof(bytes) });
        uint64_t table, blocks = fs->inodes_per_group / (EXT4_BLOCK / EXT4_INODE);
        int rc;

        rc = file_read_at(fs->fd, fs->name, at, bytes, sizeof(bytes), e);
        if (rc < 0)
                return rc;
        (void) cursor_bytes(&c, 8); /* bitmaps */
        table = cursor_u32le(&c);
        if (table >= fs->blocks || blocks > fs->blocks - table)
                return odd(fs, e);
        return dress_table(
                        fs, table * EXT4_BLOCK, (uint64_t) group * fs->inodes_per_group + 1, d, e);
}

/* There is one superblock: copies of it are for disks that lose blocks. */
static int dress_superblock(const Ext4 *fs, const Ext4Dress *d, Err *e) {
        uint8_t bytes[SUPERBLOCK], high = (uint8_t) (d->epoch >> 32);
        int rc;

        rc = file_read_at(fs->fd, fs->name, SUPERBLOCK_AT, bytes, sizeof(bytes), e);
        if (rc < 0)
                return rc;
        put32(bytes + 0x30, d->epoch);  /* written */
        put32(bytes + 0x40, d->epoch);  /* checked */
        put32(bytes + 0x108, d->epoch); /* made */
        bytes[0x274] = bytes[0x276] = bytes[0x277] = high;
        memset(bytes + 0x178, 0, 8); /* bytes that were written in its life */
        return file_write_at(fs->fd, fs->name, SUPERBLOCK_AT, (Span){ bytes, sizeof(bytes) }, e);
}

int ext4_dress(int fd, const char *name, const Ext4Dress *d, Err *e) {
        Ext4 fs = {};
        int rc;

        rc = open_superblock(fd, name, &fs, e);
        for (uint32_t i = 0; rc == 0 && i < fs.n_groups; i++)
                rc = dress_group(&fs, i, d, e);
        return rc < 0 ? rc : dress_superblock(&fs, d, e);
}
