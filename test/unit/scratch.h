/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macro.h"

/* A folder for a test's files, gone with the test. Declared with _cleanup_(scratch_done). */
typedef struct Scratch {
        char path[64];
        char last[256]; /* what scratch_path() handed out */
} Scratch;

static inline int scratch_remove(
                const char *path, const struct stat *st, int flag, struct FTW *at) {
        (void) st, (void) flag, (void) at;
        return remove(path);
}

static inline void scratch_done(Scratch *s) {
        if (s->path[0])
                (void) nftw(s->path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* under: a folder; NULL for the usual one. */
static inline Scratch scratch_new(const char *under) {
        Scratch s = {};

        (void) snprintf(s.path, sizeof(s.path), "%s/avouch-test-XXXXXX", under ?: "/tmp");
        assert_non_null(mkdtemp(s.path));
        return s;
}

/* Valid until it is called again. */
static inline const char *scratch_path(Scratch *s, const char *name) {
        (void) snprintf(s->last, sizeof(s->last), "%s/%s", s->path, name);
        return s->last;
}

static inline void scratch_write(Scratch *s, const char *name, Span bytes) {
        assert_int_equal(file_write(scratch_path(s, name), 0644, bytes, NULL), 0);
}

/* A file of so many bytes that are all zero. */
static inline int scratch_file(Scratch *s, const char *name, uint64_t size) {
        int fd = open(scratch_path(s, name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t) size), 0);
        return fd;
}
