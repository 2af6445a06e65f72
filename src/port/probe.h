/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Reads the partition table of a disk image, and says which file system lies where (libblkid).
 * What systemd finds in an image it finds with the same library. */

enum { PROBE_PARTITIONS_MAX = 16 };

typedef struct ProbedPartition {
        char type[37]; /* GUID as text, lower case */
        char uuid[37];
        char label[128];       /* UTF-8; foreign text */
        uint64_t offset, size; /* bytes */
        uint64_t flags;        /* GPT attributes */
} ProbedPartition;

typedef struct ProbedDisk {
        char uuid[37];
        ProbedPartition partitions[PROBE_PARTITIONS_MAX]; /* in the order of the table */
        size_t n_partitions;
} ProbedDisk;

/* fd: an image file, or a disk. Sectors of 512 or 4096 bytes. -ENODATA where there is no GPT;
 * -EBADMSG where partitions overlap, leave the file, or are more than PROBE_PARTITIONS_MAX. name is
 * for e. */
int probe_disk(int fd, const char *name, ProbedDisk *ret, Err *e) _must_check_;

/* The file system at an offset ("erofs"), empty where none is recognised. -EBADMSG where more than
 * one is. */
int probe_filesystem(int fd, const char *name, uint64_t offset, uint64_t size, char ret[32],
                Err *e) _must_check_;
