/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/contents.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "wire/erofs.h"
#include "wire/osrel.h"

enum { FOLDER_MAX = 16 * 1024 * 1024 };

#define RELEASE_PREFIX "extension-release."

typedef struct FileSystem {
        const Layer *l;
        uint64_t at; /* in the image */
        ErofsSuperblock sb;
} FileSystem;

static int read_at(const FileSystem *fs, uint64_t at, void *into, size_t size, Err *e) {
        return file_read_at(fs->l->fd, fs->l->path, fs->at + at, into, size, e);
}

/* What was found out is said with the file that it is about. */
static int in_image(const FileSystem *fs, int rc, Err *e) {
        if (rc < 0)
                err_at(e, fs->l->path);
        return rc;
}

static int open_inode(const FileSystem *fs, uint64_t n, ErofsInode *ret, Err *e) {
        uint8_t bytes[EROFS_INODE_MAX];
        uint64_t at = 0, left;
        int rc;

        rc = in_image(fs, erofs_inode_at(&fs->sb, n, &at, e), e);
        if (rc < 0)
                return rc;
        left = fs->sb.blocks * EROFS_BLOCK - at;
        rc = read_at(fs, at, bytes, left < sizeof(bytes) ? (size_t) left : sizeof(bytes), e);
        if (rc < 0)
                return rc;
        rc = erofs_inode_parse(&fs->sb, at,
                        (Span){ bytes, left < sizeof(bytes) ? (size_t) left : sizeof(bytes) }, ret,
                        e);
        return in_image(fs, rc, e);
}

/* The bytes of a file that is laid out plainly, up to the end of a block. */
static int read_file(const FileSystem *fs, const ErofsInode *file, uint64_t at, uint8_t *into,
                size_t size, Err *e) {
        return at < file->whole_size
                               ? read_at(fs, file->whole + at, into, size, e)
                               : read_at(fs, file->tail + (at - file->whole_size), into, size, e);
}

/* Told every name in a folder; 0 to go on, 1 to end the walk. */
typedef int (*Visit)(void *user, const ErofsEntry *entry, Err *e);

static int visit_block(const FileSystem *fs, Span block, Visit visit, void *user, Err *e) {
        ErofsEntry entry;
        size_t at = 0;
        int rc;

        while ((rc = erofs_entry_next(block, &at, &entry, e)) == 1) {
                rc = visit(user, &entry, e);
                if (rc != 0)
                        break;
        }
        return in_image(fs, rc, e);
}

static int visit_folder(
                const FileSystem *fs, const ErofsInode *folder, Visit visit, void *user, Err *e) {
        uint8_t block[EROFS_BLOCK];
        int rc = 0;

        if (!S_ISDIR(folder->mode) || !folder->plain || folder->size > FOLDER_MAX)
                return 0;
        for (uint64_t at = 0; rc == 0 && at < folder->size; at += EROFS_BLOCK) {
                uint64_t left = folder->size - at;
                size_t n = left < EROFS_BLOCK ? (size_t) left : EROFS_BLOCK;

                rc = read_file(fs, folder, at, block, n, e);
                if (rc == 0)
                        rc = visit_block(fs, (Span){ block, n }, visit, user, e);
        }
        return rc;
}

typedef struct Wanted {
        Span name;
        uint64_t inode;
} Wanted;

static int is_wanted(void *user, const ErofsEntry *entry, Err *e) {
        Wanted *w = user;

        (void) e;
        if (!span_equal(entry->name, w->name))
                return 0;
        w->inode = entry->inode;
        return 1;
}

/* 1 where there is such a path, of folders and no links. */
static int find(const FileSystem *fs, const char *path, ErofsInode *ret, Err *e) {
        uint8_t root[EROFS_INODE_MAX];
        Span left = span_of(path);
        ErofsInode inode;
        int rc;

        rc = read_at(fs, fs->sb.root, root, sizeof(root), e);
        if (rc == 0)
                rc = in_image(fs,
                                erofs_inode_parse(&fs->sb, fs->sb.root,
                                                (Span){ root, sizeof(root) }, &inode, e),
                                e);
        while (rc == 0 && left.size > 0) {
                const uint8_t *slash = memchr(left.data, '/', left.size);
                Wanted w = { .name = { left.data,
                                             slash ? (size_t) (slash - left.data) : left.size } };

                rc = visit_folder(fs, &inode, is_wanted, &w, e);
                if (rc <= 0)
                        return rc;
                rc = open_inode(fs, w.inode, &inode, e);
                left = (Span){ left.data + w.name.size, left.size - w.name.size };
                if (left.size > 0)
                        left = (Span){ left.data + 1, left.size - 1 };
        }
        if (rc < 0)
                return rc;
        *ret = inode;
        return 1;
}

