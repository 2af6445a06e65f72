/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cursor.h"
#include "layer/volume.h"
#include "port/unpack.h"

/* What people choose is undone, and no more: every other library would be one that takes what
 * strangers wrote. */
static const struct {
        Unpack *unpack;
        const char *unread; /* why there is none */
} packings[] = {
        [SQUASHFS_GZIP] = { unpack_zlib, NULL },
        [SQUASHFS_LZMA] = { NULL, "its squashfs is packed with lzma, not with gzip, xz or zstd" },
        [SQUASHFS_LZO] = { NULL, "its squashfs is packed with lzo, not with gzip, xz or zstd" },
        [SQUASHFS_XZ] = { unpack_xz, NULL },
        [SQUASHFS_LZ4] = { NULL, "its squashfs is packed with lz4, not with gzip, xz or zstd" },
        [SQUASHFS_ZSTD] = { unpack_zstd, NULL },
};

static int open(Volume *v, Err *e) {
        uint8_t head[SQUASHFS_SUPERBLOCK_SIZE];
        SquashfsSuperblock *sb = &v->squashfs;
        int rc;

        rc = volume_read_at(v, 0, head, sizeof(head), e);
        if (rc < 0)
                return rc;
        rc = volume_said(v, squashfs_superblock_parse((Span){ head, sizeof(head) }, sb, e), e);
        if (rc < 0)
                return rc;
        if (sb->size > v->l->data_size)
                return err_set(e, -EBADMSG, "%s: its squashfs is larger than its partition",
                                v->l->path);
        v->unread = packings[sb->packing].unread;
        v->root = sb->root;
        return 0;
}

/* room: of into. */
static int take_block(const Volume *v, const SquashfsBlock *b, uint8_t *into, size_t room,
                size_t *ret_size, Err *e) {
        uint8_t *packed;
        int rc;

        if (b->size > room)
                return err_set(e, -EBADMSG, "%s: a block of its squashfs is too long", v->l->path);
        *ret_size = b->size;
        if (!b->packed)
                return volume_read_at(v, b->at, into, b->size, e);
        packed = malloc(b->size);
        if (!packed)
                return err_set(e, -ENOMEM, "%s: no memory", v->l->path);
        rc = volume_read_at(v, b->at, packed, b->size, e);
        if (rc == 0)
                rc = volume_said(v,
                                packings[v->squashfs.packing].unpack(
                                                (Span){ packed, b->size }, into, room, ret_size, e),
                                e);
        free(packed);
        return rc;
}

/* Appends what a table holds from an offset in a metadata block on, until "to" is full, the size
 * is there, or the table ends. */
static int take_table(const Volume *v, uint64_t block, uint32_t offset, uint64_t end, size_t size,
                Buf *to, Err *e) {
        uint8_t head[SQUASHFS_META_HEAD], bytes[SQUASHFS_META];

        while (size > 0 && block < end) {
                SquashfsBlock b = {};
                size_t n = 0;
                int rc;

                rc = volume_read_at(v, block, head, sizeof(head), e);
                if (rc == 0)
                        rc = volume_said(v,
                                        squashfs_meta_parse(&v->squashfs, block,
                                                        (Span){ head, sizeof(head) }, &b, e),
                                        e);
                if (rc == 0)
                        rc = take_block(v, &b, bytes, sizeof(bytes), &n, e);
                if (rc < 0)
                        return rc;
                if (offset >= n)
                        return err_set(e, -EBADMSG,
                                        "%s: a metadata block of its squashfs is shorter than what "
                                        "is looked for in it",
                                        v->l->path);
                n -= offset;
                n = n < size ? n : size;
                buf_bytes(to, (Span){ bytes + offset, n });
                size -= n;
                offset = 0;
                block = b.at + b.size;
        }
        return to->failed < 0 ? err_set(e, to->failed, "%s: no memory", v->l->path) : 0;
}

static int open_inode(const Volume *v, uint64_t reference, SquashfsInode *ret, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(SQUASHFS_INODE_MAX);
        const SquashfsSuperblock *sb = &v->squashfs;
        uint64_t block = 0;
        uint32_t offset = 0;
        int rc;

        rc = volume_said(v, squashfs_inode_at(sb, reference, &block, &offset, e), e);
        if (rc == 0)
                rc = take_table(v, block, offset, sb->folders, SQUASHFS_INODE_MAX, &bytes, e);
        if (rc == 0)
                rc = volume_said(v, squashfs_inode_parse(sb, buf_span(&bytes), ret, e), e);
        return rc;
}

static int visit_folder(Volume *v, uint64_t n, VolumeVisit visit, void *user, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(VOLUME_FOLDER_MAX);
        const SquashfsSuperblock *sb = &v->squashfs;
        SquashfsInode folder = {};
        SquashfsEntry entry;
        SquashfsList list = {};
        int rc;

        if (v->unread)
                return 0;
        rc = open_inode(v, n, &folder, e);
        if (rc < 0 || !S_ISDIR(folder.mode) || folder.size > VOLUME_FOLDER_MAX)
                return rc;
        rc = take_table(v, folder.list_block, folder.list_offset, sb->ends, (size_t) folder.size,
                        &bytes, e);
        if (rc < 0)
                return rc;
        if (bytes.size < folder.size)
                return err_set(e, -EBADMSG, "%s: a folder's list in its squashfs is cut short",
                                v->l->path);

        list.bytes = buf_span(&bytes);
        while ((rc = squashfs_entry_next(&list, &entry, e)) == 1) {
                rc = visit(user, entry.reference, entry.name, e);
                if (rc != 0)
                        break;
        }
        return volume_said(v, rc, e);
}

