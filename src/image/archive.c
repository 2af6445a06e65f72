/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "image/copy.h"
#include "port/interrupt.h"
#include "port/run.h"

#define PROGRAM "tar"

enum {
        OUTPUT_MAX = 64 * 1024,
        SHOWN_MAX = 200,
        CHUNK = 64 * 1024,
        /* POSIX, pax, "ustar Interchange Format": where a header says what it is, and what stands
         * at the end */
        MAGIC_AT = 257,
        END_SIZE = 2 * 512,
};

static int make_folder(const ArchiveParams *p, Archive *a, Err *e) {
        int n = snprintf(a->folder, sizeof(a->folder), "%s/.avouch-XXXXXX", p->scratch);

        if (n < 0 || (size_t) n >= sizeof(a->folder) - strlen("/tree"))
                errno = ENAMETOOLONG;
        else if (mkdtemp(a->folder)) {
                (void) snprintf(a->root, sizeof(a->root), "%.*s/tree", n, a->folder);
                /* what an archive without an entry for its own root has */
                if (mkdir(a->root, 0755) == 0 && chmod(a->root, 0755) == 0)
                        return 0;
                n = errno;
                (void) rmdir(a->folder);
                errno = n;
        }
        *a = ARCHIVE_NONE;
        return err_set(e, -errno, "%s: no folder to unpack %s can be made: %s", p->scratch, p->name,
                        strerror(errno));
}

/* The first line says what is wrong; the last, only that something was. */
static int repeat_words(const ArchiveParams *p, const Buf *output, Err *e) {
        Span all = buf_span(output);
        const uint8_t *end = memchr(all.data, '\n', all.size);
        size_t n = end ? (size_t) (end - all.data) : all.size;

        if (span_starts(all, SPAN_LITERAL(PROGRAM ": "))) {
                all.data += strlen(PROGRAM ": ");
                n -= strlen(PROGRAM ": ");
        }
        return err_set(e, -EBADMSG, "%s: tar says: %.*s", p->name,
                        (int) (n < SHOWN_MAX ? n : SHOWN_MAX), (const char *) all.data);
}

/* What comes from a pipe goes into a file without a name: so its end can be looked at, and tar
 * finds out how it is compressed. */
static int spool(const ArchiveParams *p, const Archive *a, int *ret, Err *e) {
        _cleanup_(fd_done) int to = -1;
        uint8_t chunk[CHUNK];
        uint64_t at = 0;
        ssize_t n;
        int rc;

        to = open(a->folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
        if (to < 0)
                return err_set(e, -errno, "%s: %s", a->folder, strerror(errno));
        do {
                rc = interrupt_wait(p->fd, e);
                if (rc < 0)
                        return rc;
                n = read(p->fd, chunk, sizeof(chunk));
                if (n < 0 && errno != EINTR)
                        return err_set(e, -errno, "%s: %s", p->name, strerror(errno));
                if (n > 0)
                        rc = file_write_at(to, a->folder, at, (Span){ chunk, (size_t) n }, e);
                if (rc < 0)
                        return rc;
                at += n > 0 ? (uint64_t) n : 0;
        } while (n != 0);
        *ret = to;
        to = -1;
        return 0;
}

/* GNU tar is content with an archive that was cut off between two of its members. */
static int check_end(const ArchiveParams *p, int fd, Err *e) {
        uint8_t head[MAGIC_AT + 5], end[END_SIZE];
        struct stat st;
        size_t size;
        int rc;

        rc = file_read_some(fd, p->name, 0, head, sizeof(head), &size, e);
        if (rc < 0 || size < sizeof(head) || memcmp(head + MAGIC_AT, "ustar", 5) != 0)
                return rc; /* compressed, which has an end of its own, or none of tar's at all */
        if (fstat(fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", p->name, strerror(errno));
        if (st.st_size >= END_SIZE)
                rc = file_read_at(
                                fd, p->name, (uint64_t) st.st_size - END_SIZE, end, sizeof(end), e);
        if (rc == 0 && (st.st_size < END_SIZE || !span_is_zero((Span){ end, sizeof(end) })))
                rc = err_set(e, -EBADMSG, "%s: the archive is cut short: its end is not there",
                                p->name);
        return rc;
}

/* The archive as a file. */
static int make_seekable(const ArchiveParams *p, const Archive *a, int *ret, Err *e) {
        struct stat st;

        if (fstat(p->fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", p->name, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return spool(p, a, ret, e);
        *ret = fcntl(p->fd, F_DUPFD_CLOEXEC, 3);
        return *ret < 0 ? err_set(e, -errno, "%s: %s", p->name, strerror(errno)) : 0;
}

static int unpack(const ArchiveParams *p, const Archive *a, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        _cleanup_(buf_done) Buf output = BUF_UP_TO(OUTPUT_MAX);
        char from[64];
        const char *const argv[] = { PROGRAM, "--extract", from, "--directory", a->root,
                "--preserve-permissions", "--numeric-owner",
                p->keep_owners ? "--same-owner" : "--no-same-owner", "--xattrs",
                "--xattrs-include=*", "--delay-directory-restore", "--touch",
                "--warning=no-timestamp", "--warning=no-unknown-keyword", NULL };
        Err why = {};
        int rc;

        rc = make_seekable(p, a, &fd, e);
        if (rc == 0)
                rc = check_end(p, fd, e);
        if (rc < 0)
                return rc;
        (void) snprintf(from, sizeof(from), "--file=/proc/self/fd/%d", fd);
        rc = run_program(argv, (int[]){ fd, -1 }, &output, &why);
        if (output.size > 0 && (rc == 0 || rc == -EIO))
                return repeat_words(p, &output, e);
        return rc < 0 ? err_set(e, rc, "%s: %s", p->name, why.text) : 0;
}

int archive_open(const ArchiveParams *p, Archive *ret, Err *e) {
        _cleanup_(archive_done) Archive a = ARCHIVE_NONE;
        int rc;

        if (p->keep_owners && geteuid() != 0)
                return err_set(e, -EPERM,
                                "%s: only root can keep the owners that an archive names; or build "
                                "with --normalize=yes",
                                p->name);
        rc = make_folder(p, &a, e);
        if (rc == 0)
                rc = unpack(p, &a, e);
        if (rc < 0)
                return rc;

        *ret = a;
        a = ARCHIVE_NONE;
        return 0;
}

void archive_done(Archive *a) {
        if (a->folder[0] == '\0')
                return;
        tree_remove(a->root);
        (void) rmdir(a->folder);
        *a = ARCHIVE_NONE;
}