/* 1 where it is a file that can be read. */
static int read_text(const FileSystem *fs, const ErofsInode *file, Buf *to, Err *e) {
        uint8_t chunk[EROFS_BLOCK];

        if (!S_ISREG(file->mode) || !file->plain || file->size > EXTENSION_RELEASE_MAX)
                return 0;
        for (uint64_t at = 0; at < file->size; at += EROFS_BLOCK) {
                uint64_t left = file->size - at;
                size_t n = left < EROFS_BLOCK ? (size_t) left : EROFS_BLOCK;
                int rc = read_file(fs, file, at, chunk, n, e);

                if (rc < 0)
                        return rc;
                buf_bytes(to, (Span){ chunk, n });
        }
        return to->failed < 0 ? err_set(e, to->failed, "%s: no memory", fs->l->path) : 1;
}

typedef struct Release {
        const FileSystem *fs;
        char name[NAME_TEXT_MAX + 1];
        uint64_t inode;
        unsigned n;
} Release;

static int is_release(void *user, const ErofsEntry *entry, Err *e) {
        Span prefix = SPAN_LITERAL(RELEASE_PREFIX), name = entry->name;
        Release *r = user;

        if (!span_starts(name, prefix) || name.size == prefix.size ||
                        name.size - prefix.size > NAME_TEXT_MAX)
                return 0;
        if (r->n++ > 0)
                return err_set(e, -EBADMSG,
                                "two extension-release files; which of them a host takes cannot be "
                                "known");
        memcpy(r->name, name.data + prefix.size, name.size - prefix.size);
        r->inode = entry->inode;
        return 0;
}

/* 1 where it is an extension of this type. */
static int look_for_extension(
                const FileSystem *fs, const char *folder, LeafType type, Contents *c, Err *e) {
        Release r = { .fs = fs };
        ErofsInode inode;
        int rc;

        rc = find(fs, folder, &inode, e);
        if (rc == 1)
                rc = visit_folder(fs, &inode, is_release, &r, e);
        if (rc < 0 || r.n == 0)
                return rc < 0 ? rc : 0;
        rc = open_inode(fs, r.inode, &inode, e);
        if (rc == 0)
                rc = read_text(fs, &inode, &c->release, e);
        if (rc < 0)
                return rc;
        c->type = type;
        memcpy(c->name, r.name, sizeof(c->name));
        return 1;
}

static int look_for_system(const FileSystem *fs, Contents *c, Err *e) {
        ErofsInode inode;
        int rc;

        rc = find(fs, fs->l->usr ? "lib/os-release" : "usr/lib/os-release", &inode, e);
        if (rc <= 0)
                return rc;
        rc = read_text(fs, &inode, &c->release, e);
        if (rc <= 0)
                return rc;
        if (fs->l->usr)
                c->type = LEAF_USR;
        else
                c->type = osrel_value(buf_span(&c->release), "PORTABLE_PREFIXES").size > 0
                                          ? LEAF_PORTABLE
                                          : LEAF_ROOT;
        return 0;
}

static int look(const FileSystem *fs, Contents *c, Err *e) {
        int rc;

        rc = look_for_extension(fs,
                        fs->l->usr ? "lib/extension-release.d" : "usr/lib/extension-release.d",
                        LEAF_SYSEXT, c, e);
        if (rc == 0 && !fs->l->usr)
                rc = look_for_extension(fs, "etc/extension-release.d", LEAF_CONFEXT, c, e);
        if (rc == 0)
                rc = look_for_system(fs, c, e);
        return rc < 0 ? rc : 0;
}

int contents_read(const Layer *l, Contents *ret, Err *e) {
        _cleanup_(contents_done) Contents c = CONTENTS_NONE;
        FileSystem fs = { .l = l, .at = l->tree.data_offset };
        uint8_t head[EROFS_SUPERBLOCK_SIZE];
        int rc;

        if (strcmp(l->filesystem, "erofs") == 0) {
                rc = read_at(&fs, EROFS_SUPERBLOCK_AT, head, sizeof(head), e);
                if (rc == 0)
                        rc = in_image(&fs,
                                        erofs_superblock_parse(
                                                        (Span){ head, sizeof(head) }, &fs.sb, e),
                                        e);
                if (rc == 0 && fs.sb.blocks > l->tree.data_blocks)
                        rc = err_set(e, -EBADMSG, "%s: its erofs is larger than its partition",
                                        l->path);
                if (rc == 0)
                        rc = look(&fs, &c, e);
                if (rc < 0)
                        return rc;
        }

        *ret = c;
        c = CONTENTS_NONE;
        return 0;
}

void contents_done(Contents *c) {
        buf_done(&c->release);
}
