/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

enum {
        ENTRIES_SIZE_MAX = GPT_ENTRIES_MAX * GPT_ENTRY_SIZE,
        RANGES_MAX = GPT_ENTRIES_MAX + 5, /* MBR, two headers, two arrays */
        CHUNK = 64 * 1024,
};

typedef struct Range {
        uint64_t from, to; /* bytes; to is the first behind it */
} Range;

static int no_table(const char *name, Err *e) {
        return err_set(e, -EBADMSG, "%s: no partition table at its beginning", name);
}

/* UAPI.3: the sectors are as large as the header stands behind the beginning. */
static int find_sectors(int fd, const char *name, Tables *t, Err *e) {
        static const uint32_t sizes[] = { 512, 4096 };
        off_t size = lseek(fd, 0, SEEK_END);
        uint8_t head[8];

        if (size < 0)
                return err_set(e, -errno, "%s: %s", name, strerror(errno));
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                size_t n;
                int rc;

                rc = file_read_some(fd, name, sizes[i], head, sizeof(head), &n, e);
                if (rc < 0)
                        return rc;
                if (n == sizeof(head) && memcmp(head, "EFI PART", n) == 0) {
                        t->sector = sizes[i];
                        t->sectors = (uint64_t) size / sizes[i];
                        return 0;
                }
        }
        return no_table(name, e);
}

/* A sector beyond the file is an error of the copy, as what stands in it would be. */
static int read_at(int fd, const char *name, const Tables *t, uint64_t sector, void *into,
                size_t size, Err *e) {
        if (sector >= t->sectors)
                return err_set(e, -EBADMSG, "%s: names a sector behind the end of the file", name);
        return file_read_at(fd, name, sector * t->sector, into, size, e);
}

static int read_copy(
                int fd, const char *which, const Tables *t, uint64_t at, TableCopy *ret, Err *e) {
        uint8_t sector[GPT_SECTOR_MAX], entries[ENTRIES_SIZE_MAX];
        char what[96];
        size_t size;
        int rc;

        (void) snprintf(what, sizeof(what), "%s, header at byte %llu", which,
                        (unsigned long long) at * t->sector);
        rc = read_at(fd, what, t, at, sector, t->sector, e);
        if (rc == 0)
                rc = gpt_header_parse((Span){ sector, t->sector }, at, what, &ret->header, e);
        if (rc < 0)
                return rc;
        (void) snprintf(what, sizeof(what), "%s, entries at byte %llu", which,
                        (unsigned long long) ret->header.entries * t->sector);
        size = (size_t) ret->header.n_entries * GPT_ENTRY_SIZE;
        rc = read_at(fd, what, t, ret->header.entries, entries, size, e);
        if (rc == 0)
                rc = gpt_entries_parse((Span){ entries, size }, &ret->header, what, &ret->table, e);
        for (size_t i = 0; rc == 0 && i < ret->table.n; i++)
                ret->table.entries[i].label = (Span){}; /* does not outlive the entries */
        return rc;
}

/* What is malformed is noted, anything else handed on. */
static int note(int rc, const char *name, TableCopy *copy, Err *e) {
        if (rc == 0 || rc == -EBADMSG)
                return 0;
        (void) err_set(e, rc, "%s", copy->wrong.text);
        err_at(e, name);
        return rc;
}

int tables_read(int fd, const char *name, Tables **ret, Err *e) {
        _cleanup_(tables_done) Tables *t = calloc(1, sizeof(*t));
        uint64_t second;
        int rc;

        if (!t)
                return err_set(e, -ENOMEM, "%s: no memory", name);
        rc = find_sectors(fd, name, t, e);
        if (rc < 0)
                return rc;
        rc = read_copy(fd, "partition table", t, 1, &t->first, &t->first.wrong);
        rc = note(rc, name, &t->first, e);
        if (rc < 0)
                return rc;
        second = t->first.wrong.code == 0 ? t->first.header.other : t->sectors - 1;
        rc = read_copy(fd, "second partition table", t, second, &t->second, &t->second.wrong);
        rc = note(rc, name, &t->second, e);
        if (rc < 0)
                return rc;

        *ret = t;
        t = NULL;
        return 0;
}

void tables_done(Tables **t) {
        free(*t);
        *t = NULL;
}

int tables_agree(const Tables *t, const char *name, Err *e) {
        if (t->first.wrong.code != 0 || t->second.wrong.code != 0 ||
                        gpt_is_copy(&t->first.header, &t->second.header))
                return 0;
        return err_set(e, -EBADMSG,
                        "%s: its two partition tables, the second at byte %llu, are not copies of "
                        "one another; which of them counts cannot be known",
                        name, (unsigned long long) t->first.header.other * t->sector);
}

