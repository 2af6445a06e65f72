/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "port/interrupt.h"

/* A file of several names that was copied, and the first name of its copy. */
typedef struct CopiedFile {
        dev_t device;
        ino_t inode;
        char *path;
} CopiedFile;

enum {
        CHUNK = 64 * 1024,
        FD_PATH = 32,          /* "/proc/self/fd/N/" */
        XATTRS_MAX = 64 * 1024 /* of names, and of one value: the kernel's own limits */
};

static int failed(const TreeCopy *c, const char *path, Err *e) {
        int rc = errno > 0 ? -errno : -EIO;

        return err_set(e, rc, "%s/%s: no copy to build from could be made: %s", c->name, path,
                        strerror(-rc));
}

static int copy_xattrs(const char *from, const char *to, const char *path, Err *e) {
        char names[XATTRS_MAX], value[XATTRS_MAX];
        ssize_t size = llistxattr(from, names, sizeof(names));

        if (size < 0 && errno == EOPNOTSUPP)
                return 0;
        if (size < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        for (const char *name = names; name < names + size; name += strlen(name) + 1) {
                ssize_t n = lgetxattr(from, name, value, sizeof(value));

                if (n < 0 || lsetxattr(to, name, value, (size_t) n, 0) < 0)
                        return err_set(e, -errno, "%s: attribute %s cannot be copied: %s", path,
                                        name, strerror(errno));
        }
        return 0;
}

static int copy_entry_xattrs(const TreeCopy *c, const TreeEntry *entry, Err *e) {
        char from[FD_PATH + NAME_MAX + 1], to[FD_PATH + PATH_MAX];

        (void) snprintf(from, sizeof(from), "/proc/self/fd/%d/%s", entry->folder, entry->name);
        (void) snprintf(to, sizeof(to), "/proc/self/fd/%d/%s", c->to, entry->path);
        return copy_xattrs(from, to, entry->path, e);
}

int folder_dress(int folder, const char *path, int like, Err *e) {
        char from[FD_PATH], to[FD_PATH];
        struct stat st;
        int rc;

        (void) snprintf(from, sizeof(from), "/proc/self/fd/%d/.", like);
        (void) snprintf(to, sizeof(to), "/proc/self/fd/%d/.", folder);
        /* the mode last: a folder that may not be written takes no attributes either */
        rc = copy_xattrs(from, to, path, e);
        if (rc < 0)
                return rc;
        if (fstat(like, &st) < 0 || fchmod(folder, st.st_mode & 07777) < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        return 0;
}

static int dress_folder(const TreeCopy *c, const TreeEntry *entry, Err *e) {
        _cleanup_(fd_done) int like = -1, folder = -1;
        int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

        like = openat(entry->folder, entry->name, flags);
        folder = openat(c->to, entry->path, flags);
        if (like < 0 || folder < 0)
                return failed(c, entry->path, e);
        return folder_dress(folder, entry->path, like, e);
}

static int copy_bytes(const TreeCopy *c, const TreeEntry *entry, int from, int to, Err *e) {
        uint8_t chunk[CHUNK];
        uint64_t at = 0;

        if (ioctl(to, FICLONE, from) == 0)
                return 0;
        for (;;) {
                ssize_t n = read(from, chunk, sizeof(chunk));
                int rc;

                if (n == 0)
                        return 0;
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return failed(c, entry->path, e);
                rc = file_write_at(to, entry->path, at, (Span){ chunk, (size_t) n }, e);
                if (rc == 0)
                        rc = interrupt_check(e);
                if (rc < 0)
                        return rc;
                at += (uint64_t) n;
        }
}

static int copy_file(const TreeCopy *c, const TreeEntry *entry, Err *e) {
        _cleanup_(fd_done) int from = -1, to = -1;
        int rc;

        from = openat(entry->folder, entry->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (from < 0)
                return failed(c, entry->path, e);
        to = openat(c->to, entry->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (to < 0)
                return failed(c, entry->path, e);
        rc = copy_bytes(c, entry, from, to, e);
        if (rc < 0)
                return rc;
        rc = copy_entry_xattrs(c, entry, e);
        if (rc < 0)
                return rc;
        if (fchmod(to, entry->st->st_mode & 07777) < 0)
                return failed(c, entry->path, e);
        return 0;
}

int tree_copy_link(const TreeCopy *c, const TreeEntry *entry, Err *e) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(entry->folder, entry->name, target, sizeof(target));

        if (n < 0 || (size_t) n == sizeof(target))
                return failed(c, entry->path, e);
        target[n] = '\0';
        if (symlinkat(target, c->to, entry->path) < 0)
                return failed(c, entry->path, e);
        return copy_entry_xattrs(c, entry, e);
}

static const CopiedFile *known_file(const TreeCopy *c, const struct stat *st) {
        for (size_t i = 0; st->st_nlink > 1 && i < c->n_copied; i++)
                if (c->copied[i].device == st->st_dev && c->copied[i].inode == st->st_ino)
                        return &c->copied[i];
        return NULL;
}

static int remember(TreeCopy *c, const TreeEntry *entry, Err *e) {
        CopiedFile f = { .device = entry->st->st_dev, .inode = entry->st->st_ino };

        if (entry->st->st_nlink == 1)
                return 0;
        if (c->n_copied == c->room) {
                size_t room = c->room > 0 ? 2 * c->room : 64;
                CopiedFile *more = reallocarray(c->copied, room, sizeof(*more));

                if (!more)
                        return err_set(e, -ENOMEM, "%s: no memory", c->name);
                c->copied = more;
                c->room = room;
        }
        f.path = strdup(entry->path);
        if (!f.path)
                return err_set(e, -ENOMEM, "%s: no memory", c->name);
        c->copied[c->n_copied++] = f;
        return 0;
}

static int copy_entry(TreeCopy *c, const TreeEntry *entry, Err *e) {
        const CopiedFile *known = known_file(c, entry->st);
        int rc;

        if (known) {
                if (linkat(c->to, known->path, c->to, entry->path, 0) < 0)
                        return failed(c, entry->path, e);
                return 0;
        }
        rc = S_ISLNK(entry->st->st_mode) ? tree_copy_link(c, entry, e) : copy_file(c, entry, e);
        if (rc < 0)
                return rc;
        return remember(c, entry, e);
}

static int visit(void *user, const TreeEntry *entry, Err *e) {
        TreeCopy *c = user;
        int rc;

        rc = interrupt_check(e);
        if (rc < 0)
                return rc;
        if (c->skip && strcmp(entry->path, c->skip) == 0)
                return 0;
        if (S_ISDIR(entry->st->st_mode)) {
                if (entry->leaving)
                        return dress_folder(c, entry, e);
                if (mkdirat(c->to, entry->path, 0700) < 0 && errno != EEXIST)
                        return failed(c, entry->path, e);
                return 0;
        }
        /* Another file system (EXDEV), another owner's file (EPERM, proc(5), protected_hardlinks)
         * or too many names (EMLINK): copied, as where no links are wanted. */
        if (c->link && linkat(entry->folder, entry->name, c->to, entry->path, 0) == 0)
                return 0;
        if (c->link && errno != EXDEV && errno != EPERM && errno != EMLINK)
                return failed(c, entry->path, e);
        return copy_entry(c, entry, e);
}

int tree_copy(TreeCopy *c, int source, Err *e) {
        return tree_walk(source, c->name, visit, c, e);
}

void tree_copy_done(TreeCopy *c) {
        for (size_t i = 0; i < c->n_copied; i++)
                free(c->copied[i].path);
        free(c->copied);
        c->copied = NULL;
        c->n_copied = c->room = 0;
}

static int remove_entry(void *user, const TreeEntry *entry, Err *e) {
        (void) user, (void) e;
        if (S_ISDIR(entry->st->st_mode) && !entry->leaving)
                (void) fchmodat(entry->folder, entry->name, 0700, 0);
        else
                (void) unlinkat(entry->folder, entry->name, entry->leaving ? AT_REMOVEDIR : 0);
        return 0;
}

void tree_remove(const char *path) {
        _cleanup_(fd_done) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd >= 0 && tree_walk(fd, path, remove_entry, NULL, NULL) < 0)
                return;
        (void) rmdir(path);
}