/* A file under way into "to". */
typedef struct Reading {
        const Volume *v;
        const SquashfsInode *file;
        Span sizes;
        uint8_t *block; /* block_size bytes */
        Buf *to;
} Reading;

static void reading_done(Reading *r) {
        free(r->block);
}

static int read_block(Reading *r, uint64_t i, uint64_t *at, Err *e) {
        const SquashfsSuperblock *sb = &r->v->squashfs;
        uint64_t left = r->file->size - i * sb->block_size;
        size_t n = left < sb->block_size ? (size_t) left : sb->block_size, got = n;
        SquashfsBlock b = {};
        int rc;

        rc = volume_said(r->v,
                        squashfs_size_parse(sb, *at, (Span){ r->sizes.data + 4 * i, 4 }, &b, e), e);
        if (rc < 0)
                return rc;
        if (b.size == 0)
                memset(r->block, 0, n);
        else
                rc = take_block(r->v, &b, r->block, sb->block_size, &got, e);
        if (rc == 0 && got != n)
                rc = err_set(e, -EBADMSG,
                                "%s: a block of a file in its squashfs has %zu bytes, and not %zu",
                                r->v->l->path, got, n);
        if (rc < 0)
                return rc;
        buf_bytes(r->to, (Span){ r->block, n });
        *at += b.size;
        return 0;
}

/* The table of tails: 8 bytes for each of its metadata blocks, which say where that begins. */
static int find_tails(const Volume *v, uint32_t n, SquashfsBlock *ret, Err *e) {
        _cleanup_(buf_done) Buf entry = BUF_UP_TO(SQUASHFS_FRAGMENT);
        const SquashfsSuperblock *sb = &v->squashfs;
        uint8_t bytes[8];
        Cursor c = cursor_over((Span){ bytes, sizeof(bytes) });
        uint64_t place = sb->fragments + n / SQUASHFS_FRAGMENTS * sizeof(bytes);
        int rc;

        rc = volume_read_at(v, place, bytes, sizeof(bytes), e);
        if (rc == 0)
                rc = take_table(v, cursor_u64le(&c), n % SQUASHFS_FRAGMENTS * SQUASHFS_FRAGMENT,
                                sb->size, SQUASHFS_FRAGMENT, &entry, e);
        if (rc == 0)
                rc = volume_said(v, squashfs_fragment_parse(sb, buf_span(&entry), ret, e), e);
        return rc;
}

static int read_tail(Reading *r, Err *e) {
        const SquashfsSuperblock *sb = &r->v->squashfs;
        size_t n = (size_t) (r->file->size - r->file->n_blocks * sb->block_size), got = 0;
        SquashfsBlock b = {};
        int rc;

        rc = find_tails(r->v, r->file->tail, &b, e);
        if (rc == 0)
                rc = take_block(r->v, &b, r->block, sb->block_size, &got, e);
        if (rc < 0)
                return rc;
        if (r->file->tail_offset > got || n > got - r->file->tail_offset)
                return err_set(e, -EBADMSG, "%s: a tail of a file in its squashfs is not there",
                                r->v->l->path);
        buf_bytes(r->to, (Span){ r->block + r->file->tail_offset, n });
        return 0;
}

static int read_all(Reading *r, Err *e) {
        uint64_t at = r->file->blocks;
        int rc = 0;

        r->block = malloc(r->v->squashfs.block_size);
        if (!r->block)
                return err_set(e, -ENOMEM, "%s: no memory", r->v->l->path);
        for (uint64_t i = 0; rc == 0 && i < r->file->n_blocks; i++)
                rc = read_block(r, i, &at, e);
        if (rc == 0 && r->file->has_tail)
                rc = read_tail(r, e);
        return rc < 0 ? rc : 1;
}

static int read_file(Volume *v, uint64_t n, Buf *to, Err *e) {
        _cleanup_(buf_done) Buf sizes = BUF_UP_TO(EXTENSION_RELEASE_MAX);
        const SquashfsSuperblock *sb = &v->squashfs;
        SquashfsInode file = {};
        _cleanup_(reading_done) Reading r = { .v = v, .file = &file, .to = to };
        uint64_t block = 0;
        uint32_t offset = 0;
        size_t size;
        int rc;

        rc = open_inode(v, n, &file, e);
        if (rc < 0 || !S_ISREG(file.mode) || file.size > EXTENSION_RELEASE_MAX)
                return rc;
        size = file.sizes_at + 4 * (size_t) file.n_blocks;
        rc = volume_said(v, squashfs_inode_at(sb, n, &block, &offset, e), e);
        if (rc == 0)
                rc = take_table(v, block, offset, sb->folders, size, &sizes, e);
        if (rc == 0 && sizes.size < size)
                rc = err_set(e, -EBADMSG, "%s: the blocks of a file in its squashfs have no sizes",
                                v->l->path);
        if (rc < 0)
                return rc;
        r.sizes = span_from(buf_span(&sizes), file.sizes_at);
        return read_all(&r, e);
}

const VolumeKind volume_squashfs = {
        .filesystem = "squashfs",
        .open = open,
        .visit = visit_folder,
        .read = read_file,
};
