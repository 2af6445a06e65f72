/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "port/probe.h"
#include "wire/gpt.h"

/* Both copies of a disk image's partition table, as they lie in the file. Which partitions there
 * are is libblkid's to say, as it is for systemd (port/probe.h); this says whether the table is
 * whole, and whether it can be read in another way. */
typedef struct TableCopy {
        Err wrong; /* unset for a copy that is good; the rest counts only then */
        GptHeader header;
        GptTable table;
} TableCopy;

typedef struct Tables {
        uint32_t sector; /* bytes */
        uint64_t sectors;
        TableCopy first, second;
} Tables;

/* A damaged copy is no error. Owner: tables_done(). */
int tables_read(int fd, const char *name, Tables **ret, Err *e) _must_check_;
void tables_done(Tables **t);

/* -EBADMSG where both copies are good, and not copies of one another. */
int tables_agree(const Tables *t, const char *name, Err *e) _must_check_;

/* -EBADMSG where neither copy is good, or the one that is has other partitions than these: libblkid
 * leaves out what leaves the disk, and takes a table that others do not. */
int tables_compare(const Tables *t, const ProbedDisk *disk, const char *name, Err *e) _must_check_;

/* Whether MBR and both copies are whole, and nothing but zeros lies where neither they nor a
 * partition are. */
int tables_check(const Tables *t, int fd, const char *name, Err *e) _must_check_;
