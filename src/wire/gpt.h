/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/limits.h"

/* The GUID partition table of a disk (UEFI 2.10, 5.2.3 and 5.3), little-endian. A table stands
 * twice, at the disk's beginning and at its end; each copy is a header in a sector of its own and
 * an array of entries, and has a checksum over either.
 *
 * Strict: a table has one reading. What does not have to be zero and has no meaning is refused, and
 * so are partitions that overlap, that leave the disk or lie on the table, and those of no size. */
enum {
        GPT_HEADER_SIZE = 92,
        GPT_ENTRY_SIZE = 128,
        GPT_LABEL_SIZE = 72, /* UTF-16, padded with zeros */
        MBR_SIZE = 512,
};

/* Places and sizes in sectors. */
typedef struct GptHeader {
        uint64_t here, other; /* this header, and the other copy's */
        uint64_t first_usable, last_usable;
        uint64_t entries;
        uint32_t n_entries; /* 1 to GPT_ENTRIES_MAX */
        uint32_t entries_checksum;
        uint8_t disk[16]; /* GUID, as it stands on the disk */
} GptHeader;

typedef struct GptEntry {
        unsigned number; /* from 1, as others count partitions */
        uint8_t type[16], id[16];
        uint64_t first, last; /* both are the partition's own */
        uint64_t attributes;
        Span label; /* GPT_LABEL_SIZE bytes; borrowed from what was parsed */
} GptEntry;

typedef struct GptTable {
        GptEntry entries[GPT_ENTRIES_MAX]; /* those in use */
        size_t n;
} GptTable;

/* sector: the whole sector that the header stands in; at: its number. what: for e. */
int gpt_header_parse(
                Span sector, uint64_t at, const char *what, GptHeader *ret, Err *e) _must_check_;

/* bytes: n_entries * GPT_ENTRY_SIZE of them, from the header's entries on. */
int gpt_entries_parse(Span bytes, const GptHeader *h, const char *what, GptTable *ret,
                Err *e) _must_check_;

/* Whether two good headers are the two copies of one table. */
bool gpt_is_copy(const GptHeader *one, const GptHeader *other);

/* The protective MBR in the disk's first 512 bytes, which tells those that do not know GPT that the
 * disk is taken: nothing but that one entry. sectors: of the disk. */
int gpt_mbr_parse(Span bytes, uint64_t sectors, const char *what, Err *e) _must_check_;
