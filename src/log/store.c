/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
        const char *name;  /* in the folder; a constant, as next is */
        char next[64];     /* the file that will have the name */
        char note[64];     /* and the one that has notes */
        char *path;        /* for messages */
        StoreStamp paused; /* the file, when it was let go: it stays open */
        bool resumed;      /* and has just been taken again: it is as it was */
        bool read_only;
        bool torn;         /* a failed append could not be undone */
        uint64_t torn_end; /* what was there before it */
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

static int file_load(Store *s, uint64_t from, Buf *to, Err *e) {
        FileStore *f = file_store(s);

        if (lseek(f->fd, (off_t) from, SEEK_SET) < 0)
                return failed(f->path, "cannot be read", e);
        return file_read_fd(f->fd, f->path, to, e);
}

static int file_cut(Store *s, uint64_t size, Err *e) {
        FileStore *f = file_store(s);

        f->resumed = false;
        if (ftruncate(f->fd, (off_t) size) < 0 || fdatasync(f->fd) < 0)
                return failed(f->path, "cannot be cut to its last whole record", e);
        return 0;
}

/* Nothing is written behind half a line: it would make one line of both. */
static int undo(FileStore *f, Err *e) {
        int rc;

        rc = file_cut(&f->store, f->torn_end, e);
        f->torn = rc < 0;
        return rc;
}

/* Where the file ends: what is there is never written over. */
static int find_end(FileStore *f, uint64_t *ret, Err *e) {
        bool known = f->resumed;
        struct stat st;

        f->resumed = false;
        if (!known && fstat(f->fd, &st) < 0)
                return failed(f->path, "cannot be written", e);
        *ret = known ? f->paused.size : (uint64_t) st.st_size;
        return 0;
}

static int file_append(Store *s, Span line, Err *e) {
        FileStore *f = file_store(s);
        uint64_t end = 0;
        int rc;

        if (f->torn) {
                rc = undo(f, e);
                if (rc < 0)
                        return rc;
        }
        rc = find_end(f, &end, e);
        if (rc < 0)
                return rc;
        rc = file_write_at(f->fd, f->path, end, line, e);
        if (rc == 0 && fdatasync(f->fd) < 0)
                rc = failed(f->path, "cannot be synced", e);
        if (rc < 0) {
                f->torn_end = end;
                (void) undo(f, NULL);
        }
        return rc;
}

/* Opens the log under a lock. A writer may have put the file aside while we waited for it: what
 * counts is the file that has the name once the lock is held. Neither a link nor a FIFO that
 * somebody put there holds us up. */
static int open_locked(int folder, const char *name, int flags, int lock, unsigned seconds,
                const char *path, int *ret_fd, Err *e) {
        for (;;) {
                _cleanup_(fd_done) int fd = openat(folder, name,
                                flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
                struct stat mine, named;
                int rc;

                if (fd < 0)
                        return failed(path, "cannot be opened", e);
                if (fstat(fd, &mine) < 0)
                        return failed(path, "cannot be read", e);
                if (!S_ISREG(mine.st_mode))
                        return err_set(e, -EBADF, "%s: not a regular file", path);
                rc = lock_within(fd, lock, seconds, path, e);
                if (rc < 0)
                        return rc;
                if (fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT)
                                continue;
                        return failed(path, "cannot be read", e);
                }
                if (named.st_dev != mine.st_dev || named.st_ino != mine.st_ino)
                        continue;
                *ret_fd = fd;
                fd = -1;
                return 0;
        }
}

