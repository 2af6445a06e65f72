/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/span.h"

/* What the kernel does with an image that was checked: a device through which every block is held
 * against the root hash (dm-verity), and its file system mounted. All of it is read through the
 * file that is open, never by its name again. Behind it stands verity-kernel.c, and in tests a
 * kernel that lives in memory. */

typedef struct Verity Verity;

/* Where what lies in the file, in bytes, and what the superblock said when it was checked: the
 * kernel is told this, and does not read it again. */
typedef struct VerityImage {
        int fd; /* open for reading */
        uint64_t data_offset, data_blocks;
        uint64_t hash_offset, hash_size; /* of the hash partition, with its superblock */
        Span salt, root_hash;
} VerityImage;

/* Names of devices begin so: what is mounted from one of them is ours. */
#define VERITY_DEVICE_PREFIX "avouch-"

enum { VERITY_DEVICE_SIZE = 128 };

typedef struct VerityOps {
        int (*attach)(Verity *v, const char *device, const VerityImage *image, Err *e);
        int (*detach)(Verity *v, const char *device, Err *e);
        int (*mount)(Verity *v, const char *device, const char *filesystem, bool runs,
                        const char *folder, Err *e);
        int (*unmount)(Verity *v, const char *folder, Err *e);
        int (*mounted)(Verity *v, const char *folder, char device[static VERITY_DEVICE_SIZE],
                        Err *e);
        int (*merged)(Verity *v, const char *class, Err *e);
        int (*cover)(Verity *v, const char *path, Err *e);
        int (*uncover)(Verity *v, const char *path, Err *e);
} VerityOps;

struct Verity {
        const VerityOps *ops;
};

/* Makes a read-only device of this name. -EEXIST where there is one; whatever fails, none is left.
 * e does not name the file: whoever asked knows it. */
static inline int verity_attach(Verity *v, const char *device, const VerityImage *image, Err *e) {
        return v->ops->attach(v, device, image, e);
}

/* Removes it; where somebody still looks at it, when they have ended. */
static inline int verity_detach(Verity *v, const char *device, Err *e) {
        return v->ops->detach(v, device, e);
}

/* Mounts it read-only; the folder is made, and goes away again where it fails. runs: programs in it
 * may be, with whatever rights they bring. */
static inline int verity_mount(Verity *v, const char *device, const char *filesystem, bool runs,
                const char *folder, Err *e) {
        return v->ops->mount(v, device, filesystem, runs, folder, e);
}

static inline int verity_unmount(Verity *v, const char *folder, Err *e) {
        return v->ops->unmount(v, folder, e);
}

/* 1 and the name of the device where one of ours is mounted there, 0 where not. */
static inline int verity_mounted(
                Verity *v, const char *folder, char device[static VERITY_DEVICE_SIZE], Err *e) {
        return v->ops->mounted(v, folder, device, e);
}

/* 1 where systemd has extensions of this class ("sysext") laid over the system, 0 where not. */
static inline int verity_merged(Verity *v, const char *class, Err *e) {
        return v->ops->merged(v, class, e);
}

/* Hides a file or folder from who looks for extensions: over it lies what is none. */
static inline int verity_cover(Verity *v, const char *path, Err *e) {
        return v->ops->cover(v, path, e);
}

/* 1 where something was hidden so, 0 where not. */
static inline int verity_uncover(Verity *v, const char *path, Err *e) {
        return v->ops->uncover(v, path, e);
}
