/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "image/ext4.h"
#include "image/maker.h"
#include "port/run.h"

#define PROGRAM "mke2fs"

/* No journal and no room for root, for nobody ever writes; no checksums, for dm-verity has them; no
 * second superblock. All others are what Linux has known for ten years, and none is left to the
 * host's mke2fs.conf. */
#define FEATURES                                                                                   \
        "none,ext_attr,filetype,extent,flex_bg,large_file,huge_file,dir_nlink,extra_isize,"        \
        "sparse_super2"

enum {
        FIRST_INODES = 11, /* 1 to 10 are ext4's own, and lost+found */
        PER_ENTRY = 3,     /* blocks: the end of a file, its attributes, its name */
        AT_LEAST = 64,     /* blocks, however little there is */
        SPARE = 1024,      /* blocks, of those that are plenty */
        TRIES = 4,
};

static int check_program(Err *e) {
        _cleanup_(buf_done) Buf help = BUF_UP_TO(MAKER_HELP_MAX);
        int rc;

        rc = maker_help(PROGRAM, "e2fsprogs", &help, e);
        if (rc < 0)
                return rc;
        if (!maker_mentions(&help, "-d root-directory"))
                return err_set(e, -EOPNOTSUPP,
                                PROGRAM " has no option -d; e2fsprogs 1.43 or later is needed");
        return 0;
}

/* With that many blocks. */
static int make_with(const FilesystemParams *p, uint64_t blocks, Err *e) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(MAKER_HELP_MAX);
        char into[64], inodes[32], uuid[UUID_TEXT_SIZE], extended[128];
        const char *const argv[] = { PROGRAM, "-q", "-F", "-b4096", "-I256", "-m0", "-O", FEATURES,
                "-N", inodes, "-U", uuid, "-E", extended, "-d", p->tree, into, NULL };

        text_uuid(p->uuid, uuid);
        (void) snprintf(into, sizeof(into), "/proc/self/fd/%d", p->fd);
        (void) snprintf(inodes, sizeof(inodes), "%" PRIu64, p->entries + FIRST_INODES);
        (void) snprintf(extended, sizeof(extended),
                        "hash_seed=%s,num_backup_sb=0,lazy_itable_init=0,nodiscard", uuid);
        if (ftruncate(p->fd, 0) < 0 || ftruncate(p->fd, (off_t) (blocks * EXT4_BLOCK)) < 0)
                return err_set(e, -errno, "%s: %s", p->name, strerror(errno));
        return run_program_watched(argv, (int[]){ p->fd, -1 }, &p->watch, &output, e);
}

/* Where it was not made with fewer blocks, because of how they are divided into groups, a few more
 * are tried; with all of "blocks" it can be made. */
static int make_smaller(const FilesystemParams *p, uint64_t used, uint64_t blocks, Err *e) {
        uint64_t size = used > AT_LEAST ? used : AT_LEAST;

        for (unsigned i = 0; i < TRIES && size < blocks; i++) {
                Err why = {};
                int rc = make_with(p, size, &why);

                if (rc != -EIO)
                        return rc < 0 ? err_set(e, rc, "%s", why.text) : 0;
                size += size / 64 + 16;
        }
        return make_with(p, blocks, e);
}

/* How large it has to be, only mke2fs knows: it is made with plenty of blocks, which take no room
 * where nothing is written, and then once more with those that were used. */
static int make(const FilesystemParams *p, uint64_t *ret_size, Err *e) {
        Ext4Dress d = { .epoch = p->epoch, .keep_owners = p->keep_owners };
        uint64_t blocks = p->bytes / EXT4_BLOCK + PER_ENTRY * p->entries, size = 0, used = 0;
        int rc;

        if (p->epoch > EXT4_EPOCH_MAX)
                return err_set(e, -ERANGE, "an ext4 has no time for second %" PRIu64, p->epoch);
        if (stat(p->tree, &d.folder) < 0)
                return err_set(e, -errno, "%s: %s", p->tree, strerror(errno));
        rc = check_program(e);
        if (rc < 0)
                return rc;

        /* the tables of inodes; what files in many pieces and groups need for themselves */
        blocks += p->entries / (EXT4_BLOCK / EXT4_INODE) + blocks / 32 + SPARE;
        rc = make_with(p, blocks, e);
        if (rc == 0)
                rc = ext4_used(p->fd, p->name, &size, &used, e);
        if (rc == 0)
                rc = make_smaller(p, used, blocks, e);
        if (rc == 0)
                rc = ext4_used(p->fd, p->name, &size, &used, e);
        if (rc == 0)
                rc = ext4_dress(p->fd, p->name, &d, e);
        if (rc < 0)
                return rc;
        *ret_size = size;
        return 0;
}

const FilesystemMaker maker_ext4 = {
        .type = "ext4",
        .systems_only = true,
        .make = make,
};
