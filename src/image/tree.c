/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

typedef struct Walk {
        const char *name;
        TreeVisit visit;
        void *user;
        char path[PATH_MAX]; /* of the entry that is looked at */
} Walk;

static void dir_done(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

static int failed(const Walk *w, Err *e) {
        int rc = errno > 0 ? -errno : -EIO;

        return err_set(e, rc, "%s/%s: %s", w->name, w->path, strerror(-rc));
}

/* Appends name to the path; the length to cut it back to comes out. */
static int push(Walk *w, const char *name, size_t *ret_before, Err *e) {
        size_t before = strlen(w->path);
        int n = snprintf(w->path + before, sizeof(w->path) - before, "%s%s", before > 0 ? "/" : "",
                        name);

        if (n < 0 || (size_t) n >= sizeof(w->path) - before) {
                w->path[before] = '\0';
                return err_set(e, -ENAMETOOLONG, "%s/%s: holds a name that makes too long a path",
                                w->name, w->path);
        }
        *ret_before = before;
        return 0;
}

static int walk_folder(Walk *w, int *fd, unsigned depth, TreeEntry *entry, Err *e);

static int walk_entry(Walk *w, int folder, const char *name, unsigned depth, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        TreeEntry entry = {
                .folder = folder, .name = name, .path = w->path, .depth = depth, .fd = -1
        };
        struct stat st;
        int rc;

        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return failed(w, e);
        entry.st = &st;
        if (S_ISDIR(st.st_mode) && depth == TREE_DEPTH_MAX)
                return err_set(e, -ELOOP, "%s: is %d folders deep, which is too deep: %s", w->name,
                                TREE_DEPTH_MAX, w->path);
        rc = w->visit(w->user, &entry, e);
        if (rc < 0 || !S_ISDIR(st.st_mode))
                return rc;

        fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return failed(w, e);
        return walk_folder(w, &fd, depth + 1, &entry, e);
}

static int leave(Walk *w, int fd, TreeEntry *entry, Err *e) {
        if (!entry)
                return 0;
        entry->leaving = true;
        entry->fd = fd;
        return w->visit(w->user, entry, e);
}

/* Takes over fd. entry: its own, NULL for the root. */
static int walk_folder(Walk *w, int *fd, unsigned depth, TreeEntry *entry, Err *e) {
        _cleanup_(dir_done) DIR *dir = fdopendir(*fd);
        size_t before = 0;
        int rc;

        if (!dir)
                return failed(w, e);
        *fd = -1;
        for (;;) {
                struct dirent *d;

                errno = 0;
                d = readdir(dir);
                if (!d)
                        return errno == 0 ? leave(w, dirfd(dir), entry, e) : failed(w, e);
                if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
                        continue;
                rc = push(w, d->d_name, &before, e);
                if (rc < 0)
                        return rc;
                rc = walk_entry(w, dirfd(dir), d->d_name, depth, e);
                if (rc < 0)
                        return rc;
                w->path[before] = '\0';
        }
}

int tree_walk(int root, const char *name, TreeVisit visit, void *user, Err *e) {
        _cleanup_(fd_done) int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Walk w = { .name = name, .visit = visit, .user = user };

        if (fd < 0)
                return failed(&w, e);
        return walk_folder(&w, &fd, 1, NULL, e);
}
