/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/layer.h"

/* What an image says of itself inside: the file by which a host decides whether an extension is for
 * it, or by which a system has its name. Read from an erofs where that file is not compressed, and
 * from a squashfs that is packed by gzip, as mksquashfs does; nothing is known of others. As long
 * as nobody has looked whether the image is what its root hash says (layer_check()), it is the word
 * of whoever wrote the bytes. */
typedef struct Contents {
        LeafType type;                /* LEAF_SYSEXT, LEAF_CONFEXT; of a system LEAF_PORTABLE,
                                       * LEAF_ROOT or LEAF_USR; LEAF_INVALID: not known */
        char name[NAME_TEXT_MAX + 1]; /* of an extension; foreign text */
        Buf release;                  /* extension-release or os-release; foreign text */
        const char *unread;           /* a constant: why not; NULL where all could be read */
} Contents;

#define CONTENTS_NONE ((Contents){ .release = { .max = EXTENSION_RELEASE_MAX } })

/* -EBADMSG for a file system that contradicts itself, and for an extension that has two such files.
 * Owner: contents_done(). */
int contents_read(const Layer *l, Contents *ret, Err *e) _must_check_;
void contents_done(Contents *c);
