/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/build.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "image/filesystem.h"
#include "image/finished.h"
#include "image/hashtree.h"
#include "image/kind.h"
#include "image/release.h"
#include "image/room.h"
#include "image/seed.h"
#include "image/signature.h"
#include "image/source.h"
#include "image/stage.h"
#include "image/words.h"
#include "layer/gpt-types.h"
#include "port/cms.h"
#include "port/crypto.h"
#include "port/gpt.h"
#include "port/interrupt.h"
#include "wire/veritysig.h"

enum { ALIGNMENT = 4096, LABEL_MAX = 2 * NAME_TEXT_MAX + 16 };

/* What there is while an image is built. Owner: work_done(), which takes back all that was not
 * committed. */
typedef struct Work {
        const ImageParams *p;
        const ImageKind *kind;
        const GptTypes *types;
        ImageSeed seed;
        Signature signature;
        bool alone; /* in a mount namespace of its own */
        Source source;
        Stage stage;
        NewFile image, leaf;
        uint64_t signature_at; /* within the partitions, which begin at 0 until the table is made */
        ImageBuilt built;
} Work;

static void work_done(Work *w) {
        new_file_done(&w->image);
        new_file_done(&w->leaf);
        stage_done(&w->stage);
        source_done(&w->source);
        signature_done(&w->signature);
}

/* What would be wrong with an extension-release file is said before any tree is read. */
static int check_fields(const Work *w, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(EXTENSION_RELEASE_MAX);
        ReleaseParams r = {
                .kind = w->kind,
                .architecture = w->p->architecture,
                .fields = w->p->fields,
                .n_fields = w->p->n_fields,
        };

        if (w->kind->release_folder)
                return release_write(&r, &text, e);
        return r.n_fields == 0 ? 0
                               : err_set(e, -EINVAL,
                                                 "'--extension-release=' is for extensions, and this "
                                                 "is %s",
                                                 w->kind->what);
}

static int check_params(Work *w, Err *e) {
        const ImageParams *p = w->p;
        FilesystemParams f = {
                .type = p->filesystem,
                .compression = p->compression,
                .file_contexts = p->file_contexts,
        };
        int rc;

        w->kind = image_kind(p->type);
        if (!w->kind)
                return err_set(e, -EINVAL, "images of type '%s' cannot be built",
                                leaf_type_name(p->type) ?: "?");
        f.extension = w->kind->release_folder != NULL;
        w->types = gpt_types_of(span_of(p->architecture));
        if (!w->types)
                return err_set(e, -EINVAL, "no partition types are known for architecture '%s'",
                                p->architecture);
        rc = image_word_check("name", p->name, e);
        if (rc == 0)
                rc = image_version_check(p->version, e);
        if (rc == 0)
                rc = filesystem_check(&f, e);
        if (rc == 0)
                rc = check_fields(w, e);
        if (rc == 0)
                rc = signature_check(&p->signature, e);
        if (rc == 0)
                rc = image_salt(p->salt, &w->seed, e);
        if (rc == 0 && p->leaf && strcmp(p->leaf, p->output) == 0)
                rc = err_set(e, -EINVAL, "%s: is to be both the image and its leaf", p->leaf);
        if (rc == 0)
                rc = image_apart_check(p->output, p->source, e);
        if (rc == 0 && p->leaf)
                rc = image_apart_check(p->leaf, p->source, e);
        return rc;
}

static int take_seed(Work *w, Err *e) {
        int rc = image_seed(w->p->seed, w->p->name, w->p->version, &w->seed, e);

        return rc < 0 ? rc : image_salt(w->p->salt, &w->seed, e);
}

static int prepare_signature(Work *w, Err *e) {
        ImageBuilt *b = &w->built;
        int rc;

        if (w->p->root_hash_only)
                return 0;
        rc = signature_prepare(&w->p->signature, &w->signature, e);
        if (rc < 0)
                return rc;
        b->signer = w->signature.certificate.fingerprint;
        (void) snprintf(b->subject, sizeof(b->subject), "%s", w->signature.certificate.subject);
        return 0;
}

static int leave_mounts(Work *w, Err *e) {
        (void) e;
        w->alone = stage_alone();
        return 0;
}

/* Names are given to the new files last of all, so they are opened in the mount namespace in which
 * that is done. */
static int open_files(Work *w, Err *e) {
        const ImageParams *p = w->p;
        int rc;

        rc = new_file_open(p->output, 0644, &w->image, e);
        if (rc < 0)
                return rc;
        return p->leaf ? new_file_open(p->leaf, 0644, &w->leaf, e) : 0;
}

static int open_source(Work *w, Err *e) {
        const ImageParams *p = w->p;

        return source_open(&(SourceParams){ .path = p->source,
                                           .kind = w->kind,
                                           .name = p->name,
                                           .architecture = p->architecture,
                                           .scratch = p->scratch,
                                           .keep_owners = p->keep_owners,
                                           .fields = p->fields,
                                           .n_fields = p->n_fields },
                        &w->source, e);
}