/* Gives the log a second name, which no other file has: "AS.log", "AS.1.log" and so on. */
static int link_aside(const FileStore *f, const char *as, Err *e) {
        struct stat mine, named;
        char name[256];

        if (fstat(f->fd, &mine) < 0)
                return failed(f->path, "cannot be read", e);
        for (unsigned i = 0; i < NAME_TRIES; i++) {
                int n = i == 0 ? snprintf(name, sizeof(name), "%s.log", as)
                               : snprintf(name, sizeof(name), "%s.%u.log", as, i);

                if (n < 0 || (size_t) n >= sizeof(name))
                        return err_set(e, -ENAMETOOLONG, "%s: no name to put it aside", f->path);
                if (linkat(f->folder, f->name, f->folder, name, 0) == 0)
                        return 0;
                if (errno != EEXIST)
                        return failed(f->path, "cannot be put aside", e);
                /* it has the name already where the one who began this did not finish */
                if (fstatat(f->folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                                named.st_dev == mine.st_dev && named.st_ino == mine.st_ino)
                        return 0;
        }
        return err_set(e, -EEXIST, "%s: too many logs were put aside as %s; move some away",
                        f->path, as);
}

/* The empty log is locked before it has the name, and takes the name in one step: whoever waits for
 * the old one comes after us. */
static int file_retire(Store *s, const char *as, Err *e) {
        _cleanup_(fd_done) int fresh = -1;
        FileStore *f = file_store(s);
        int rc;

        (void) unlinkat(f->folder, f->next, 0);
        fresh = openat(f->folder, f->next, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                        0600);
        if (fresh < 0)
                return failed(f->path, "cannot be followed by another", e);
        rc = lock_within(fresh, LOCK_EX, 0, f->path, e);
        if (rc == 0)
                rc = link_aside(f, as, e);
        if (rc == 0 && renameat(f->folder, f->next, f->folder, f->name) < 0)
                rc = failed(f->path, "cannot be put aside", e);
        if (rc < 0) {
                (void) unlinkat(f->folder, f->next, 0);
                return rc;
        }
        fd_done(&f->fd);
        f->fd = fresh;
        f->torn = f->resumed = false;
        fresh = -1;
        return fsync(f->folder) < 0 ? failed(f->path, "its folder cannot be synced", e) : 0;
}

/* "AS.begun", empty. */
static int file_mark(Store *s, const char *as, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        FileStore *f = file_store(s);
        char name[256];

        if (snprintf(name, sizeof(name), "%s.begun", as) >= (int) sizeof(name))
                return err_set(e, -ENAMETOOLONG, "%s: no name to mark it", f->path);
        fd = openat(f->folder, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                        0600);
        return fd < 0 ? failed(f->path, "its beginning cannot be marked", e) : 0;
}

static int file_knows(Store *s, const char *as, Err *e) {
        FileStore *f = file_store(s);
        int fd = openat(f->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
        DIR *folder = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;

        if (!folder) {
                int rc = failed(f->path, "its folder cannot be read", e);

                fd_done(&fd);
                return rc;
        }
        while (!found && (entry = readdir(folder)))
                found = strncmp(entry->d_name, as, strlen(as)) == 0;
        (void) closedir(folder);
        return found;
}

/* For writing; where that cannot be, and the file is there, for reading. */
static int open_file(FileStore *f, unsigned seconds, Err *e) {
        Err why = {};
        int rc;

        rc = open_locked(f->folder, f->name, O_RDWR | O_CREAT, LOCK_EX, seconds, f->path, &f->fd,
                        &why);
        f->read_only = rc == -EROFS;
        if (rc == -EROFS)
                rc = open_locked(f->folder, f->name, O_RDONLY, LOCK_EX, seconds, f->path, &f->fd,
                                     NULL) < 0
                                     ? rc
                                     : 0;
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 0;
}

static StoreStamp stamp_of(const struct stat *st) {
        return (StoreStamp){ .device = st->st_dev,
                .inode = st->st_ino,
                .size = (uint64_t) st->st_size,
                .seconds = (uint64_t) st->st_ctim.tv_sec,
                .nanoseconds = (uint64_t) st->st_ctim.tv_nsec };
}

static int file_stamp(Store *s, StoreStamp *ret, Err *e) {
        FileStore *f = file_store(s);
        struct stat st;

        if (fstat(f->fd, &st) < 0)
                return failed(f->path, "cannot be read", e);
        *ret = stamp_of(&st);
        return 0;
}

/* What could not be undone is for whoever comes next to set right. */
static void file_leave(Store *s) {
        FileStore *f = file_store(s);

        if (f->torn)
                (void) undo(f, NULL);
        f->torn = false;
        f->paused = (StoreStamp){}; /* which no file has */
        fd_done(&f->fd);
}

static int file_pause(Store *s, Err *e) {
        FileStore *f = file_store(s);
        StoreStamp now = {};
        int rc = 0;

        if (f->torn)
                rc = undo(f, e);
        if (rc == 0)
                rc = file_stamp(s, &now, e);
        if (rc < 0 || f->read_only || flock(f->fd, LOCK_UN) < 0)
                file_leave(s);
        f->paused = now;
        return rc;
}

/* 1 where the file that was let go has the name still, and is locked again. */
static int take_again(FileStore *f, unsigned seconds, StoreStamp *ret, Err *e) {
        struct stat named;
        int rc;

        if (f->fd < 0)
                return 0;
        rc = lock_within(f->fd, LOCK_EX, seconds, f->path, e);
        if (rc < 0)
                return rc;
        /* as long as it is open, no other file has its number */
        if (fstatat(f->folder, f->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                        named.st_dev == f->paused.device && named.st_ino == f->paused.inode) {
                *ret = stamp_of(&named);
                return 1;
        }
        fd_done(&f->fd);
        return 0;
}

static int file_resume(Store *s, unsigned seconds, Err *e) {
        FileStore *f = file_store(s);
        StoreStamp now = {};
        int rc;

        rc = take_again(f, seconds, &now, e);
        f->resumed = rc > 0 && store_stamp_equal(&now, &f->paused);
        if (rc != 0)
                return rc < 0 ? rc : f->resumed;
        rc = open_file(f, seconds, e);
        if (rc == 0)
                rc = file_stamp(s, &now, e);
        return rc < 0 ? rc : store_stamp_equal(&now, &f->paused);
}

static int file_keep_note(Store *s, Span note, Err *e) {
        FileStore *f = file_store(s);
        _cleanup_(fd_done) int fd = openat(f->folder, f->note,
                        O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
        int rc;

        if (fd < 0)
                return failed(f->path, "its note cannot be opened", e);
        rc = file_write_at(fd, f->note, 0, note, e);
        if (rc == 0 && ftruncate(fd, (off_t) note.size) < 0)
                rc = failed(f->path, "its note cannot be written", e);
        return rc;
}

static int file_load_note(Store *s, Buf *to, Err *e) {
        FileStore *f = file_store(s);
        _cleanup_(fd_done) int fd = openat(f->folder, f->note,
                        O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

        if (fd < 0)
                return failed(f->path, "its note cannot be opened", e);
        return file_read_fd(fd, f->note, to, e);
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
        .mark = file_mark,
        .knows = file_knows,
        .pause = file_pause,
        .resume = file_resume,
        .leave = file_leave,
        .stamp = file_stamp,
        .keep_note = file_keep_note,
        .load_note = file_load_note,
        .close = file_close,
};

static void store_done(Store **s) {
        store_close(s);
}

int store_open_file(const char *folder, unsigned seconds, Store **ret, Err *e) {
        return store_open_named(folder, LOG_FILE, seconds, ret, e);
}

int store_open_named(const char *folder, const char *name, unsigned seconds, Store **ret, Err *e) {
        _cleanup_(store_done) Store *s = NULL;
        struct stat st;
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
        f->name = name;
        (void) snprintf(f->next, sizeof(f->next), ".%s.next", name);
        (void) snprintf(f->note, sizeof(f->note), "%s" LOG_NOTE, name);
        s = &f->store;
        f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->folder < 0)
                return failed(folder, "cannot be opened", e);
        if (asprintf(&f->path, "%s/%s", folder, name) < 0) {
                f->path = NULL;
                return err_set(e, -ENOMEM, "no memory for a path");
        }
        rc = open_file(f, seconds, e);
        if (rc < 0)
                return rc;
        if (fstat(f->fd, &st) < 0)
                return failed(f->path, "cannot be read", e);
        if (st.st_size == 0 && fsync(f->folder) < 0)
                return failed(f->path, "its folder cannot be synced", e);
        *ret = s;
        s = NULL;
        return 0;
}

int store_open_shared(const char *folder, unsigned seconds, int *ret_fd, Err *e) {
        return store_open_shared_named(folder, LOG_FILE, seconds, ret_fd, e);
}

int store_open_shared_named(
                const char *folder, const char *name, unsigned seconds, int *ret_fd, Err *e) {
        _cleanup_(fd_done) int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char path[PATH_MAX];
        Err why = {};
        int rc;

        if (folder_fd < 0 && errno == ENOENT)
                return 0;
        if (folder_fd < 0)
                return failed(folder, "cannot be opened", e);
        (void) snprintf(path, sizeof(path), "%s/%s", folder, name); /* for messages */
        rc = open_locked(folder_fd, name, O_RDONLY, LOCK_SH, seconds, path, ret_fd, &why);
        if (rc == -ENOENT)
                return 0;
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 1;
}

int store_read_shared(const char *folder, const char *name, unsigned seconds, Buf *to, int *ret_fd,
                Err *e) {
        char path[PATH_MAX];
        int rc;

        rc = store_open_shared_named(folder, name, seconds, ret_fd, e);
        if (rc <= 0)
                return rc;
        (void) snprintf(path, sizeof(path), "%s/%s", folder, name); /* for messages */
        rc = file_read_fd(*ret_fd, path, to, e);
        return rc < 0 ? rc : 1;
}
