/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/log-follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "log/store.h"
#include "tools/place.h"

enum { WAIT_MS = 1000 }; /* where the folder cannot be watched, and if a change should be missed */

void log_reader_done(LogReader *r) {
        buf_done(&r->bytes);
}

static int open_log(const LogReader *r, int *ret_fd, Err *e) {
        if (!r->path)
                return store_open_shared(r->folder, PLACE_LOCK_SECONDS, ret_fd, e);
        *ret_fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (*ret_fd < 0)
                return err_set(e, -errno, "%s: %s", r->path, strerror(errno));
        return 1;
}

/* Another file, or one that was cut. */
static void begin_anew(LogReader *r, const struct stat *st) {
        buf_done(&r->bytes);
        r->segment = (Segment){};
        r->device = st->st_dev;
        r->inode = st->st_ino;
}

int log_reader_more(LogReader *r, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        size_t taken = r->bytes.size - r->segment.rest.size;
        char path[PATH_MAX];
        struct stat st;
        int rc;

        (void) snprintf(path, sizeof(path), "%s/%s", r->folder, LOG_FILE); /* for messages */
        rc = open_log(r, &fd, e);
        if (rc <= 0)
                return rc;
        if (fstat(fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", r->path ?: path, strerror(errno));
        if (st.st_dev != r->device || st.st_ino != r->inode ||
                        (S_ISREG(st.st_mode) && (uint64_t) st.st_size < taken))
                begin_anew(r, &st);
        taken = r->bytes.size - r->segment.rest.size;
        r->bytes.size = taken; /* what was no whole line may have been cut off since */
        if (S_ISREG(st.st_mode) && lseek(fd, (off_t) r->bytes.size, SEEK_SET) < 0)
                return err_set(e, -errno, "%s: %s", r->path ?: path, strerror(errno));
        rc = file_read_fd(fd, r->path ?: path, &r->bytes, e);
        if (rc < 0)
                return rc;
        r->segment.rest = span_from(buf_span(&r->bytes), taken);
        return 1;
}

int log_reader_next(LogReader *r, Record *ret, Err *e) {
        Err why = {};
        int rc;

        rc = segment_next(&r->segment, ret, &why);
        if (rc == -ENODATA)
                return 0;
        return rc < 0 ? err_set(e, rc, "%s", why.text) : rc;
}

int log_reader_wait(const LogReader *r, Err *e) {
        _cleanup_(fd_done) int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        struct pollfd p = { .fd = fd, .events = POLLIN };

        if (fd >= 0)
                (void) inotify_add_watch(
                                fd, r->path ?: r->folder, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
        if (poll(&p, fd >= 0 ? 1 : 0, WAIT_MS) < 0 && errno != EINTR)
                return err_set(e, -errno, "cannot wait for the log: %s", strerror(errno));
        return 0;
}
