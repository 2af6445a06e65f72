/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/probe.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <string.h>

#include "base/file.h"

/* UEFI 2.10, 5.3.2: the header stands in the disk's second sector, whose size is told nowhere
 * (UAPI.3). libblkid counts in 512 bytes, whatever the sectors are. */
static const unsigned sector_sizes[] = { 512, 4096 };

enum { SECTOR_UNIT = 512 };

static void probe_done(blkid_probe *p) {
        blkid_free_probe(*p);
}

static int no_probe(const char *name, Err *e) {
        return err_set(e, -EIO, "%s: libblkid cannot read it", name);
}

static int find_sector_size(int fd, const char *name, uint64_t size, unsigned *ret, Err *e) {
        static const char signature[] = { 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T' };
        char head[sizeof(signature)];
        int rc;

        for (size_t i = 0; i < ELEMENTS(sector_sizes); i++) {
                if (size < sector_sizes[i] + sizeof(head))
                        break;
                rc = file_read_at(fd, name, sector_sizes[i], head, sizeof(head), e);
                if (rc < 0)
                        return rc;
                if (memcmp(head, signature, sizeof(head)) == 0) {
                        *ret = sector_sizes[i];
                        return 0;
                }
        }
        return err_set(e, -ENODATA, "%s: no disk image: there is no GPT partition table", name);
}

/* False where the text is missing or does not fit. */
static bool copy_text(const char *from, char *to, size_t size) {
        size_t n = from ? strlen(from) : size;

        if (n >= size)
                return false;
        memcpy(to, from, n + 1);
        return true;
}

static int read_partition(
                blkid_partition from, const char *name, uint64_t size, ProbedPartition *p, Err *e) {
        int number = blkid_partition_get_partno(from);
        blkid_loff_t start = blkid_partition_get_start(from);
        blkid_loff_t length = blkid_partition_get_size(from);
        const char *label = blkid_partition_get_name(from);

        if (start < 0 || length <= 0 || (uint64_t) length > size / SECTOR_UNIT ||
                        (uint64_t) start > size / SECTOR_UNIT - (uint64_t) length)
                return err_set(e, -EBADMSG,
                                "%s: partition %d is empty or leaves the image; is the image cut "
                                "short?",
                                name, number);
        p->offset = (uint64_t) start * SECTOR_UNIT;
        p->size = (uint64_t) length * SECTOR_UNIT;
        p->flags = blkid_partition_get_flags(from);
        if (!copy_text(blkid_partition_get_type_string(from), p->type, sizeof(p->type)) ||
                        !copy_text(blkid_partition_get_uuid(from), p->uuid, sizeof(p->uuid)) ||
                        !copy_text(label ? label : "", p->label, sizeof(p->label)))
                return err_set(e, -EBADMSG, "%s: partition %d has no type, UUID or proper label",
                                name, number);
        return 0;
}

static int refuse_overlap(const ProbedDisk *d, const char *name, Err *e) {
        for (size_t i = 0; i < d->n_partitions; i++) {
                const ProbedPartition *p = &d->partitions[i];

                for (size_t j = 0; j < i; j++) {
                        const ProbedPartition *q = &d->partitions[j];

                        if (p->offset < q->offset + q->size && q->offset < p->offset + p->size)
                                return err_set(e, -EBADMSG,
                                                "%s: partitions %zu and %zu of the table overlap",
                                                name, j + 1, i + 1);
                }
        }
        return 0;
}

static int read_partitions(
                blkid_partlist list, const char *name, uint64_t size, ProbedDisk *ret, Err *e) {
        int n = blkid_partlist_numof_partitions(list), rc;

        if (n < 0 || n > PROBE_PARTITIONS_MAX)
                return err_set(e, -EBADMSG, "%s: %d partitions, and at most %d are looked at", name,
                                n, PROBE_PARTITIONS_MAX);
        for (int i = 0; i < n; i++) {
                rc = read_partition(blkid_partlist_get_partition(list, i), name, size,
                                &ret->partitions[i], e);
                if (rc < 0)
                        return rc;
        }
        ret->n_partitions = (size_t) n;
        return refuse_overlap(ret, name, e);
}

/* Sets up p for the partition table, in sectors of the size that the header is found at. */
static int look_for_table(blkid_probe p, int fd, const char *name, Err *e) {
        unsigned sector = 0;
        int rc;

        if (!p)
                return err_set(e, -ENOMEM, "%s: no memory", name);
        if (blkid_probe_set_device(p, fd, 0, 0) < 0)
                return no_probe(name, e);
        rc = find_sector_size(fd, name, (uint64_t) blkid_probe_get_size(p), &sector, e);
        if (rc < 0)
                return rc;
        /* only now: blkid_probe_set_device() forgets it */
        if (blkid_probe_set_sectorsize(p, sector) < 0 || blkid_probe_enable_superblocks(p, 0) < 0 ||
                        blkid_probe_enable_partitions(p, 1) < 0)
                return no_probe(name, e);
        return 0;
}

int probe_disk(int fd, const char *name, ProbedDisk *ret, Err *e) {
        _cleanup_(probe_done) blkid_probe p = blkid_new_probe();
        blkid_partlist list;
        blkid_parttable table;
        ProbedDisk d = {};
        int rc;

        rc = look_for_table(p, fd, name, e);
        if (rc < 0)
                return rc;
        list = blkid_probe_get_partitions(p);
        table = list ? blkid_partlist_get_table(list) : NULL;
        if (!table || strcmp(blkid_parttable_get_type(table), "gpt") != 0)
                return err_set(e, -EBADMSG, "%s: its GPT partition table is damaged", name);
        if (!copy_text(blkid_parttable_get_id(table), d.uuid, sizeof(d.uuid)))
                return err_set(e, -EBADMSG, "%s: its partition table has no UUID", name);
        rc = read_partitions(list, name, (uint64_t) blkid_probe_get_size(p), &d, e);
        if (rc < 0)
                return rc;

        *ret = d;
        return 0;
}

int probe_filesystem(
                int fd, const char *name, uint64_t offset, uint64_t size, char ret[32], Err *e) {
        _cleanup_(probe_done) blkid_probe p = blkid_new_probe();
        char found[32] = "";
        const char *type;
        int rc;

        if (!p)
                return err_set(e, -ENOMEM, "%s: no memory", name);
        if (offset > INT64_MAX || size > INT64_MAX ||
                        blkid_probe_set_device(p, fd, (blkid_loff_t) offset, (blkid_loff_t) size) <
                                        0 ||
                        blkid_probe_enable_superblocks(p, 1) < 0 ||
                        blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_TYPE) < 0)
                return no_probe(name, e);

        rc = blkid_do_safeprobe(p); /* 1: nothing; -2: more than one */
        if (rc == -2)
                return err_set(e, -EBADMSG, "%s: more than one file system at byte %llu", name,
                                (unsigned long long) offset);
        if (rc < 0)
                return no_probe(name, e);
        if (rc == 0 && blkid_probe_lookup_value(p, "TYPE", &type, NULL) == 0 &&
                        !copy_text(type, found, sizeof(found)))
                return err_set(e, -EBADMSG, "%s: a file system of a name too long", name);

        memcpy(ret, found, sizeof(found));
        return 0;
}
