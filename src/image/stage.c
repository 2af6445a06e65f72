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
#include "image/graft.h"

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

/* A folder on the way is like the source's: it gets all that it has, its owner too, which who may
 * mount may set. */
static int dress(const StageParams *p, int folder, int like, Err *e) {
        struct stat st;

        if (fstat(like, &st) < 0 || fchown(folder, st.st_uid, st.st_gid) < 0)
                return failed(p->file, e);
        return folder_dress(folder, p->file, like, e);
}

/* A folder on the way to the file, ours and the source's; like is -1 where the source has none. */
typedef struct Step {
        int folder, like;
} Step;

static void step_done(Step *s) {
        fd_done(&s->folder);
        fd_done(&s->like);
}

/* The next folder, made in ours. */
static int step_down(const StageParams *p, const char *part, bool mounts, Step *s, Err *e) {
        _cleanup_(step_done) Step above = *s;

        *s = (Step){ -1, -1 };
        if (mkdirat(above.folder, part, 0700) < 0)
                return failed(part, e);
        s->folder = openat(above.folder, part, FOLDER_FLAGS);
        if (s->folder < 0)
                return failed(part, e);
        if (above.like >= 0) {
                s->like = openat(above.like, part, FOLDER_FLAGS);
                if (s->like < 0 && errno != ENOENT)
                        return failed(part, e);
        }
        if (s->like < 0 && fchmod(s->folder, 0755) < 0)
                return failed(part, e);
        return s->like >= 0 && mounts ? dress(p, s->folder, s->like, e) : 0;
}

/* What the source has beside the way. */
static int show_beside(const StageParams *p, const Step *s, const char *part, bool mounts, Err *e) {
        return mounts && s->like >= 0 ? graft(s->folder, s->like, part, p->path, e) : 0;
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

/* The file, the folders on the way to it, and with mounts all else. */
static int lay(const StageParams *p, const Stage *s, Err *e) {
        _cleanup_(step_done) Step at = { open(s->root, FOLDER_FLAGS),
                fcntl(p->source, F_DUPFD_CLOEXEC, 3) };
        const char *name = p->file;
        char part[NAME_MAX + 1];
        int rc;

        if (at.folder < 0 || at.like < 0 || fchmod(at.folder, 0755) < 0)
                return failed(s->root, e);
        for (const char *slash; (slash = strchr(name, '/')); name = slash + 1) {
                size_t n = (size_t) (slash - name);

                if (n >= sizeof(part))
                        return err_set(e, -ENAMETOOLONG, "%s: the path is too long", p->file);
                memcpy(part, name, n);
                part[n] = '\0';
                rc = show_beside(p, &at, part, s->mounted, e);
                if (rc == 0)
                        rc = step_down(p, part, s->mounted, &at, e);
                if (rc < 0)
                        return rc;
        }
        rc = show_beside(p, &at, name, s->mounted, e);
        return rc < 0 ? rc : write_file(p, at.folder, name, e);
}

bool stage_alone(void) {
        return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
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

/* The root is mounted on itself, so that all that is mounted in it goes with it. */
static int stage_by_mounts(const StageParams *p, Stage *s, Err *e) {
        struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
        int rc;

        rc = choose_folder(p, s, e);
        if (rc < 0)
                return rc;
        if (mount(s->root, s->root, NULL, MS_BIND, NULL) < 0)
                return failed(s->root, e);
        s->mounted = true;
        rc = lay(p, s, e);
        if (rc < 0)
                return rc;
        /* what lies in it is the source itself */
        if (mount_setattr(AT_FDCWD, s->root, AT_RECURSIVE, &read_only, sizeof(read_only)) < 0)
                return failed(s->root, e);
        return 0;
}

static int stage_by_files(const StageParams *p, Stage *s, Err *e) {
        int rc;

        rc = choose_folder(p, s, e);
        if (rc == 0)
                rc = lay(p, s, e);
        return rc < 0 ? rc : copy_rest(p, s, e);
}

int stage_open(const StageParams *p, Stage *ret, Err *e) {
        _cleanup_(stage_done) Stage s = STAGE_NONE;
        bool files = (p->ways & (STAGE_LINKS | STAGE_COPIES)) != 0;
        int rc;

        if (p->ways == 0)
                return err_set(e, -EPERM,
                                "%s: nothing can be mounted here, which is needed to keep the "
                                "owners of files",
                                p->path);
        rc = -EPERM;
        if ((p->ways & STAGE_MOUNTS) != 0)
                rc = stage_by_mounts(p, &s, files ? NULL : e);
        if (rc < 0 && files) {
                stage_done(&s);
                rc = stage_by_files(p, &s, e);
        }
        if (rc < 0)
                return rc;

        *ret = s;
        s = STAGE_NONE;
        return 0;
}

/* Never removes what is mounted: that is the source, which nothing but the umount stands before. */
void stage_done(Stage *s) {
        if (s->folder[0] != '\0' && (!s->mounted || umount2(s->root, MNT_DETACH) == 0)) {
                tree_remove(s->root);
                (void) rmdir(s->folder);
        }
        *s = STAGE_NONE;
}
