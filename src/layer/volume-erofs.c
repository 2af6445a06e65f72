/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>

#include "layer/volume.h"

enum { SLOT = 32 };

static int open(Volume *v, Err *e) {
        uint8_t head[EROFS_SUPERBLOCK_SIZE];
        int rc;

        rc = volume_read_at(v, EROFS_SUPERBLOCK_AT, head, sizeof(head), e);
        if (rc < 0)
                return rc;
        rc = volume_said(v, erofs_superblock_parse((Span){ head, sizeof(head) }, &v->erofs, e), e);
        if (rc < 0)
                return rc;
        if (v->erofs.blocks > v->l->tree.data_blocks)
                return err_set(e, -EBADMSG, "%s: its erofs is larger than its partition",
                                v->l->path);
        v->root = (v->erofs.root - v->erofs.meta) / SLOT;
        return 0;
}

static int open_inode(const Volume *v, uint64_t n, ErofsInode *ret, Err *e) {
        uint8_t bytes[EROFS_INODE_MAX];
        uint64_t at = 0, left;
        size_t size;
        int rc;

        rc = volume_said(v, erofs_inode_at(&v->erofs, n, &at, e), e);
        if (rc < 0)
                return rc;
        left = v->erofs.blocks * EROFS_BLOCK - at;
        size = left < sizeof(bytes) ? (size_t) left : sizeof(bytes);
        rc = volume_read_at(v, at, bytes, size, e);
        if (rc < 0)
                return rc;
        return volume_said(v, erofs_inode_parse(&v->erofs, at, (Span){ bytes, size }, ret, e), e);
}

/* The bytes of a file that is laid out plainly, up to the end of a block. */
static int read_block(const Volume *v, const ErofsInode *file, uint64_t at, uint8_t *into,
                size_t size, Err *e) {
        return at < file->whole_size ? volume_read_at(v, file->whole + at, into, size, e)
                                     : volume_read_at(v, file->tail + (at - file->whole_size), into,
                                                       size, e);
}

static int visit_block(const Volume *v, Span block, VolumeVisit visit, void *user, Err *e) {
        ErofsEntry entry;
        size_t at = 0;
        int rc;

        while ((rc = erofs_entry_next(block, &at, &entry, e)) == 1) {
                rc = visit(user, entry.inode, entry.name, e);
                if (rc != 0)
                        break;
        }
        return volume_said(v, rc, e);
}

static int visit_folder(Volume *v, uint64_t n, VolumeVisit visit, void *user, Err *e) {
        uint8_t block[EROFS_BLOCK];
        ErofsInode folder;
        int rc;

        rc = open_inode(v, n, &folder, e);
        if (rc < 0 || !S_ISDIR(folder.mode) || !folder.plain || folder.size > VOLUME_FOLDER_MAX)
                return rc;
        for (uint64_t at = 0; rc == 0 && at < folder.size; at += EROFS_BLOCK) {
                uint64_t left = folder.size - at;
                size_t size = left < EROFS_BLOCK ? (size_t) left : EROFS_BLOCK;

                rc = read_block(v, &folder, at, block, size, e);
                if (rc == 0)
                        rc = visit_block(v, (Span){ block, size }, visit, user, e);
        }
        return rc;
}

static int read_file(Volume *v, uint64_t n, Buf *to, Err *e) {
        uint8_t chunk[EROFS_BLOCK];
        ErofsInode file;
        int rc;

        rc = open_inode(v, n, &file, e);
        if (rc < 0 || !S_ISREG(file.mode) || file.size > EXTENSION_RELEASE_MAX)
                return rc;
        if (!file.plain) {
                v->unread = "it is compressed in an erofs";
                return 0;
        }
        for (uint64_t at = 0; at < file.size; at += EROFS_BLOCK) {
                uint64_t left = file.size - at;
                size_t size = left < EROFS_BLOCK ? (size_t) left : EROFS_BLOCK;

                rc = read_block(v, &file, at, chunk, size, e);
                if (rc < 0)
                        return rc;
                buf_bytes(to, (Span){ chunk, size });
        }
        return 1;
}

const VolumeKind volume_erofs = {
        .filesystem = "erofs",
        .open = open,
        .visit = visit_folder,
        .read = read_file,
};
