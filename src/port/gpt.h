/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Writes a GPT partition table into a file (libfdisk). Only image makers link this. */

typedef struct GptPartition {
        const char *type;      /* GUID as text */
        const char *uuid;      /* GUID as text */
        const char *label;     /* UTF-8; cut to 36 UTF-16 units */
        uint64_t offset, size; /* bytes, multiples of 4096 */
        bool read_only;        /* attribute bit 60 */
} GptPartition;

/* Room that the table takes at either end of the file; partitions begin at 1 MiB. */
enum { GPT_HEAD = 1024 * 1024, GPT_TAIL = 33 * 512 };

/* fd: a file of its final size. The table is written with 512-byte sectors. name is for e. */
int gpt_write(int fd, const char *name, const char *disk_uuid, const GptPartition *partitions,
                size_t n_partitions, Err *e) _must_check_;
