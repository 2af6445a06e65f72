/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/gpt.h"

#include <errno.h>
#include <inttypes.h>
#include <libfdisk/libfdisk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

enum {
        SECTOR = 512,
        ALIGNMENT = 4096,
        LABEL_UNITS = 36,    /* UEFI 2.10, 5.3.3: PartitionName is 72 bytes of UTF-16 */
        LABEL_BYTES_MAX = 4, /* of one character in UTF-8 */
};

typedef struct fdisk_context Context;
typedef struct fdisk_partition Partition;
typedef struct fdisk_parttype Type;

static void context_done(Context **c) {
        fdisk_unref_context(*c);
}

static void partition_done(Partition **p) {
        fdisk_unref_partition(*p);
}

static void type_done(Type **t) {
        fdisk_unref_parttype(*t);
}

/* libfdisk returns a negative errno, or a bare -1. */
static int failed(int rc, const char *name, const char *what, Err *e) {
        int code = rc < -1 ? rc : -EIO;

        return err_set(e, code, "%s: libfdisk cannot %s: %s", name, what, strerror(-code));
}

/* As many whole characters as the table has room for. -EILSEQ for text that is no UTF-8, and for
 * characters above U+FFFF, for which libfdisk writes no surrogates. */
static int cut_label(const char *label, char cut[LABEL_UNITS * LABEL_BYTES_MAX + 1]) {
        Span left = span_of(label);
        size_t size = 0;

        for (unsigned units = 0; units < LABEL_UNITS && left.size > 0; units++) {
                uint32_t character;
                size_t n = text_utf8(left, &character);

                if (n == 0 || character > 0xffff)
                        return -EILSEQ;
                memcpy(cut + size, left.data, n);
                size += n;
                left = span_from(left, n);
        }
        cut[size] = '\0';
        return 0;
}

/* What the libraries' own rules would put elsewhere is refused, so that a partition lies where its
 * maker has put the bytes, or nowhere. */
static int check(const GptPartition *p, const char *name, uint64_t *from, Err *e) {
        if (p->offset % ALIGNMENT != 0 || p->size % ALIGNMENT != 0 || p->size == 0)
                return err_set(e, -EINVAL,
                                "%s: partition '%s' at %" PRIu64 ", %" PRIu64
                                " bytes long: not in steps of %d",
                                name, p->label, p->offset, p->size, ALIGNMENT);
        if (p->offset < *from || p->offset + p->size < p->offset)
                return err_set(e, -EINVAL, "%s: partition '%s' overlaps what stands before it",
                                name, p->label);
        *from = p->offset + p->size;
        return 0;
}

/* Partitions, and the second table behind them, lie within the file. */
static int check_all(int fd, const char *name, const GptPartition *p, size_t n, Err *e) {
        uint64_t end = GPT_HEAD;
        struct stat st;
        int rc;

        if (fstat(fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", name, strerror(errno));
        for (size_t i = 0; i < n; i++) {
                rc = check(&p[i], name, &end, e);
                if (rc < 0)
                        return rc;
        }
        if (st.st_size < GPT_TAIL || end > (uint64_t) st.st_size - GPT_TAIL)
                return err_set(e, -EINVAL,
                                "%s: partitions and table do not fit its %" PRIu64 " bytes", name,
                                (uint64_t) st.st_size);
        return 0;
}

static int set_partition(Context *c, Partition *to, const GptPartition *p, size_t number) {
        _cleanup_(type_done) Type *type = NULL;
        char label[LABEL_UNITS * LABEL_BYTES_MAX + 1];
        int rc;

        rc = cut_label(p->label, label);
        if (rc < 0)
                return rc;
        type = fdisk_label_parse_parttype(fdisk_get_label(c, NULL), p->type);
        if (!type)
                return -EINVAL;

        rc = fdisk_partition_set_partno(to, number);
        if (rc == 0)
                rc = fdisk_partition_set_type(to, type);
        if (rc == 0)
                rc = fdisk_partition_set_uuid(to, p->uuid);
        if (rc == 0)
                rc = fdisk_partition_set_name(to, label);
        if (rc == 0)
                rc = fdisk_partition_set_start(to, p->offset / SECTOR);
        if (rc == 0)
                rc = fdisk_partition_set_size(to, p->size / SECTOR);
        if (rc == 0)
                rc = fdisk_partition_size_explicit(to, 1);
        if (rc == 0 && p->read_only)
                rc = fdisk_partition_set_attrs(to, "GUID:60"); /* UAPI.2, "Partition Flags" */
        return rc;
}

static int add_partition(
                Context *c, const char *name, const GptPartition *p, size_t number, Err *e) {
        _cleanup_(partition_done) Partition *partition = fdisk_new_partition();
        int rc;

        if (!partition)
                return err_set(e, -ENOMEM, "%s: no memory", name);
        rc = set_partition(c, partition, p, number);
        if (rc == -EILSEQ)
                return err_set(e, rc,
                                "%s: the label '%s' has characters that no partition table takes",
                                name, p->label);
        if (rc == 0)
                rc = fdisk_add_partition(c, partition, NULL);
        if (rc < 0)
                return failed(rc, name, "add a partition", e);
        return 0;
}

int gpt_write(int fd, const char *name, const char *disk_uuid, const GptPartition *partitions,
                size_t n_partitions, Err *e) {
        _cleanup_(context_done) Context *c = fdisk_new_context();
        int rc;

        rc = check_all(fd, name, partitions, n_partitions, e);
        if (rc < 0)
                return rc;
        if (!c)
                return err_set(e, -ENOMEM, "%s: no memory", name);

        (void) fdisk_disable_dialogs(c, 1);
        rc = fdisk_save_user_sector_size(c, SECTOR, SECTOR);
        if (rc == 0)
                rc = fdisk_assign_device_by_fd(c, fd, name, 0);
        if (rc == 0)
                rc = fdisk_create_disklabel(c, "gpt");
        if (rc == 0)
                rc = fdisk_set_disklabel_id_from_string(c, disk_uuid);
        if (rc < 0)
                return failed(rc, name, "begin a partition table", e);

        for (size_t i = 0; i < n_partitions; i++) {
                rc = add_partition(c, name, &partitions[i], i, e);
                if (rc < 0)
                        return rc;
        }
        rc = fdisk_write_disklabel(c);
        if (rc < 0)
                return failed(rc, name, "write the partition table", e);
        return 0;
}