static unsigned stage_ways(const Work *w) {
        unsigned ways = w->p->keep_owners ? STAGE_MOUNTS : STAGE_ANY;

        return w->alone ? ways : ways & ~(unsigned) STAGE_MOUNTS;
}

static int stage(Work *w, Err *e) {
        FolderPath beside = image_folder_of(w->p->output);
        const char *const scratch[] = { w->p->scratch, beside.text, NULL };
        StageParams s = {
                .source = w->source.fd,
                .path = source_root(&w->source),
                .scratch = scratch,
                .file = w->source.release_path,
                .text = buf_span(&w->source.release),
                .xattr = RELEASE_XATTR,
                .value = RELEASE_XATTR_VALUE,
                .ways = stage_ways(w),
        };

        return w->source.ready ? 0 : stage_open(&s, &w->stage, e);
}

static FilesystemParams filesystem_params(const Work *w) {
        FilesystemParams f = {
                .type = w->p->filesystem,
                .tree = w->source.ready ? source_root(&w->source) : w->stage.root,
                .fd = w->image.fd,
                .name = w->p->output,
                .keep_owners = w->p->keep_owners,
                .extension = w->kind->release_folder != NULL,
                .bytes = w->source.bytes,
                .entries = w->source.seen.n,
                .epoch = w->p->has_epoch ? w->p->epoch : 0,
                .compression = w->p->compression,
                .file_contexts = w->p->file_contexts,
        };

        memcpy(f.uuid, w->seed.filesystem, sizeof(f.uuid));
        return f;
}

/* The parts that the work is made of, in hundredths; how long one takes beside another, an image
 * does not tell before it is there. */
enum { TO_FILESYSTEM = 85, TO_TREE = 100 };

static void tell(const Work *w, unsigned from, unsigned to, uint64_t done, uint64_t all) {
        const Watcher *watcher = &w->p->watcher;
        double part = all > 0 && done < all ? (double) done / (double) all : 1;

        if (watcher->look)
                (void) watcher->look(watcher->user, (uint64_t) (10 * (from + (to - from) * part)),
                                10 * TO_TREE, NULL);
}

static void tell_written(void *user) {
        const Work *w = user;
        struct stat st;

        if (fstat(w->image.fd, &st) == 0)
                tell(w, 0, TO_FILESYSTEM, (uint64_t) st.st_blocks * 512, w->source.bytes + 1);
}

static int make_filesystem(Work *w, Err *e) {
        FilesystemParams f = filesystem_params(w);
        int rc;

        f.watch = (RunWatch){ .tell = tell_written, .user = w };
        if (w->source.finished)
                return finished_copy(w->source.fd, w->source.path, f.fd, f.name,
                                &w->built.filesystem_size, e);
        rc = filesystem_make(&f, &w->built.filesystem_size, e);
        stage_done(&w->stage);
        return rc < 0 ? rc : source_unchanged(&w->source, e);
}

static int look_at_tree(void *user, uint64_t done, uint64_t all, Err *e) {
        tell(user, TO_FILESYSTEM, TO_TREE, done, all);
        return interrupt_check(e);
}

/* The tree goes right behind the data it is over, into the same file. */
static int make_tree(Work *w, Err *e) {
        HashTreeParams p = {
                .fd = w->image.fd,
                .name = w->p->output,
                .data_size = w->built.filesystem_size,
                .tree_at = w->built.filesystem_size,
                .salt = { w->seed.salt, sizeof(w->seed.salt) },
                .n_workers = workers_usual(),
                .watcher = { .look = look_at_tree, .user = w },
        };
        int rc;

        memcpy(p.uuid, w->seed.verity, sizeof(p.uuid));
        rc = hash_tree_make(&p, &w->built.root_hash, &w->built.tree_size, e);
        if (rc < 0)
                return rc;
        w->signature_at = p.tree_at + w->built.tree_size;
        return 0;
}

static int write_signature(Work *w, Err *e) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
        _cleanup_(buf_done) Buf partition = BUF_UP_TO(VERITY_SIGNATURE_SIZE);
        VeritySignature s = { .has_fingerprint = true };
        int rc;

        rc = signature_make(&w->signature, &w->built.root_hash, &der, e);
        if (rc < 0)
                return rc;
        w->built.reproducible = w->signature.reproducible;
        memcpy(s.root_hash, w->built.root_hash.bytes, sizeof(s.root_hash));
        memcpy(s.fingerprint, w->built.signer.bytes, sizeof(s.fingerprint));
        s.pkcs7 = buf_span(&der);
        rc = verity_signature_write(&s, &partition, e);
        if (rc < 0)
                return rc;
        return file_write_at(w->image.fd, w->p->output, w->signature_at, buf_span(&partition), e);
}