static bool is_same(const Tables *t, const GptEntry *entry, const ProbedPartition *p) {
        return entry->first * t->sector == p->offset &&
               (entry->last - entry->first + 1) * t->sector == p->size;
}

int tables_compare(const Tables *t, const ProbedDisk *disk, const char *name, Err *e) {
        const TableCopy *good = t->first.wrong.code == 0 ? &t->first : &t->second;
        bool same = good->table.n == disk->n_partitions;

        if (good->wrong.code != 0)
                return err_set(e, -EBADMSG, "%s: %s", name, t->first.wrong.text);
        for (size_t i = 0; same && i < good->table.n; i++)
                same = is_same(t, &good->table.entries[i], &disk->partitions[i]);
        return same ? 0
                    : err_set(e, -EBADMSG,
                                      "%s: its partition table can be read in two ways, one with %zu "
                                      "partitions and one with %zu",
                                      name, disk->n_partitions, good->table.n);
}

static Range sectors(const Tables *t, uint64_t first, uint64_t n) {
        return (Range){ first * t->sector, (first + n) * t->sector };
}

static Range entries_of(const Tables *t, const GptHeader *h) {
        uint64_t size = (uint64_t) h->n_entries * GPT_ENTRY_SIZE;

        return (Range){ h->entries * t->sector, h->entries * t->sector + size };
}

static int by_place(const void *a, const void *b) {
        const Range *r = a, *s = b;

        return r->from < s->from ? -1 : r->from > s->from;
}

static int check_zeros(int fd, const char *name, uint64_t from, uint64_t to, Err *e) {
        uint8_t chunk[CHUNK];

        for (uint64_t at = from; at < to; at += CHUNK) {
                size_t n = to - at < CHUNK ? (size_t) (to - at) : CHUNK;
                int rc;

                rc = file_read_at(fd, name, at, chunk, n, e);
                if (rc < 0)
                        return rc;
                for (size_t i = 0; i < n; i++)
                        if (chunk[i] != 0)
                                return err_set(e, -EBADMSG,
                                                "%s: byte %llu lies in no partition, and is not "
                                                "zero",
                                                name, (unsigned long long) (at + i));
        }
        return 0;
}

/* Between what is there, and behind it. */
static int check_gaps(const Tables *t, int fd, const char *name, Err *e) {
        const GptHeader *h = &t->first.header, *g = &t->second.header;
        Range ranges[RANGES_MAX + 1] = { { 0, MBR_SIZE }, sectors(t, h->here, 1),
                sectors(t, g->here, 1), entries_of(t, h), entries_of(t, g) };
        off_t size = lseek(fd, 0, SEEK_END);
        uint64_t end = 0;
        size_t n = 5;

        for (size_t i = 0; i < t->first.table.n; i++) {
                const GptEntry *p = &t->first.table.entries[i];

                ranges[n++] = sectors(t, p->first, p->last - p->first + 1);
        }
        ranges[n++] = (Range){ (uint64_t) size, (uint64_t) size };
        qsort(ranges, n, sizeof(ranges[0]), by_place);
        for (size_t i = 0; i < n; i++) {
                int rc = check_zeros(fd, name, end, ranges[i].from, e);

                if (rc < 0)
                        return rc;
                end = ranges[i].to > end ? ranges[i].to : end;
        }
        return 0;
}

static int check_mbr(const Tables *t, int fd, const char *name, Err *e) {
        uint8_t mbr[MBR_SIZE];
        int rc;

        rc = file_read_at(fd, name, 0, mbr, sizeof(mbr), e);
        return rc < 0 ? rc
                      : gpt_mbr_parse((Span){ mbr, sizeof(mbr) }, t->sectors,
                                        "protective MBR at byte 0", e);
}

int tables_check(const Tables *t, int fd, const char *name, Err *e) {
        const TableCopy *copies[] = { &t->first, &t->second };
        int rc;

        for (size_t i = 0; i < ELEMENTS(copies); i++)
                if (copies[i]->wrong.code != 0)
                        return err_set(e, -EBADMSG, "%s: %s", name, copies[i]->wrong.text);
        rc = tables_agree(t, name, e);
        if (rc < 0)
                return rc;
        if (t->first.header.other != t->sectors - 1)
                return err_set(e, -EBADMSG,
                                "%s: the second partition table is not at the end of the file; was "
                                "the file lengthened?",
                                name);
        rc = check_mbr(t, fd, name, e);
        if (rc < 0) {
                err_at(e, name);
                return rc;
        }
        return check_gaps(t, fd, name, e);
}
