/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Files: read whole and once, and written so that a reader sees the old file or the new one. */

/* Closes a file descriptor that is one (>= 0); for _cleanup_. */
void fd_done(int *fd);

/* Reads a whole file into b, up to b's own limit; -E2BIG above it. It is opened once, never sized
 * first, and may be a pipe. e names the path. Where it fails, b holds what was read before. */
int file_read(const char *path, Buf *b, Err *e) _must_check_;

/* The same, for a file that is open: from where it stands to its end. name is for e. */
int file_read_fd(int fd, const char *name, Buf *b, Err *e) _must_check_;

/* Exactly size bytes at an offset; -EBADMSG where the file ends before. */
int file_read_at(int fd, const char *name, uint64_t offset, void *into, size_t size,
                Err *e) _must_check_;

/* The same, but the file may end before: *ret_size tells how many bytes there were. */
int file_read_some(int fd, const char *name, uint64_t offset, void *into, size_t size,
                size_t *ret_size, Err *e) _must_check_;

/* All the bytes at an offset, or an error. */
int file_write_at(int fd, const char *name, uint64_t offset, Span bytes, Err *e) _must_check_;

/* A file that has no name until it is finished: whatever ends the program before, nothing half
 * written is left (on a file system without O_TMPFILE, a kill leaves ".NAME.part"). */
typedef struct NewFile {
        int fd;
        const char *path; /* borrowed */
        char temporary[4096];
} NewFile;

#define NEW_FILE_NONE ((NewFile){ .fd = -1 })

/* -EISDIR or -EEXIST where the path names something that is there and no file. */
int new_file_open(const char *path, mode_t mode, NewFile *ret, Err *e) _must_check_;

/* Syncs, and gives the file its name; one that stood there is replaced in one step. An error means
 * that the old file stands, unless it is the folder that cannot be synced in the end: then the new
 * one stands, whole. */
int new_file_commit(NewFile *f, Err *e) _must_check_;

/* Closes, and drops what was not committed. */
void new_file_done(NewFile *f);

/* The three steps for a text that is ready. */
int file_write(const char *path, mode_t mode, Span bytes, Err *e) _must_check_;

/* Makes a directory with this mode where it is missing, and its parents with 0755, as "mkdir -p -m"
 * does. */
int dir_make(const char *path, mode_t mode, Err *e) _must_check_;
