/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* As much of a squashfs as it takes to find a small file by its name
 * (Documentation/filesystems/squashfs.rst, "Squashfs Filesystem Design";
 * fs/squashfs/squashfs_fs.h), little-endian, version 4.0.
 *
 * Folders and inodes stand in tables, which are cut into metadata blocks: each has a head of two
 * bytes, and holds up to SQUASHFS_META bytes once it is unpacked. Whoever reads does the unpacking;
 * what is parsed here was unpacked before, but for the heads and the superblock. */
enum {
        SQUASHFS_SUPERBLOCK_SIZE = 96,
        SQUASHFS_META = 8192,
        SQUASHFS_META_HEAD = 2,
        SQUASHFS_INODE_MAX = 56, /* bytes of the longest that is read, without what follows it */
        SQUASHFS_BLOCK_MAX = 1024 * 1024,
        SQUASHFS_FRAGMENT = 16, /* bytes that say where a block of tails lies */
        SQUASHFS_FRAGMENTS = SQUASHFS_META / SQUASHFS_FRAGMENT, /* in a metadata block */
};

typedef enum SquashfsPacking {
        SQUASHFS_GZIP = 1,
        SQUASHFS_LZMA,
        SQUASHFS_LZO,
        SQUASHFS_XZ,
        SQUASHFS_LZ4,
        SQUASHFS_ZSTD,
} SquashfsPacking;

typedef struct SquashfsSuperblock {
        SquashfsPacking packing;
        uint64_t size;        /* bytes in use */
        uint64_t root;        /* reference of the root folder's inode */
        uint32_t block_size;  /* of files, unpacked */
        uint32_t n_fragments; /* blocks that hold the tails of files */
        uint64_t inodes, folders, fragments,
                        ends; /* where the tables begin; "ends": the folders' */
} SquashfsSuperblock;

/* bytes: SQUASHFS_SUPERBLOCK_SIZE, or more. */
int squashfs_superblock_parse(Span bytes, SquashfsSuperblock *ret, Err *e) _must_check_;

/* Where a reference leads: a metadata block of the table of inodes (its head), and an offset in it
 * once it is unpacked, below SQUASHFS_META. */
int squashfs_inode_at(const SquashfsSuperblock *sb, uint64_t reference, uint64_t *ret_block,
                uint32_t *ret_offset, Err *e) _must_check_;

/* Bytes that stand in the file system, packed or as they are. */
typedef struct SquashfsBlock {
        uint64_t at;
        uint32_t size;
        bool packed;
} SquashfsBlock;

/* A metadata block, by its head, which stands at "at". */
int squashfs_meta_parse(const SquashfsSuperblock *sb, uint64_t at, Span head, SquashfsBlock *ret,
                Err *e) _must_check_;

typedef struct SquashfsInode {
        uint16_t mode; /* with the file's type */
        uint64_t size; /* of a folder's list, or of a file */

        /* of a folder: its list, as an inode is found (squashfs_inode_at()) */
        uint64_t list_block;
        uint32_t list_offset;

        /* of a file: */
        uint64_t blocks;            /* where the first one stands; they stand behind one another */
        uint64_t n_blocks;          /* the last one may hold less than block_size */
        uint32_t sizes_at;          /* where their sizes begin, four bytes each, behind the inode */
        bool has_tail;              /* what is left of it, less than block_size, is... */
        uint32_t tail, tail_offset; /* ...in this block of tails, from that byte on */
} SquashfsInode;

/* bytes: SQUASHFS_INODE_MAX from where the inode begins, or fewer where the table ends. */
int squashfs_inode_parse(
                const SquashfsSuperblock *sb, Span bytes, SquashfsInode *ret, Err *e) _must_check_;

/* A block of a file that stands at "at", by its four bytes; one of size 0 is all zeros. */
int squashfs_size_parse(const SquashfsSuperblock *sb, uint64_t at, Span bytes, SquashfsBlock *ret,
                Err *e) _must_check_;

/* A block of tails, by its SQUASHFS_FRAGMENT bytes. */
int squashfs_fragment_parse(
                const SquashfsSuperblock *sb, Span bytes, SquashfsBlock *ret, Err *e) _must_check_;

/* The list of a folder, entry for entry; begins with { .bytes = ... }. */
typedef struct SquashfsList {
        Span bytes;
        size_t at;
        uint32_t left;  /* entries under this head... */
        uint32_t block; /* ...whose inodes are in this metadata block of their table */
} SquashfsList;

typedef struct SquashfsEntry {
        uint64_t reference; /* of its inode */
        Span name;          /* not empty, no slash or NUL in it; borrowed */
} SquashfsEntry;

/* 1 and the entry, 0 after the last. */
int squashfs_entry_next(SquashfsList *l, SquashfsEntry *ret, Err *e) _must_check_;
