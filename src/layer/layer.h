/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "layer/gpt-types.h"
#include "layer/tree.h"
#include "port/x509.h"
#include "wire/leaf.h"

/* Recognises a layer (what is laid over or under a running system: an extension, a root or /usr
 * image, the kernel that kexec starts), and says by which hash it is known. */

/* A part of the file. */
typedef struct LayerPart {
        const char *what; /* "data", "hash tree", "signature" */
        uint64_t offset, size;
} LayerPart;

enum { LAYER_PARTS_MAX = 3 };

typedef struct LayerKind LayerKind;

/* Owner: layer_done(). Names are foreign text. */
typedef struct Layer {
        const LayerKind *kind;
        int fd;
        const char *path; /* borrowed */

        /* LEAF_UKI is known. The table of partitions does not tell a system extension from a
         * configuration extension or a portable service: LEAF_CONFEXT where the file's name ends in
         * .confext.raw, LEAF_USR for a /usr partition unless it ends in .sysext.raw, LEAF_SYSEXT
         * otherwise. Who knows better may write it. */
        LeafType type;
        char name[NAME_TEXT_MAX + 1];    /* from the label NAME_VERSION of the data partition... */
        char version[NAME_TEXT_MAX + 1]; /* ...or from the file's name; may be empty */
        const char *architecture;        /* "x86-64"; a constant */
        bool usr;                        /* it is a /usr partition, not a root partition */

        Digest root_hash; /* SHA-256; the layer's identity: of LEAF_UKI, its Authenticode hash */

        /* of disk images: */
        Tree tree;
        uint64_t data_size, hash_size; /* of the partitions; there may be more room than is used */
        char filesystem[32];           /* "erofs"; empty where none is recognised */

        bool has_signature;   /* nobody has looked yet whether it holds */
        bool has_fingerprint; /* it says by whom, which anybody can write */
        bool has_unknown;     /* something that is neither known nor somebody's own (veritysig.h) */
        uint8_t fingerprint[32];
        uint64_t signature_offset;
        Buf pkcs7;

        LayerPart parts[LAYER_PARTS_MAX];
        size_t n_parts;
} Layer;

#define LAYER_NONE ((Layer){ .fd = -1, .pkcs7 = { .max = CMS_MAX } })

/* Whether a file that begins so (LAYER_HEAD bytes, or all where it has fewer) claims to be a layer.
 */
enum { LAYER_HEAD = 8192 };
bool layer_matches(Span head);

/* Recognises a file, with all that can be known of it without reading it whole. -ENODATA where the
 * file is no layer, or one that is not protected by dm-verity; -EBADMSG where it contradicts
 * itself: partitions, superblock, tree, signature and UUIDs must agree on one root hash and one
 * size. */
int layer_open(const char *path, Layer *ret, Err *e) _must_check_;

void layer_done(Layer *l);

/* Reads all of it: 0 where every byte is what the root hash says. watcher may be NULL. */
int layer_check(const Layer *l, const Watcher *watcher, Err *e) _must_check_;

/* Whether the rest, which the root hash does not cover, is whole as far as that can be known. */
int layer_check_rest(const Layer *l, Err *e) _must_check_;

/* Whether the layer carries a signature over its root hash that was made with the key of this
 * certificate. 0 when it could be judged; a layer without a signature is not signed by anybody. */
int layer_signed_by(const Layer *l, const Certificate *c, bool *ret_holds, Err *e) _must_check_;
