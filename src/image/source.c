/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "image/attributes.h"
#include "image/finished.h"
#include "image/release.h"
#include "image/tree.h"
#include "port/interrupt.h"

/* Of the root folder of every extension, whatever the tree's own was. */
enum { ROOT_MODE = 0755 };

/* By everyone, so that nobody need ask. */
enum { READABLE = S_IRUSR | S_IRGRP | S_IROTH };

#define RELEASE_PREFIX "extension-release."

typedef struct Look {
        const ImageKind *kind;
        const char *name;
        ReleaseParams release;
        Source *s;
        bool found_release, marked, found_os_release;
        unsigned n_tops;
} Look;

static bool is_one_of(const char *word, const char *const *list) {
        while (*list && strcmp(*list, word) != 0)
                list++;
        return *list != NULL;
}

static const char *odd_type(mode_t mode) {
        switch (mode & S_IFMT) {
        case S_IFIFO:
                return "a fifo";
        case S_IFSOCK:
                return "a socket";
        case S_IFCHR:
                return "a character device";
        case S_IFBLK:
                return "a block device";
        default:
                return "of unknown type";
        }
}

/* A socket is nobody's to open once the program that made it has ended. */
static bool may_hold(const ImageKind *kind, mode_t mode) {
        if (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode))
                return true;
        return kind->nodes && (S_ISFIFO(mode) || S_ISCHR(mode) || S_ISBLK(mode));
}

static int check_type(const Look *l, const TreeEntry *entry, Err *e) {
        mode_t mode = entry->st->st_mode;

        if (!may_hold(l->kind, mode))
                return err_set(e, -EBADMSG,
                                "%s/%s: is %s; %s holds only files, folders%s symbolic links",
                                l->s->path, entry->path, odd_type(mode), l->kind->what,
                                l->kind->nodes ? ", devices, fifos and" : " and");
        /* mkfs.erofs would fail too, and not say at which file */
        if (S_ISREG(mode) && (mode & READABLE) != READABLE &&
                        faccessat(entry->folder, entry->name, R_OK, AT_EACCESS) < 0)
                return err_set(e, -errno, "%s/%s: %s", l->s->path, entry->path, strerror(errno));
        return 0;
}

/* "usr and opt" */
static int refuse_top(const Look *l, const TreeEntry *entry, Err *e) {
        char list[64] = "";
        size_t n = 0;

        for (const char *const *top = l->kind->tops; *top && n < sizeof(list); top++)
                n += (size_t) snprintf(list + n, sizeof(list) - n, "%s%s",
                                top == l->kind->tops ? "" : " and ", *top);
        return err_set(e, -EBADMSG, "%s/%s: not a folder that %s may hold, at its top %s only %s",
                        l->s->path, entry->path, l->kind->what, l->kind->tops[1] ? "are" : "is",
                        list);
}

