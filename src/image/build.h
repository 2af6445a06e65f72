/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "image/signature.h"
#include "port/workers.h"
#include "wire/leaf.h"

/* Builds an image of a folder, a tar archive or a file system: GPT, read-only file system,
 * dm-verity tree and its signature (UAPI.2, UAPI.4), and the release leaf that names it. The same
 * folder gives the same bytes, whoever builds it, where and when (avouch-build-image(1)). */
typedef struct ImageParams {
        LeafType type;
        const char *source; /* "-": an archive on standard input */
        const char *name, *version;
        const char *architecture;  /* as UAPI.4 has it: "x86-64" */
        bool root_hash_only;       /* for a key that is elsewhere: nothing is signed or written */
        SignatureParams signature; /* otherwise */
        const char *output, *leaf; /* paths; leaf NULL: none is written */
        const char *seed;          /* NULL: derived from name and version */
        uint64_t size;             /* of the image, in bytes; 0: as small as it can be */
        const char *salt;          /* in hexadecimal; NULL: derived from the seed */
        Watcher watcher;           /* told how much of the work is done, as far as can be known */
        const char *scratch;       /* a folder for what is needed on the way */
        bool keep_owners;          /* files keep theirs; otherwise all of them are root's */
        const char *const *fields; /* of its extension-release file (image/release.h) */
        size_t n_fields;
        const char *filesystem;                  /* "erofs", "squashfs", "ext4" */
        const char *compression, *file_contexts; /* image/filesystem.h */
        bool has_epoch;
        uint64_t epoch; /* time of all files; 0 without has_epoch */
} ImageParams;

typedef struct ImageBuilt {
        Digest root_hash;
        Digest signer; /* fingerprint of the certificate */
        char subject[256];
        uint64_t size, filesystem_size, tree_size;
        bool reproducible; /* signing again gives the same bytes */
} ImageBuilt;

/* With root_hash_only root_hash and the sizes of the parts are what is built.
 *
 * Image and leaf appear when both are whole, the leaf last; on any failure neither does, and
 * nothing else is left. The process may find itself in a mount namespace of its own afterwards
 * (image/stage.h). -EINVAL where the parameters contradict the forms, before anything was done;
 * -EINTR where a held signal came (port/interrupt.h). */
int image_build(const ImageParams *p, ImageBuilt *ret, Err *e) _must_check_;
