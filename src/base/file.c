/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

void fd_done(int *fd) {
        if (*fd >= 0)
                (void) close(*fd);
        *fd = -1;
}

static int failed(const char *path, Err *e) {
        int rc = errno > 0 ? -errno : -EIO;

        return err_set(e, rc, "%s: %s", path, strerror(-rc));
}

int file_read_fd(int fd, const char *name, Buf *b, Err *e) {
        uint8_t chunk[CHUNK];
        Span unused;
        int rc;

        for (;;) {
                ssize_t n = read(fd, chunk, sizeof(chunk));

                if (n == 0)
                        return 0;
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return failed(name, e);
                buf_bytes(b, (Span){ chunk, (size_t) n });
                rc = buf_end(b, &unused);
                if (rc == -E2BIG)
                        return err_set(e, rc, "%s: larger than the %zu bytes that are read", name,
                                        b->max);
                if (rc < 0)
                        return err_set(e, rc, "%s: %s", name, strerror(-rc));
        }
}

int file_read(const char *path, Buf *b, Err *e) {
        _cleanup_(fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0)
                return failed(path, e);
        return file_read_fd(fd, path, b, e);
}

int file_read_some(int fd, const char *name, uint64_t offset, void *into, size_t size,
                size_t *ret_size, Err *e) {
        uint8_t *at = into;
        size_t done = 0;

        while (done < size) {
                ssize_t n = pread(fd, at + done, size - done, (off_t) (offset + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return failed(name, e);
                if (n == 0)
                        break;
                done += (size_t) n;
        }
        *ret_size = done;
        return 0;
}

int file_read_at(int fd, const char *name, uint64_t offset, void *into, size_t size, Err *e) {
        size_t done;
        int rc;

        rc = file_read_some(fd, name, offset, into, size, &done, e);
        if (rc < 0)
                return rc;
        if (done < size)
                return err_set(e, -EBADMSG, "%s: ends at byte %llu, where more is needed", name,
                                (unsigned long long) (offset + done));
        return 0;
}

int file_write_at(int fd, const char *name, uint64_t offset, Span bytes, Err *e) {
        while (bytes.size > 0) {
                ssize_t n = pwrite(fd, bytes.data, bytes.size, (off_t) offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return failed(name, e);
                bytes = span_from(bytes, (size_t) n);
                offset += (uint64_t) n;
        }
        return 0;
}

/* Where the last component of path begins. */
static size_t folder_length(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? (size_t) (slash - path) + 1 : 0;
}

static int open_folder(const char *path, int flags, mode_t mode) {
        char folder[PATH_MAX];
        size_t n = folder_length(path);

        if (n == 0)
                return open(".", flags, mode);
        if (n >= sizeof(folder)) {
                errno = ENAMETOOLONG;
                return -1;
        }
        memcpy(folder, path, n);
        folder[n] = '\0';
        return open(folder, flags, mode);
}

int new_file_open(const char *path, mode_t mode, NewFile *ret, Err *e) {
        NewFile f = { .fd = -1, .path = path };
        size_t n = folder_length(path);
        struct stat st;
        int length;

        /* a device (/dev/null) would be replaced by a file */
        if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
                return err_set(e, S_ISDIR(st.st_mode) ? -EISDIR : -EEXIST,
                                "%s: is there already, and not as a file", path);
        length = snprintf(
                        f.temporary, sizeof(f.temporary), "%.*s.%s.part", (int) n, path, path + n);
        if (length < 0 || (size_t) length >= sizeof(f.temporary))
                return err_set(e, -ENAMETOOLONG, "%s: the path is too long", path);

        f.fd = open_folder(path, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
        if (f.fd >= 0) {
                *ret = f;
                return 0;
        }
        if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
                return failed(path, e);

        (void) unlink(f.temporary);
        f.fd = open(f.temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, mode);
        if (f.fd < 0)
                return failed(f.temporary, e);
        *ret = f;
        return 0;
}

static int give_name(const NewFile *f, Err *e) {
        char self[64];
        struct stat st;

        if (fstat(f->fd, &st) < 0)
                return failed(f->path, e);
        if (st.st_nlink == 0) {
                /* linkat() does not replace, so the name comes in two steps; the first is ours */
                (void) snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
                (void) unlink(f->temporary);
                if (linkat(AT_FDCWD, self, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW) < 0)
                        return failed(f->temporary, e);
        }
        if (rename(f->temporary, f->path) < 0) {
                int rc = failed(f->path, e);

                (void) unlink(f->temporary);
                return rc;
        }
        return 0;
}

int new_file_commit(NewFile *f, Err *e) {
        _cleanup_(fd_done) int folder = -1;
        int rc;

        /* all that can go wrong goes wrong before the file has its name */
        folder = open_folder(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (folder < 0 || fsync(f->fd) < 0)
                return failed(f->path, e);
        rc = give_name(f, e);
        if (rc < 0)
                return rc;
        fd_done(&f->fd);
        if (fsync(folder) < 0)
                return failed(f->path, e);
        return 0;
}

void new_file_done(NewFile *f) {
        if (f->fd >= 0)
                (void) unlink(f->temporary);
        fd_done(&f->fd);
}

int file_write(const char *path, mode_t mode, Span bytes, Err *e) {
        _cleanup_(new_file_done) NewFile f = NEW_FILE_NONE;
        int rc;

        rc = new_file_open(path, mode, &f, e);
        if (rc < 0)
                return rc;
        rc = file_write_at(f.fd, path, 0, bytes, e);
        if (rc < 0)
                return rc;
        return new_file_commit(&f, e);
}

int dir_make(const char *path, mode_t mode, Err *e) {
        char part[PATH_MAX];
        size_t n = strlen(path);
        struct stat st;

        if (n == 0 || n >= sizeof(part))
                return err_set(e, -ENAMETOOLONG, "'%s': not a folder's path", path);
        memcpy(part, path, n + 1);
        while (n > 1 && part[n - 1] == '/')
                part[--n] = '\0';
        for (size_t i = 1; i <= n; i++) {
                bool last = i == n;

                if (part[i] != '/' && !last)
                        continue;
                part[i] = '\0';
                if (mkdir(part, last ? mode : 0755) < 0 && errno != EEXIST)
                        return failed(part, e);
                part[i] = last ? '\0' : '/';
        }
        if (stat(part, &st) < 0)
                return failed(part, e);
        return S_ISDIR(st.st_mode) ? 0 : err_set(e, -ENOTDIR, "%s: not a folder", part);
}
