/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "base/file.h"
#include "base/text.h"
#include "layer/kinds.h"
#include "layer/name.h"
#include "layer/rest.h"
#include "layer/table.h"
#include "port/probe.h"
#include "wire/veritysig.h"

/* A disk image with a root or /usr partition, its hash tree, and perhaps the signature of its root
 * hash (UAPI.2, Discoverable Partitions; UAPI.3, Discoverable Disk Images). */

/* The partitions that belong together. Borrows from a ProbedDisk. */
typedef struct Set {
        const char *architecture;
        bool usr;
        const ProbedPartition *data, *hash, *signature;
} Set;

/* By a protective MBR (UEFI 2.10, 5.2.3): there was a GPT, whatever has become of it. */
static bool is_protected(Span head) {
        return head.size >= MBR_SIZE && head.data[450] == 0xee && head.data[510] == 0x55 &&
               head.data[511] == 0xaa;
}

static bool matches(Span head) {
        static const size_t at[] = { 512, 4096 }; /* the sector sizes that there are */

        for (size_t i = 0; i < ELEMENTS(at); i++)
                if (head.size > at[i] && span_starts((Span){ head.data + at[i], head.size - at[i] },
                                                         SPAN_LITERAL("EFI PART")))
                        return true;
        return is_protected(head);
}

/* systemd-sysupdate is not done with it yet. */
static bool is_unfinished(const ProbedPartition *p) {
        return strncmp(p->label, "PRT#", 4) == 0 || strncmp(p->label, "PND#", 4) == 0;
}

/* NULL in *ret where there is none of that type. */
static int find_one(const Layer *l, const ProbedDisk *d, const char *type,
                const ProbedPartition **ret, Err *e) {
        const ProbedPartition *found = NULL;

        for (size_t i = 0; i < d->n_partitions; i++) {
                const ProbedPartition *p = &d->partitions[i];

                if (strcmp(p->type, type) != 0 || is_unfinished(p))
                        continue;
                if (found)
                        return err_set(e, -EBADMSG,
                                        "%s: two partitions of type %s; which of them is meant "
                                        "cannot be known",
                                        l->path, type);
                found = p;
        }
        *ret = found;
        return 0;
}

/* 1 and the set, where there is one with a hash tree. *ret_bare is set where there is a data
 * partition without. */
static int find_set(const Layer *l, const ProbedDisk *d, const GptTypes *t, bool usr, Set *ret,
                bool *ret_bare, Err *e) {
        Set s = { .architecture = t->architecture, .usr = usr };
        int rc;

        rc = find_one(l, d, usr ? t->usr : t->root, &s.data, e);
        if (rc == 0)
                rc = find_one(l, d, usr ? t->usr_verity : t->root_verity, &s.hash, e);
        if (rc == 0)
                rc = find_one(l, d, usr ? t->usr_verity_sig : t->root_verity_sig, &s.signature, e);
        if (rc < 0)
                return rc;
        if (s.data && !s.hash)
                *ret_bare = true;
        if (!s.data || !s.hash)
                return 0;
        *ret = s;
        return 1;
}

static int find_only_set(const Layer *l, const ProbedDisk *d, Set *ret, Err *e) {
        bool bare = false;
        int n = 0;

        for (const GptTypes *t = gpt_types; t->architecture; t++)
                for (int usr = 0; usr < 2; usr++) {
                        int rc = find_set(l, d, t, usr, ret, &bare, e);

                        if (rc < 0)
                                return rc;
                        n += rc;
                }
        if (n == 1)
                return 0;
        if (n > 1)
                return err_set(e, -EBADMSG,
                                "%s: more than one root or /usr partition with a hash tree; which "
                                "of them is meant cannot be known",
                                l->path);
        if (bare)
                return err_set(e, -ENODATA,
                                "%s: a disk image without dm-verity: its content has no root hash "
                                "to be known by",
                                l->path);
        return err_set(e, -ENODATA, "%s: a disk image, but no layer: no root or /usr partition",
                        l->path);
}

static void add_part(Layer *l, const char *what, const ProbedPartition *p) {
        l->parts[l->n_parts++] = (LayerPart){ .what = what, .offset = p->offset, .size = p->size };
}

static int read_superblock(Layer *l, const Set *s, Err *e) {
        uint8_t bytes[VERITY_SUPERBLOCK_SIZE];
        VeritySuperblock sb;
        VerityLayout layout;
        int rc;

        if (s->hash->size < VERITY_BLOCK)
                return err_set(e, -EBADMSG, "%s: a hash partition of %" PRIu64 " bytes", l->path,
                                s->hash->size);
        rc = file_read_at(l->fd, l->path, s->hash->offset, bytes, sizeof(bytes), e);
        if (rc < 0)
                return rc;
        rc = verity_superblock_parse((Span){ bytes, sizeof(bytes) }, &sb, e);
        if (rc == 0)
                rc = verity_layout(sb.data_blocks, &layout, e);
        if (rc < 0) {
                err_at(e, l->path);
                return rc;
        }
        /* systemd-repart gives small file systems a partition that is larger than they are */
        if (sb.data_blocks > s->data->size / VERITY_BLOCK)
                return err_set(e, -EBADMSG,
                                "%s: the hash tree is over %" PRIu64
                                " blocks of 4096 bytes, the data partition has %" PRIu64 " bytes",
                                l->path, sb.data_blocks, s->data->size);
        if (layout.total > s->hash->size / VERITY_BLOCK)
                return err_set(e, -EBADMSG,
                                "%s: the hash tree takes %" PRIu64
                                " blocks of 4096 bytes, its partition has %" PRIu64 " bytes",
                                l->path, layout.total, s->hash->size);

        memcpy(l->tree.uuid, sb.uuid, sizeof(l->tree.uuid));
        memcpy(l->tree.salt, sb.salt.data, sb.salt.size);
        l->tree.salt_size = sb.salt.size;
        l->tree.data_blocks = sb.data_blocks;
        l->tree.data_offset = s->data->offset;
        l->tree.hash_offset = s->hash->offset;
        l->data_size = s->data->size;
        l->hash_size = s->hash->size;
        return 0;
}

