/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cursor.h"
#include "base/file.h"
#include "image/maker.h"
#include "port/run.h"

#define PROGRAM "mksquashfs"

enum {
        BLOCK = 4096,
        /* Documentation/filesystems/squashfs.rst; struct squashfs_super_block */
        SUPERBLOCK_HEAD = 48, /* up to the number of bytes */
};

static const uint32_t MAGIC = 0x73717368;

/* As with every other program: a disk that filled up must not be taken for an image. */
static int check(const FilesystemParams *p, uint64_t *ret_size, Err *e) {
        uint8_t head[SUPERBLOCK_HEAD];
        Cursor c = cursor_over((Span){ head, sizeof(head) });
        uint64_t used, size;
        uint32_t magic;
        struct stat st;
        int rc;

        if (fstat(p->fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", p->name, strerror(errno));
        rc = file_read_at(p->fd, p->name, 0, head, sizeof(head), e);
        if (rc < 0)
                return rc;
        magic = cursor_u32le(&c);
        (void) cursor_bytes(&c, 36); /* up to the number of bytes */
        used = cursor_u64le(&c);
        rc = cursor_end(&c, "superblock", e);
        if (rc < 0)
                return rc;

        size = (uint64_t) st.st_size;
        if (magic != MAGIC || size % BLOCK != 0 || used > size || size - used >= BLOCK)
                return err_set(e, -EIO,
                                "%s: what " PROGRAM " left is not a whole file system (%" PRIu64
                                " bytes)",
                                p->name, size);
        *ret_size = size;
        return 0;
}

static int make(const FilesystemParams *p, uint64_t *ret_size, Err *e) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(MAKER_HELP_MAX),
                                help = BUF_UP_TO(MAKER_HELP_MAX);
        char into[64], time[32], compression[64];
        const char *argv[24] = { PROGRAM, p->tree, into, "-noappend", "-no-progress", "-quiet",
                "-xattrs", "-all-time", time, "-mkfs-time", time };
        char *level;
        size_t n = 11;
        int rc;

        rc = maker_help(PROGRAM, "squashfs-tools", &help, e);
        if (rc < 0)
                return rc;
        if (!maker_mentions(&help, "-all-time"))
                return err_set(e, -EOPNOTSUPP,
                                PROGRAM " has no option -all-time; squashfs-tools 4.4 or later is "
                                        "needed");

        (void) snprintf(time, sizeof(time), "%" PRIu64, p->epoch);
        (void) snprintf(into, sizeof(into), "/proc/self/fd/%d", p->fd);
        if (!p->keep_owners)
                argv[n++] = "-all-root";
        if (p->compression) {
                (void) snprintf(compression, sizeof(compression), "%s", p->compression);
                argv[n++] = "-comp";
                argv[n++] = compression;
                level = strchr(compression, ',');
                if (level) {
                        *level = '\0';
                        argv[n++] = "-Xcompression-level";
                        argv[n++] = level + 1;
                }
        }

        rc = run_program_watched(argv, (int[]){ p->fd, -1 }, &p->watch, &output, e);
        if (rc < 0)
                return rc;
        return check(p, ret_size, e);
}

const FilesystemMaker maker_squashfs = {
        .type = "squashfs",
        .make = make,
};
