/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "image/copy.h"

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static int failed(const char *path, Err *e) {
        int rc = errno > 0 ? -errno : -EIO;

        return err_set(e, rc, "%s: %s", path, strerror(-rc));
}

static bool takes_xattr(const StageParams *p, const char *folder) {
        return setxattr(folder, p->xattr, p->value, strlen(p->value), 0) == 0 &&
               removexattr(folder, p->xattr) == 0;
}

/* A new folder, where the file's attribute can be set. */
static bool make_folder(const StageParams *p, const char *under, Stage *s) {
        int n = snprintf(s->folder, sizeof(s->folder), "%s/.avouch-XXXXXX", under);

        if (n < 0 || (size_t) n >= sizeof(s->folder) - strlen("/tree"))
                errno = ENAMETOOLONG;
        else if (mkdtemp(s->folder)) {
                (void) snprintf(s->root, sizeof(s->root), "%.*s/tree", n, s->folder);
                if (mkdir(s->root, 0700) == 0 && takes_xattr(p, s->root))
                        return true;
                n = errno;
                (void) rmdir(s->root);
                (void) rmdir(s->folder);
                errno = n;
        }
        *s = STAGE_NONE;
        return false;
}

/* In the first place that serves; before others, on the source's own file system, where links can
 * be made. */
static int choose_folder(const StageParams *p, Stage *s, Err *e) {
        const char *last = "";
        struct stat source, st;
        int rc = -ENOENT;

        if (fstat(p->source, &source) < 0)
                return failed(p->path, e);
        for (int near = 1; near >= 0; near--)
                for (const char *const *under = p->scratch; *under; under++) {
                        if (stat(*under, &st) == 0 && (st.st_dev == source.st_dev) != near)
                                continue;
                        if (make_folder(p, *under, s))
                                return 0;
                        rc = -errno;
                        last = *under;
                }
        return err_set(e, rc,
                        "%s: cannot stage a file with the attribute %s here: %s; set TMPDIR to a "
                        "folder that takes it",
                        last, p->xattr, strerror(-rc));
}

/* What an overlay shows of a folder is what ours is like: it gets all that the source's has, its
 * owner too, which who may mount may set. */
static int dress(const StageParams *p, int folder, int like, Err *e) {
        struct stat st;

        if (fstat(like, &st) < 0 || fchown(folder, st.st_uid, st.st_gid) < 0)
                return failed(p->file, e);
        return folder_dress(folder, p->file, like, e);
}

/* The next folder on the way to the file, made in ours; *like is the source's own, -1 where it has
 * none. */
static int step_down(const StageParams *p, const char *part, bool overlay, int *folder, int *like,
                Err *e) {
        _cleanup_(fd_done) int above = *folder, like_above = *like;

        *folder = *like = -1;
        if (mkdirat(above, part, 0700) < 0)
                return failed(part, e);
        *folder = openat(above, part, FOLDER_FLAGS);
        if (*folder < 0)
                return failed(part, e);
        if (like_above >= 0) {
                *like = openat(like_above, part, FOLDER_FLAGS);
                if (*like < 0 && errno != ENOENT)
                        return failed(part, e);
        }
        if (*like < 0 && fchmod(*folder, 0755) < 0)
                return failed(part, e);
        return *like >= 0 && overlay ? dress(p, *folder, *like, e) : 0;
}

static int write_file(const StageParams *p, int folder, const char *name, Err *e) {
        _cleanup_(fd_done) int fd = openat(
                        folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        int rc;

        if (fd < 0)
                return failed(name, e);
        rc = file_write_at(fd, name, 0, p->text, e);
        if (rc < 0)
                return rc;
        if (fchmod(fd, 0644) < 0 || fsetxattr(fd, p->xattr, p->value, strlen(p->value), 0) < 0)
                return failed(name, e);
        return 0;
}

/* The file, and the folders on the way to it. */
static int lay(const StageParams *p, const Stage *s, bool overlay, Err *e) {
        _cleanup_(fd_done) int folder = open(s->root, FOLDER_FLAGS);
        _cleanup_(fd_done) int like = fcntl(p->source, F_DUPFD_CLOEXEC, 3);
        char part[NAME_MAX + 1];
        const char *at = p->file;

        if (folder < 0 || like < 0 || fchmod(folder, 0755) < 0)
                return failed(s->root, e);
        for (const char *slash; (slash = strchr(at, '/')); at = slash + 1) {
                size_t n = (size_t) (slash - at);
                int rc;

                if (n >= sizeof(part))
                        return err_set(e, -ENAMETOOLONG, "%s: the path is too long", p->file);
                memcpy(part, at, n);
                part[n] = '\0';
                rc = step_down(p, part, overlay, &folder, &like, e);
                if (rc < 0)
                        return rc;
        }
        return write_file(p, folder, at, e);
}

/* From here on, what is mounted stays our own, and goes with us. */
static bool leave_mounts(void) {
        return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* The same folder, reached in the mount namespace that we are in now: an overlay takes none from
 * another. */
static int reopen(const StageParams *p) {
        int fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat before, now;

        if (fd >= 0 && fstat(p->source, &before) == 0 && fstat(fd, &now) == 0 &&
                        before.st_dev == now.st_dev && before.st_ino == now.st_ino)
                return fd;
        fd_done(&fd);
        return -1;
}

/* Ours above, the source below, nothing to write into. The folders are named by their descriptors:
 * an overlay's options have no way to write every path. */
static bool mount_overlay(const StageParams *p, Stage *s) {
        _cleanup_(fd_done) int ours = open(s->root, FOLDER_FLAGS), source = reopen(p);
        char options[96];

        if (ours < 0 || source < 0)
                return false;
        (void) snprintf(options, sizeof(options), "lowerdir=/proc/self/fd/%d:/proc/self/fd/%d",
                        ours, source);
        s->mounted = mount("overlay", s->root, "overlay", MS_RDONLY | MS_NODEV | MS_NOSUID,
                                     options) == 0;
        return s->mounted;
}

static int copy_rest(const StageParams *p, const Stage *s, Err *e) {
        _cleanup_(fd_done) int to = open(s->root, FOLDER_FLAGS);
        _cleanup_(tree_copy_done) TreeCopy c = {
                .name = p->path,
                .to = to,
                .skip = p->file,
                .link = (p->ways & STAGE_LINKS) != 0,
        };

        if (to < 0)
                return failed(s->root, e);
        return tree_copy(&c, p->source, e);
}

int stage_open(const StageParams *p, Stage *ret, Err *e) {
        _cleanup_(stage_done) Stage s = STAGE_NONE;
        bool overlay = (p->ways & STAGE_OVERLAY) != 0 && leave_mounts();
        int rc;

        rc = choose_folder(p, &s, e);
        if (rc < 0)
                return rc;
        rc = lay(p, &s, overlay, e);
        if (rc < 0)
                return rc;
        if (!overlay || !mount_overlay(p, &s)) {
                if ((p->ways & (STAGE_LINKS | STAGE_COPIES)) == 0)
                        return err_set(e, -EPERM, "%s: an overlay cannot be mounted here", p->path);
                rc = copy_rest(p, &s, e);
                if (rc < 0)
                        return rc;
        }

        *ret = s;
        s = STAGE_NONE;
        return 0;
}

void stage_done(Stage *s) {
        if (s->folder[0] == '\0')
                return;
        if (s->mounted)
                (void) umount2(s->root, MNT_DETACH);
        tree_remove(s->root);
        (void) rmdir(s->folder);
        *s = STAGE_NONE;
}
