/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/layer.h"
#include "wire/erofs.h"
#include "wire/squashfs.h"

/* The file system of a layer, as much of it as it takes to find a small file: a file for each type
 * that can be read, volume-TYPE.c. Files are known by numbers of the file system's own. */
typedef struct Volume {
        const Layer *l;
        uint64_t root;
        const char *unread; /* a constant: why a file was found that cannot be read; NULL: none was
                             */
        union {
                ErofsSuperblock erofs;
                SquashfsSuperblock squashfs;
        };
} Volume;

/* Told every name in a folder; 0 to go on, 1 to end the walk. */
typedef int (*VolumeVisit)(void *user, uint64_t file, Span name, Err *e);

typedef struct VolumeKind {
        const char *filesystem; /* "erofs" */
        int (*open)(Volume *v, Err *e);

        /* What is no folder, or is one that cannot be read, has no names in it. 1 where the walk
         * was ended. */
        int (*visit)(Volume *v, uint64_t folder, VolumeVisit visit, void *user, Err *e);

        /* 1 where it is a regular file of at most EXTENSION_RELEASE_MAX bytes that can be read. */
        int (*read)(Volume *v, uint64_t file, Buf *to, Err *e);
} VolumeKind;

enum { VOLUME_FOLDER_MAX = 16 * 1024 * 1024 };

extern const VolumeKind volume_erofs, volume_squashfs;

/* NULL for a type that is not looked into. */
const VolumeKind *volume_kind(const char *filesystem);

/* What stands at a place in the file system. */
int volume_read_at(const Volume *v, uint64_t at, void *into, size_t size, Err *e) _must_check_;

/* What was found out is said with the file that it is about: hands rc on. */
int volume_said(const Volume *v, int rc, Err *e) _must_check_;
