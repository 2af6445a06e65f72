/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "image/filesystem.h"

/* The programs that make file systems, one file for each: maker-TYPE.c. */
typedef struct FilesystemMaker {
        const char *type;   /* "erofs" */
        bool file_contexts; /* can give files their SELinux labels */
        bool systems_only;  /* not made for extensions */
        int (*make)(const FilesystemParams *p, uint64_t *ret_size, Err *e);
} FilesystemMaker;

extern const FilesystemMaker maker_erofs, maker_ext4, maker_squashfs;

enum { MAKER_HELP_MAX = 64 * 1024 };

/* What a program says of its options when it is asked for --help: distributions patch options in
 * and build them out, so its version does not tell. -ENOENT, and the package that it comes with,
 * where it is not installed. */
int maker_help(const char *program, const char *package, Buf *help, Err *e) _must_check_;

bool maker_mentions(const Buf *help, const char *option);
