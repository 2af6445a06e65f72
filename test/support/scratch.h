/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A folder that lives as long as a test, and other people's programs run in it. Used by tests that
 * ask a foreign tool whether it agrees. */

#include "unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

extern char **environ;

typedef struct Scratch {
        char folder[256];
} Scratch;

/* On the file system of a folder that is there. */
static inline Scratch scratch_under(const char *under) {
        Scratch s;

        assert_in_range(snprintf(s.folder, sizeof(s.folder), "%s/avouch-test-XXXXXX", under), 1,
                        sizeof(s.folder) - 1);
        assert_non_null(mkdtemp(s.folder));
        return s;
}

static inline Scratch scratch_new(void) {
        const char *folder = getenv("TMPDIR");

        return scratch_under(folder ? folder : "/var/tmp");
}

static inline int scratch_remove(
                const char *path, const struct stat *st, int kind, struct FTW *ftw) {
        (void) st;
        (void) kind;
        (void) ftw;
        return remove(path);
}

static inline void scratch_done(Scratch *s) {
        if (s->folder[0] != '\0')
                (void) nftw(s->folder, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
        s->folder[0] = '\0';
}

typedef struct ScratchPath {
        char text[PATH_MAX];
} ScratchPath;

/* The path of a file in the folder: scratch_path(&s, "image").text */
static inline ScratchPath scratch_path(const Scratch *s, const char *name) {
        ScratchPath p;

        assert_in_range(snprintf(p.text, sizeof(p.text), "%s/%s", s->folder, name), 1,
                        sizeof(p.text) - 1);
        return p;
}

static inline void scratch_write(const Scratch *s, const char *name, Span bytes) {
        assert_int_equal(file_write(scratch_path(s, name).text, 0600, bytes, NULL), 0);
}

static inline Span scratch_read(const Scratch *s, const char *name, Buf *into) {
        assert_int_equal(file_read(scratch_path(s, name).text, into, NULL), 0);
        return buf_span(into);
}

static inline void scratch_sparse(const Scratch *s, const char *name, uint64_t size) {
        scratch_write(s, name, (Span){});
        assert_int_equal(truncate(scratch_path(s, name).text, (off_t) size), 0);
}

/* Runs a program with the folder as its working directory; what it prints goes to the file "out"
 * there. Returns its exit status; 127 where there is no such program. */
static inline int scratch_run(const Scratch *s, const char *const argv[]) {
        posix_spawn_file_actions_t actions;
        ScratchPath out = scratch_path(s, "out");
        pid_t pid;
        int status, rc;

        assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
        assert_int_equal(posix_spawn_file_actions_addchdir_np(&actions, s->folder), 0);
        assert_int_equal(
                        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0), 0);
        assert_int_equal(posix_spawn_file_actions_addopen(
                                         &actions, 1, out.text, O_WRONLY | O_CREAT | O_TRUNC, 0600),
                        0);
        assert_int_equal(posix_spawn_file_actions_adddup2(&actions, 1, 2), 0);
        rc = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *) (uintptr_t) argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        if (rc != 0)
                return 127;
        while (waitpid(pid, &status, 0) < 0)
                assert_int_equal(errno, EINTR);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* scratch_tool(&s, "veritysetup", "dump", "hash") */
#define scratch_tool(s, ...) scratch_run((s), (const char *const[]){ __VA_ARGS__, NULL })

/* True where the last program printed this line among others. */
static inline bool scratch_printed(const Scratch *s, const char *text) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024 * 1024);

        (void) scratch_read(s, "out", &b);
        buf_byte(&b, 0);
        return strstr((const char *) b.data, text) != NULL;
}