static uint64_t round_up(uint64_t size) {
        return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* The data's UUID is the first half of the root hash, the tree's the second (UAPI.2): so a host
 * finds both by the one number that it trusts. */
static int write_table(Work *w, Err *e) {
        static const char *const suffixes[] = { "", "_verity", "_verity_sig" };
        const uint8_t *root = w->built.root_hash.bytes;
        const uint8_t *ids[] = { root, root + 16, w->seed.signature };
        const uint64_t sizes[] = { w->built.filesystem_size, w->built.tree_size,
                VERITY_SIGNATURE_SIZE };
        const char *const types[2][ELEMENTS(ids)] = {
                { w->types->root, w->types->root_verity, w->types->root_verity_sig },
                { w->types->usr, w->types->usr_verity, w->types->usr_verity_sig },
        };
        char labels[ELEMENTS(ids)][LABEL_MAX], uuids[ELEMENTS(ids)][UUID_TEXT_SIZE];
        char disk[UUID_TEXT_SIZE];
        GptPartition partitions[ELEMENTS(ids)];
        uint64_t at = GPT_HEAD;

        for (size_t i = 0; i < ELEMENTS(ids); i++) {
                text_uuid(ids[i], uuids[i]);
                (void) snprintf(labels[i], sizeof(labels[i]), "%s_%s%s", w->p->name, w->p->version,
                                suffixes[i]);
                partitions[i] = (GptPartition){ .type = types[w->kind->usr][i],
                        .uuid = uuids[i],
                        .label = labels[i],
                        .offset = at,
                        .size = sizes[i],
                        .read_only = true };
                at += sizes[i];
        }
        w->built.size = round_up(at + GPT_TAIL);
        if (w->p->size > 0 && w->p->size < w->built.size)
                return err_set(e, -ENOSPC,
                                "%s: takes %" PRIu64 " bytes, and --size= allows %" PRIu64,
                                w->p->output, w->built.size, w->p->size);
        if (w->p->size > 0)
                w->built.size = w->p->size;
        if (ftruncate(w->image.fd, (off_t) w->built.size) < 0)
                return err_set(e, -errno, "%s: %s", w->p->output, strerror(errno));
        text_uuid(w->seed.disk, disk);
        return gpt_write(w->image.fd, w->p->output, disk, partitions, ELEMENTS(partitions), e);
}

static int write_leaf(Work *w, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        const ImageBuilt *b = &w->built;
        Leaf leaf = {
                .type = w->p->type,
                .name = span_of(w->p->name),
                .version = span_of(w->p->version),
                .architecture = span_of(w->p->architecture),
                .has_root_hash = true,
                .has_signer = true,
                .has_epoch = w->p->has_epoch,
                .epoch = w->p->epoch,
        };
        Span bytes;
        int rc;

        if (!w->p->leaf)
                return 0;
        memcpy(leaf.root_hash, b->root_hash.bytes, sizeof(leaf.root_hash));
        memcpy(leaf.signer, b->signer.bytes, sizeof(leaf.signer));
        leaf_write(&leaf, &text);
        rc = buf_end(&text, &bytes);
        if (rc < 0)
                return err_set(e, rc, "%s: no leaf can be written for '%s' '%s'", w->p->leaf,
                                w->p->name, w->p->version);
        return file_write_at(w->leaf.fd, w->p->leaf, 0, bytes, e);
}

static int commit(Work *w, Err *e) {
        int rc;

        rc = new_file_commit(&w->image, e);
        if (rc < 0 || !w->p->leaf)
                return rc;
        rc = new_file_commit(&w->leaf, e);
        if (rc < 0) { /* it may have its name all the same */
                (void) unlink(w->p->output);
                (void) unlink(w->p->leaf);
        }
        return rc;
}

/* Before the file system there is only the table, whose content is known last. */
static int make_room(Work *w, Err *e) {
        return room_make(w->image.fd, w->p->output, GPT_HEAD, false, e);
}

typedef int (*Step)(Work *w, Err *e);

static int take_steps(Work *w, const Step *steps, size_t n, Err *e) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < n; i++) {
                rc = steps[i](w, e);
                if (rc == 0 && i + 1 < n)
                        rc = interrupt_check(e);
        }
        return rc;
}

static int build(Work *w, Err *e) {
        static const Step to_root_hash[] = { take_seed, prepare_signature, leave_mounts,
                open_source, stage, open_files, make_filesystem, make_tree };
        static const Step to_image[] = { write_signature, make_room, write_table, write_leaf,
                commit };
        int rc;

        rc = take_steps(w, to_root_hash, ELEMENTS(to_root_hash), e);
        if (rc < 0 || w->p->root_hash_only)
                return rc;
        rc = interrupt_check(e);
        return rc < 0 ? rc : take_steps(w, to_image, ELEMENTS(to_image), e);
}

int image_build(const ImageParams *p, ImageBuilt *ret, Err *e) {
        _cleanup_(work_done) Work w = {
                .p = p,
                .signature = SIGNATURE_NONE,
                .source = SOURCE_NONE,
                .stage = STAGE_NONE,
                .image = NEW_FILE_NONE,
                .leaf = NEW_FILE_NONE,
        };
        int rc;

        rc = check_params(&w, e);
        if (rc < 0)
                return rc;
        rc = build(&w, e);
        if (rc < 0)
                return rc == -EINVAL ? -EIO : rc; /* what was asked was in order */

        *ret = w.built;
        return 0;
}