static int read_signature(Layer *l, const Set *s, Err *e) {
        _cleanup_(buf_done) Buf partition = BUF_UP_TO(VERITY_SIGNATURE_MAX);
        VeritySignature signature;
        uint8_t *bytes;
        int rc;

        if (!s->signature)
                return 0;
        if (s->signature->size > VERITY_SIGNATURE_MAX)
                return err_set(e, -EBADMSG,
                                "%s: a signature partition of %" PRIu64 " bytes; at most %d are "
                                "read",
                                l->path, s->signature->size, VERITY_SIGNATURE_MAX);
        bytes = buf_room(&partition, (size_t) s->signature->size);
        if (!bytes)
                return err_set(e, partition.failed, "%s: no memory", l->path);
        rc = file_read_at(l->fd, l->path, s->signature->offset, bytes, (size_t) s->signature->size,
                        e);
        if (rc < 0)
                return rc;
        rc = verity_signature_parse(buf_span(&partition), &l->pkcs7, &signature, e);
        if (rc < 0) {
                err_at(e, l->path);
                return rc == -E2BIG ? -EBADMSG : rc; /* too large is as wrong as any other */
        }
        if (memcmp(signature.root_hash, l->root_hash.bytes, sizeof(signature.root_hash)) != 0)
                return err_set(e, -EBADMSG,
                                "%s: the signature partition is about another root hash than the "
                                "hash tree has",
                                l->path);

        l->has_signature = true;
        l->has_unknown = signature.has_unknown;
        l->signature_offset = s->signature->offset;
        l->has_fingerprint = signature.has_fingerprint;
        memcpy(l->fingerprint, signature.fingerprint, sizeof(l->fingerprint));
        return 0;
}

/* UAPI.2: "the first 128 bits of the root hash", and the last, are the partitions' UUIDs. */
static int compare_uuids(const Layer *l, const Set *s, Err *e) {
        const struct {
                const char *what, *uuid;
                size_t at;
        } cases[] = {
                { "data", s->data->uuid, 0 },
                { "hash", s->hash->uuid, 16 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char uuid[UUID_TEXT_SIZE];

                text_uuid(l->root_hash.bytes + cases[i].at, uuid);
                if (strcmp(uuid, cases[i].uuid) != 0)
                        return err_set(e, -EBADMSG,
                                        "%s: the %s partition's UUID is %s; the root hash wants %s",
                                        l->path, cases[i].what, cases[i].uuid, uuid);
        }
        return 0;
}

/* libblkid reads the first table, or where that is damaged the second. Where both are good and say
 * different things, others may read another image than we do. */
static int refuse_two_readings(const Layer *l, const ProbedDisk *disk, Err *e) {
        _cleanup_(tables_done) Tables *t = NULL;
        int rc;

        rc = tables_read(l->fd, l->path, &t, e);
        if (rc == 0)
                rc = tables_agree(t, l->path, e);
        return rc < 0 ? rc : tables_compare(t, disk, l->path, e);
}

static int find_partitions(const Layer *l, ProbedDisk *ret, Err *e) {
        Err why = {};
        int rc;

        rc = probe_disk(l->fd, l->path, ret, &why);
        if (rc == -ENODATA) /* and yet it was matched */
                return err_set(e, -EBADMSG,
                                "%s: a disk image, by its protective MBR, but there is no header of "
                                "a partition table at byte 512 or 4096; the image was damaged",
                                l->path);
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 0;
}

static int recognise(Layer *l, Err *e) {
        ProbedDisk disk;
        Set s = {};
        int rc;

        rc = find_partitions(l, &disk, e);
        if (rc < 0)
                return rc;
        rc = refuse_two_readings(l, &disk, e);
        if (rc < 0)
                return rc;
        rc = find_only_set(l, &disk, &s, e);
        if (rc < 0)
                return rc;
        rc = read_superblock(l, &s, e);
        if (rc < 0)
                return rc;
        rc = tree_root(l->fd, l->path, &l->tree, &l->root_hash, e);
        if (rc < 0)
                return rc;
        rc = read_signature(l, &s, e);
        if (rc < 0)
                return rc;
        rc = compare_uuids(l, &s, e);
        if (rc < 0)
                return rc;
        rc = tree_check_last(l->fd, l->path, &l->tree, &l->root_hash, e);
        if (rc < 0)
                return rc;
        rc = probe_filesystem(l->fd, l->path, s.data->offset, s.data->size, l->filesystem, e);
        if (rc < 0)
                return rc;

        layer_name(s.data->label, l->path, l->name, l->version);
        l->type = layer_type_of_path(l->path, s.usr);
        l->architecture = s.architecture;
        l->usr = s.usr;
        add_part(l, "data", s.data);
        add_part(l, "hash tree", s.hash);
        if (s.signature)
                add_part(l, "signature", s.signature);
        return 0;
}

static int check(const Layer *l, const Watcher *watcher, Err *e) {
        return tree_check(l->fd, l->path, &l->tree, &l->root_hash, workers_usual(), watcher, e);
}

const LayerKind layer_ddi = {
        .matches = matches,
        .recognise = recognise,
        .check = check,
        .check_rest = rest_check,
};
