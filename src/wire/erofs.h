/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/limits.h"

/* As much of an erofs as it takes to find a small file by its name
 * (Documentation/filesystems/erofs.rst, "On-disk details"; fs/erofs/erofs_fs.h), little-endian.
 * Only what is neither compressed nor chunked can be read; what is laid out otherwise is known for
 * that. */
enum {
        EROFS_BLOCK = 4096, /* blocks of another size are not taken */
        EROFS_SUPERBLOCK_AT = 1024,
        EROFS_SUPERBLOCK_SIZE = 128,
        EROFS_INODE_MAX = 64, /* bytes of the larger of its two forms */
};

typedef struct ErofsSuperblock {
        uint64_t root;   /* where the inode of the root folder begins, in bytes */
        uint64_t blocks; /* of the whole file system */
        uint64_t meta;   /* in bytes; inode n stands 32 * n behind it */
} ErofsSuperblock;

/* bytes: EROFS_SUPERBLOCK_SIZE from EROFS_SUPERBLOCK_AT on, or more. */
int erofs_superblock_parse(Span bytes, ErofsSuperblock *ret, Err *e) _must_check_;

/* Where inode n begins. -EBADMSG outside of the file system. */
int erofs_inode_at(const ErofsSuperblock *sb, uint64_t n, uint64_t *ret, Err *e) _must_check_;

typedef struct ErofsInode {
        uint16_t mode; /* with the file's type */
        uint64_t size;
        bool plain;           /* its bytes stand in the image as they are: */
        uint64_t whole, tail; /* where its whole blocks begin, and what is left behind them */
        uint64_t whole_size;  /* bytes that stand at whole; the rest at tail */
} ErofsInode;

/* bytes: what stands at "at" (erofs_inode_at()), EROFS_INODE_MAX, or fewer where the image ends.
 * The places that are named lie within the file system. */
int erofs_inode_parse(const ErofsSuperblock *sb, uint64_t at, Span bytes, ErofsInode *ret,
                Err *e) _must_check_;

typedef struct ErofsEntry {
        uint64_t inode;
        Span name; /* not empty, no slash or NUL in it; borrowed */
} ErofsEntry;

/* The entries of one block of a folder (the last one may be shorter), one after the other: 1 and
 * the entry, 0 after the last. *at begins as 0. */
int erofs_entry_next(Span block, size_t *at, ErofsEntry *ret, Err *e) _must_check_;
