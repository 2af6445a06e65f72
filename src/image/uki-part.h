/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Something that goes into a section: a file, whose bytes are read once, when they are written; or
 * bytes that are at hand. What signing changes of it is kept apart, so that nothing is copied
 * before it is written. Owner: uki_part_done(). */
typedef struct UkiPart {
        const char *name; /* for e; borrowed */
        int fd;           /* negative: the bytes are in memory */
        uint64_t from;    /* where in the file its first byte is */
        uint64_t size;
        Buf bytes;
        Buf head, tail; /* in place of the first bytes, and behind the others: part of size */
} UkiPart;

#define UKI_PART_NONE ((UkiPart){ .fd = -1 })

/* A file, kept open. What has no size beforehand (a pipe) is read into memory. */
int uki_part_open(const char *path, UkiPart *ret, Err *e) _must_check_;

/* A piece of another one, which must be a file, and may end before. */
int uki_part_slice(const UkiPart *whole, uint64_t at, uint64_t size, UkiPart *ret,
                Err *e) _must_check_;

/* A piece of another one, at most max bytes, read into memory. */
int uki_part_load(const UkiPart *whole, uint64_t at, size_t size, size_t max, UkiPart *ret,
                Err *e) _must_check_;

/* A text as options give it: itself, or with "@FILE" what that file holds. Blanks between the words
 * of a text are joined to one where squeeze says so, as ukify does it with a command line; what a
 * file holds stays as it is. */
int uki_part_text(const char *value, bool squeeze, UkiPart *ret, Err *e) _must_check_;

/* Bytes at an offset, as many as there are; into has room for size. */
int uki_part_read(const UkiPart *p, uint64_t at, uint8_t *into, size_t size, size_t *ret_size,
                Err *e) _must_check_;

void uki_part_done(UkiPart *p);
