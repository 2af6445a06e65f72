/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum { NAME_TRIES = 1000 };

typedef struct FileStore {
        Store store;
        int folder, fd;
        char *path; /* for messages */
} FileStore;

static FileStore *file_store(Store *s) {
        return (FileStore *) (void *) s; /* store is the first member */
}

static int failed(const char *path, const char *what, Err *e) {
        int rc = errno > 0 ? -errno : -EIO;

        return err_set(e, rc, "%s: %s: %s", path, what, strerror(-rc));
}

static int lock_within(int fd, int how, unsigned seconds, const char *path, Err *e) {
        const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

        for (unsigned tries = 0; flock(fd, how | LOCK_NB) < 0; tries++) {
                if (errno == EINTR)
                        continue;
                if (errno != EWOULDBLOCK)
                        return failed(path, "cannot be locked", e);
                if (tries >= seconds * 50)
                        return err_set(e, -EBUSY,
                                        "%s: another program holds the log for more than %u seconds",
                                        path, seconds);
                (void) nanosleep(&pause, NULL);
        }
        return 0;
}

static int file_load(Store *s, Buf *to, Err *e) {
        FileStore *f = file_store(s);

        if (lseek(f->fd, 0, SEEK_SET) < 0)
                return failed(f->path, "cannot be read", e);
        return file_read_fd(f->fd, f->path, to, e);
}

static int file_cut(Store *s, uint64_t size, Err *e) {
        FileStore *f = file_store(s);

        if (ftruncate(f->fd, (off_t) size) < 0 || fdatasync(f->fd) < 0)
                return failed(f->path, "cannot be cut to its last whole record", e);
        return 0;
}

static int file_append(Store *s, Span line, Err *e) {
        FileStore *f = file_store(s);
        struct stat st;
        int rc;

        if (fstat(f->fd, &st) < 0)
                return failed(f->path, "cannot be written", e);
        rc = file_write_at(f->fd, f->path, (uint64_t) st.st_size, line, e);
        if (rc == 0 && fdatasync(f->fd) < 0)
                rc = failed(f->path, "cannot be synced", e);
        if (rc < 0)
                (void) file_cut(s, (uint64_t) st.st_size, NULL);
        return rc;
}

/* Opens the log under its lock. Another writer may have put the file aside while we waited for it:
 * what counts is the file that has the name once the lock is held. */
static int open_locked(FileStore *f, unsigned seconds, Err *e) {
        struct stat mine, named;
        int rc;

        for (;;) {
                fd_done(&f->fd);
                f->fd = openat(f->folder, LOG_FILE,
                                O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
                if (f->fd < 0)
                        return failed(f->path, "cannot be opened", e);
                rc = lock_within(f->fd, LOCK_EX, seconds, f->path, e);
                if (rc < 0)
                        return rc;
                if (fstat(f->fd, &mine) < 0)
                        return failed(f->path, "cannot be read", e);
                if (!S_ISREG(mine.st_mode))
                        return err_set(e, -EBADF, "%s: not a regular file", f->path);
                if (fstatat(f->folder, LOG_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                                named.st_dev == mine.st_dev && named.st_ino == mine.st_ino)
                        break;
        }
        if (mine.st_size == 0 && fsync(f->folder) < 0)
                return failed(f->path, "its folder cannot be synced", e);
        return 0;
}

static int file_retire(Store *s, const char *as, Err *e) {
        FileStore *f = file_store(s);
        char name[256];

        for (unsigned i = 0; i < NAME_TRIES; i++) {
                int n = i == 0 ? snprintf(name, sizeof(name), "%s.log", as)
                               : snprintf(name, sizeof(name), "%s.%u.log", as, i);

                if (n < 0 || (size_t) n >= sizeof(name))
                        return err_set(e, -ENAMETOOLONG, "%s: no name to put it aside", f->path);
                if (renameat2(f->folder, LOG_FILE, f->folder, name, RENAME_NOREPLACE) == 0) {
                        if (fsync(f->folder) < 0)
                                return failed(f->path, "its folder cannot be synced", e);
                        return open_locked(f, 0, e);
                }
                if (errno != EEXIST)
                        return failed(f->path, "cannot be put aside", e);
        }
        return err_set(e, -EEXIST, "%s: too many logs were put aside as %s; move some away",
                        f->path, as);
}

static void file_close(Store *s) {
        FileStore *f = file_store(s);

        fd_done(&f->fd);
        fd_done(&f->folder);
        free(f->path);
        free(f);
}

static const StoreOps file_ops = {
        .load = file_load,
        .append = file_append,
        .cut = file_cut,
        .retire = file_retire,
        .close = file_close,
};

static void store_done(Store **s) {
        store_close(s);
}

int store_open_file(const char *folder, unsigned seconds, Store **ret, Err *e) {
        _cleanup_(store_done) Store *s = NULL;
        FileStore *f;
        int rc;

        rc = dir_make(folder, 0700, e);
        if (rc < 0)
                return rc;
        f = calloc(1, sizeof(*f));
        if (!f)
                return err_set(e, -ENOMEM, "no memory for a log");
        f->store.ops = &file_ops;
        f->fd = f->folder = -1;
        s = &f->store;
        f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->folder < 0)
                return failed(folder, "cannot be opened", e);
        if (asprintf(&f->path, "%s/%s", folder, LOG_FILE) < 0) {
                f->path = NULL;
                return err_set(e, -ENOMEM, "no memory for a path");
        }
        rc = open_locked(f, seconds, e);
        if (rc < 0)
                return rc;
        *ret = s;
        s = NULL;
        return 0;
}

int store_open_shared(const char *folder, unsigned seconds, int *ret_fd, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        char path[4096];
        int n, rc;

        n = snprintf(path, sizeof(path), "%s/%s", folder, LOG_FILE);
        if (n < 0 || (size_t) n >= sizeof(path))
                return err_set(e, -ENAMETOOLONG, "%s: the path is too long", folder);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0)
                return failed(path, "cannot be opened", e);
        rc = lock_within(fd, LOCK_SH, seconds, path, e);
        if (rc < 0)
                return rc;
        *ret_fd = fd;
        fd = -1;
        return 1;
}