static int take_release(Look *l, const TreeEntry *entry, Err *e) {
        _cleanup_(fd_done) int fd =
                        openat(entry->folder, entry->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        char where[PATH_MAX + 64], mark[8];
        ssize_t n;
        int rc;

        (void) snprintf(where, sizeof(where), "%s/%s", l->s->path, entry->path);
        if (fd < 0)
                return err_set(e, -errno, "%s: %s", where, strerror(errno));
        rc = file_read_fd(fd, where, &l->s->release, e);
        if (rc < 0)
                return rc;
        rc = release_check(buf_span(&l->s->release), where, &l->release, e);
        if (rc < 0)
                return rc;
        if (l->release.n_fields > 0)
                return err_set(e, -EBADMSG,
                                "%s: is there already, so --extension-release= has nothing to say; "
                                "leave one of them out",
                                where);
        n = fgetxattr(fd, RELEASE_XATTR, mark, sizeof(mark));
        l->marked = n > 0 &&
                    span_is((Span){ (const uint8_t *) mark, (size_t) n }, RELEASE_XATTR_VALUE);
        l->found_release = true;
        return 0;
}

/* An entry of the folder in which extension-release files lie. */
static int look_at_release(Look *l, const TreeEntry *entry, Err *e) {
        size_t prefix = strlen(RELEASE_PREFIX);

        if (strncmp(entry->name, RELEASE_PREFIX, prefix) != 0)
                return 0;
        if (strcmp(entry->name + prefix, l->name) != 0)
                return err_set(e, -EBADMSG,
                                "%s/%s: is for an extension of another name; rename it to %s%s, or "
                                "build with --name=%s",
                                l->s->path, entry->path, RELEASE_PREFIX, l->name,
                                entry->name + prefix);
        if (!S_ISREG(entry->st->st_mode))
                return err_set(e, -EBADMSG, "%s/%s: is not a regular file", l->s->path,
                                entry->path);
        return take_release(l, entry, e);
}

/* True for the release folder, and every folder on the way to it: a link there could lead a host
 * to another file than the one that was looked at. */
static bool leads_to_release(const Look *l, const char *path) {
        size_t n = strlen(path);

        return l->kind->release_folder && strncmp(l->kind->release_folder, path, n) == 0 &&
               (l->kind->release_folder[n] == '/' || l->kind->release_folder[n] == '\0');
}

static bool is_in_release_folder(const Look *l, const TreeEntry *entry) {
        size_t n = l->kind->release_folder ? strlen(l->kind->release_folder) : 0;

        return n > 0 && strncmp(entry->path, l->kind->release_folder, n) == 0 &&
               entry->path[n] == '/' && !strchr(entry->path + n + 1, '/');
}

/* Whether something may be at this place. */
static int check_place(Look *l, const TreeEntry *entry, Err *e) {
        const ImageKind *k = l->kind;
        bool folder = S_ISDIR(entry->st->st_mode);

        if (entry->depth == 1) {
                if (k->tops && (!is_one_of(entry->name, k->tops) || !folder))
                        return refuse_top(l, entry, e);
                l->n_tops++;
        }
        if (is_one_of(entry->path, k->never_inside))
                return err_set(e, -EBADMSG,
                                "%s/%s: makes the tree a system of its own; %s has none, take it "
                                "out",
                                l->s->path, entry->path, k->what);
        if (k->os_release && is_one_of(entry->path, k->os_release) && !folder)
                l->found_os_release = true;
        if (leads_to_release(l, entry->path) && !folder)
                return err_set(e, -EBADMSG, "%s/%s: is not a folder", l->s->path, entry->path);
        return 0;
}

/* Folder by folder is often enough to look whether somebody wants this to end. */
static int leave(const Look *l, const TreeEntry *entry, Err *e) {
        int rc = interrupt_check(e);

        if (rc < 0 || !l->kind->release_folder)
                return rc;
        return attributes_check(entry, l->s->path, l->kind->what, e);
}

static int look(void *user, const TreeEntry *entry, Err *e) {
        Look *l = user;
        int rc;

        if (entry->leaving)
                return leave(l, entry, e);
        if (S_ISREG(entry->st->st_mode))
                l->s->bytes += (uint64_t) entry->st->st_size;
        rc = seen_keep(&l->s->seen, l->s->path, entry, e);
        if (rc == 0)
                rc = check_type(l, entry, e);
        if (rc == 0)
                rc = check_place(l, entry, e);
        if (rc < 0)
                return rc;
        return is_in_release_folder(l, entry) ? look_at_release(l, entry, e) : 0;
}

static bool root_is_usual(int fd, const struct stat *st) {
        return (st->st_mode & 07777) == ROOT_MODE && flistxattr(fd, NULL, 0) == 0;
}

/* Whether the whole tree is what it must be; an extension gets its file where it brings none. */
static int judge(Look *l, const struct stat *root, Err *e) {
        Source *s = l->s;

        if (l->n_tops == 0)
                return err_set(e, -EBADMSG, "%s: is empty; nothing to make %s of", s->path,
                                l->kind->what);
        if (l->kind->os_release && !l->found_os_release)
                return err_set(e, -EBADMSG, "%s: has no %s, without which it is not %s", s->path,
                                l->kind->os_release[0], l->kind->what);
        if (!l->kind->release_folder) {
                s->ready = true;
                return 0;
        }
        s->ready = l->marked && root_is_usual(s->fd, root);
        return l->found_release ? 0 : release_write(&l->release, &s->release, e);
}

static int look_through(Look *l, Err *e) {
        Source *s = l->s;
        struct stat root;
        int n = 0, rc;

        if (fstat(s->fd, &root) < 0)
                return err_set(e, -errno, "%s: %s", s->path, strerror(errno));
        if (l->kind->release_folder)
                n = snprintf(s->release_path, sizeof(s->release_path), "%s/%s%s",
                                l->kind->release_folder, RELEASE_PREFIX, l->name);
        if (n < 0 || (size_t) n >= sizeof(s->release_path))
                return err_set(e, -ENAMETOOLONG, "%s: the name is too long", l->name);
        rc = tree_walk(s->fd, s->path, look, l, e);
        return rc < 0 ? rc : judge(l, &root, e);
}

static int open_folder(const char *path, Source *s, Err *e) {
        fd_done(&s->fd);
        s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return s->fd < 0 ? err_set(e, -errno, "%s: %s", path, strerror(errno)) : 0;
}

/* The file that fd is: a file system, or an archive, which is unpacked. */
static int open_file(const SourceParams *p, Source *s, Err *e) {
        ArchiveParams a = {
                .fd = s->fd,
                .name = s->path,
                .scratch = p->scratch,
                .keep_owners = p->keep_owners,
        };
        int rc;

        rc = finished_recognise(s->fd, s->path, &s->finished, e);
        if (rc < 0 || s->finished)
                return rc;
        rc = archive_open(&a, &s->archive, e);
        return rc < 0 ? rc : open_folder(s->archive.root, s, e);
}

static int open_any(const SourceParams *p, Source *s, Err *e) {
        bool piped = strcmp(p->path, "-") == 0;
        struct stat st;

        s->path = piped ? "standard input" : p->path;
        s->fd = piped ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                      : open(p->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (s->fd < 0 || fstat(s->fd, &st) < 0)
                return err_set(e, -errno, "%s: %s", s->path, strerror(errno));
        return S_ISDIR(st.st_mode) ? 0 : open_file(p, s, e);
}

int source_open(const SourceParams *p, Source *ret, Err *e) {
        _cleanup_(source_done) Source s = SOURCE_NONE;
        Look l = {
                .kind = p->kind,
                .name = p->name,
                .release = { .kind = p->kind,
                                .architecture = p->architecture,
                                .fields = p->fields,
                                .n_fields = p->n_fields },
                .s = &s,
        };
        int rc;

        rc = open_any(p, &s, e);
        if (rc == 0 && !s.finished)
                rc = look_through(&l, e);
        if (rc < 0)
                return rc;

        s.ready = s.ready || s.finished;
        *ret = s;
        s = SOURCE_NONE;
        return 0;
}

const char *source_root(const Source *s) {
        return s->archive.root[0] ? s->archive.root : s->path;
}

static int look_again(void *user, const TreeEntry *entry, Err *e) {
        Source *s = user;

        return entry->leaving ? interrupt_check(e) : seen_compare(&s->seen, s->path, entry, e);
}

int source_unchanged(Source *s, Err *e) {
        int rc;

        if (s->finished)
                return 0;
        rc = tree_walk(s->fd, s->path, look_again, s, e);
        return rc < 0 ? rc : seen_end(&s->seen, s->path, e);
}

void source_done(Source *s) {
        fd_done(&s->fd);
        buf_done(&s->release);
        seen_done(&s->seen);
        archive_done(&s->archive);
}
