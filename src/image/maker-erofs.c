/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/maker.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cursor.h"
#include "base/file.h"
#include "base/text.h"
#include "port/run.h"

#define PROGRAM "mkfs.erofs"

enum {
        BLOCK = 4096,
        /* Documentation/filesystems/erofs.rst, "On-disk details"; struct erofs_super_block */
        SUPERBLOCK_AT = 1024,
        SUPERBLOCK_HEAD = 40, /* up to the number of blocks */
        BLOCK_BITS = 12,
};

static const uint32_t MAGIC = 0xe0f5e1e2;

/* What this mkfs.erofs can do. */
typedef struct Known {
        bool block_size;    /* -b: since 1.6; the block of the host's pages is its default */
        bool file_contexts; /* built with SELinux */
        bool quiet;         /* a line less for every file, which nobody reads */
} Known;

static int ask(Known *ret, Err *e) {
        _cleanup_(buf_done) Buf help = BUF_UP_TO(MAKER_HELP_MAX);
        static const char *const needed[] = { " -T#", " -UX", " --all-root" };
        int rc;

        rc = maker_help(PROGRAM, "erofs-utils", &help, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < ELEMENTS(needed); i++)
                if (!maker_mentions(&help, needed[i]))
                        return err_set(e, -EOPNOTSUPP,
                                        PROGRAM " has no option%s; erofs-utils 1.5 or later is "
                                                "needed",
                                        needed[i]);

        *ret = (Known){
                .block_size = maker_mentions(&help, " -b#"),
                .file_contexts = maker_mentions(&help, " --file-contexts"),
                .quiet = maker_mentions(&help, " --quiet"),
        };
        return 0;
}

/* Believes neither the exit status nor the size alone: a disk that filled up must not be taken for
 * an image. */
static int check(const FilesystemParams *p, uint64_t *ret_size, Err *e) {
        uint8_t head[SUPERBLOCK_HEAD];
        Cursor c = cursor_over((Span){ head, sizeof(head) });
        uint32_t magic, blocks;
        uint8_t block_bits;
        struct stat st;
        int rc;

        if (fstat(p->fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", p->name, strerror(errno));
        rc = file_read_at(p->fd, p->name, SUPERBLOCK_AT, head, sizeof(head), e);
        if (rc < 0)
                return rc;
        magic = cursor_u32le(&c);
        (void) cursor_bytes(&c, 8); /* checksum, compatible features */
        block_bits = cursor_u8(&c);
        (void) cursor_bytes(&c, 23); /* up to the number of blocks */
        blocks = cursor_u32le(&c);
        rc = cursor_end(&c, "superblock", e);
        if (rc < 0)
                return rc;

        if (magic != MAGIC || block_bits != BLOCK_BITS ||
                        (uint64_t) st.st_size != (uint64_t) blocks * BLOCK || blocks == 0)
                return err_set(e, -EIO,
                                "%s: what " PROGRAM " left is not a whole file system of 4096-byte "
                                "blocks (%" PRIu64 " bytes)",
                                p->name, (uint64_t) st.st_size);
        *ret_size = (uint64_t) st.st_size;
        return 0;
}

static int make(const FilesystemParams *p, uint64_t *ret_size, Err *e) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(MAKER_HELP_MAX);
        char uuid[UUID_TEXT_SIZE], into[64], time[32], compression[64], contexts[PATH_MAX + 32];
        const char *argv[16] = { PROGRAM };
        size_t n = 1;
        Known known = {};
        int rc;

        rc = ask(&known, e);
        if (rc < 0)
                return rc;
        if (p->file_contexts && !known.file_contexts)
                return err_set(e, -EOPNOTSUPP,
                                PROGRAM " has no option --file-contexts; it was built without "
                                        "SELinux");

        text_uuid(p->uuid, uuid);
        (void) snprintf(time, sizeof(time), "-T%" PRIu64, p->epoch);
        (void) snprintf(into, sizeof(into), "/proc/self/fd/%d", p->fd);
        if (!p->keep_owners)
                argv[n++] = "--all-root";
        argv[n++] = time;
        argv[n++] = "-U";
        argv[n++] = uuid;
        if (known.block_size)
                argv[n++] = "-b4096";
        if (p->compression) {
                (void) snprintf(compression, sizeof(compression), "-z%s", p->compression);
                argv[n++] = compression;
        }
        if (p->file_contexts) {
                (void) snprintf(contexts, sizeof(contexts), "--file-contexts=%s", p->file_contexts);
                argv[n++] = contexts;
        }
        if (known.quiet)
                argv[n++] = "--quiet";
        argv[n++] = "--";
        argv[n++] = into;
        argv[n++] = p->tree;

        rc = run_program_watched(argv, (int[]){ p->fd, -1 }, &p->watch, &output, e);
        if (rc < 0)
                return rc;
        return check(p, ret_size, e);
}

const FilesystemMaker maker_erofs = {
        .type = "erofs",
        .file_contexts = true,
        .make = make,
};
