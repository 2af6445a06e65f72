/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/graft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "image/copy.h"

static void dir_done(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

static int failed(const char *name, const char *entry, Err *e) {
        int rc = errno > 0 ? -errno : -EIO;

        return err_set(e, rc, "%s: %s cannot be mounted: %s", name, entry, strerror(-rc));
}

/* What is mounted on is a folder or not, as what is mounted. */
static bool make_place(int to, const char *entry, mode_t mode) {
        _cleanup_(fd_done) int fd = -1;

        if (S_ISDIR(mode))
                return mkdirat(to, entry, 0700) == 0;
        fd = openat(to, entry, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return fd >= 0;
}

/* By descriptors, so that a name is what was looked at, or nothing. */
static bool show(int to, int from, const char *entry) {
        _cleanup_(fd_done) int fd = open_tree(from, entry,
                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);

        return fd >= 0 && move_mount(fd, "", to, entry, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

static int graft_entry(int to, int from, const char *entry, const char *name, Err *e) {
        TreeCopy c = { .name = name, .to = to };
        struct stat st;
        int rc;

        if (fstatat(from, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return failed(name, entry, e);
        if (!S_ISLNK(st.st_mode))
                return make_place(to, entry, st.st_mode) && show(to, from, entry)
                                       ? 0
                                       : failed(name, entry, e);
        rc = tree_copy_link(&c,
                        &(TreeEntry){ .folder = from, .name = entry, .path = entry, .st = &st }, e);
        if (rc == 0 && fchownat(to, entry, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return failed(name, entry, e);
        return rc;
}

int graft(int to, int from, const char *except, const char *name, Err *e) {
        _cleanup_(fd_done) int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(dir_done) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

        if (!dir)
                return failed(name, ".", e);
        fd = -1;
        for (;;) {
                struct dirent *d;
                int rc;

                errno = 0;
                d = readdir(dir);
                if (!d)
                        return errno == 0 ? 0 : failed(name, ".", e);
                if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
                                strcmp(d->d_name, except) == 0)
                        continue;
                rc = graft_entry(to, from, d->d_name, name, e);
                if (rc < 0)
                        return rc;
        }
}
