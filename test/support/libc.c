/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/libc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What the test asked for. It has to lie somewhere that every call sees. */
static struct {
        LibcCalls calls;
        int left, error, failed;
        bool for_ever, paused, without_tmpfile, deadly;
        int64_t wall_clock;
} wish = { .wall_clock = INT64_MIN };

void libc_fail_after(LibcCalls calls, int n, int error, bool for_ever) {
        wish.calls = calls;
        wish.left = n;
        wish.error = error;
        wish.for_ever = for_ever;
        wish.failed = 0;
        wish.deadly = false;
}

void libc_die_after(LibcCalls calls, int n) {
        libc_fail_after(calls, n, EIO, true);
        wish.deadly = true;
}

int libc_heal(void) {
        int failed = wish.failed;

        wish.calls = 0;
        wish.failed = 0;
        return failed;
}

void libc_without_tmpfile(bool without) {
        wish.without_tmpfile = without;
}

void libc_pause(bool pause) {
        wish.paused = pause;
}

void libc_wall_clock(int64_t seconds) {
        wish.wall_clock = seconds;
}

static bool strikes(LibcCalls kind) {
        if (wish.paused || !(wish.calls & kind))
                return false;
        if (wish.left > 0) {
                wish.left--;
                return false;
        }
        if (wish.deadly)
                (void) raise(SIGKILL);
        if (!wish.for_ever)
                wish.calls = 0;
        wish.failed++;
        errno = wish.error;
        return true;
}

void libc_step(void) {
        if (wish.deadly)
                (void) strikes(wish.calls);
}

/* The linker sends each call of X to __wrap_X, and __real_X to X. */
#define WRAP(type, failure, kind, name, parameters, arguments)                                     \
        type __real_##name parameters;                                                             \
        type __wrap_##name parameters;                                                             \
        type __wrap_##name parameters {                                                            \
                return strikes(kind) ? (failure) : __real_##name arguments;                        \
        }

WRAP(ssize_t, -1, LIBC_FILES, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(ssize_t, -1, LIBC_FILES, pread64, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at))
WRAP(ssize_t, -1, LIBC_FILES, pwrite64, (int fd, const void *p, size_t n, off64_t at),
                (fd, p, n, at))
WRAP(int, -1, LIBC_FILES, fsync, (int fd), (fd))
WRAP(int, -1, LIBC_FILES, fdatasync, (int fd), (fd))
WRAP(int, -1, LIBC_FILES, ftruncate64, (int fd, off64_t size), (fd, size))
WRAP(off64_t, -1, LIBC_FILES, lseek64, (int fd, off64_t at, int from), (fd, at, from))
WRAP(int, -1, LIBC_FILES, flock, (int fd, int how), (fd, how))
WRAP(int, -1, LIBC_FILES, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, -1, LIBC_FILES, fstat64, (int fd, struct stat64 *st), (fd, st))
WRAP(int, -1, LIBC_FILES, fstatat64, (int folder, const char *path, struct stat64 *st, int flags),
                (folder, path, st, flags))
WRAP(int, -1, LIBC_FILES, rename, (const char *from, const char *to), (from, to))
WRAP(int, -1, LIBC_FILES, renameat, (int from_folder, const char *from, int folder, const char *to),
                (from_folder, from, folder, to))
WRAP(int, -1, LIBC_FILES, renameat2,
                (int from_folder, const char *from, int folder, const char *to, unsigned flags),
                (from_folder, from, folder, to, flags))
WRAP(int, -1, LIBC_FILES, linkat,
                (int from_folder, const char *from, int folder, const char *to, int flags),
                (from_folder, from, folder, to, flags))
WRAP(void *, NULL, LIBC_MEMORY, malloc, (size_t n), (n))
WRAP(void *, NULL, LIBC_MEMORY, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, NULL, LIBC_MEMORY, realloc, (void *p, size_t n), (p, n))
WRAP(void *, NULL, LIBC_MEMORY, reallocarray, (void *p, size_t n, size_t size), (p, n, size))

WRAP(char *, NULL, LIBC_MEMORY, strdup, (const char *s), (s))
WRAP(char *, NULL, LIBC_MEMORY, strndup, (const char *s, size_t n), (s, n))
WRAP(struct dirent64 *, NULL, LIBC_FILES, readdir64, (DIR * folder), (folder))

int __wrap_clock_gettime(clockid_t which, struct timespec *ret);
int __real_clock_gettime(clockid_t which, struct timespec *ret);

int __wrap_clock_gettime(clockid_t which, struct timespec *ret) {
        int rc = __real_clock_gettime(which, ret);

        if (which == CLOCK_REALTIME && wish.wall_clock != INT64_MIN)
                ret->tv_sec = wish.wall_clock;
        return rc;
}

static bool refuses(int flags) {
        if (wish.without_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
                errno = EOPNOTSUPP;
                return true;
        }
        return strikes(LIBC_FILES);
}

int __wrap_openat64(int folder, const char *path, int flags, ...);
int __real_openat64(int folder, const char *path, int flags, ...);

int __wrap_openat64(int folder, const char *path, int flags, ...) {
        va_list ap;
        mode_t mode;

        va_start(ap, flags);
        mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
        va_end(ap);
        return refuses(flags) ? -1 : __real_openat64(folder, path, flags, mode);
}

int __wrap_open64(const char *path, int flags, ...);
int __real_open64(const char *path, int flags, ...);

int __wrap_open64(const char *path, int flags, ...) {
        va_list ap;
        mode_t mode;

        va_start(ap, flags);
        mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
        va_end(ap);
        return refuses(flags) ? -1 : __real_open64(path, flags, mode);
}

int __wrap_asprintf(char **ret, const char *format, ...)
                __attribute__((__format__(__printf__, 2, 3)));

int __wrap_asprintf(char **ret, const char *format, ...) {
        va_list ap;
        int n;

        if (strikes(LIBC_MEMORY))
                return -1;
        va_start(ap, format);
        n = vasprintf(ret, format, ap);
        va_end(ap);
        return n;
}
