/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/layer.h"
#include "layer/release.h"
#include "layer/search.h"
#include "layer/signer.h"

/* An extension that was found: opened once, and judged by what is read through that one file
 * descriptor, which is also what it is used through. */

/* What is asked of an extension before it may be used. */
typedef struct Demands {
        bool signature; /* of one of the anchors, or whom they vouch for */
        bool content;   /* every byte is read; otherwise the kernel refuses what was changed when it
                         * is used */
        Anchors anchors;
        System system;
        int64_t now; /* seconds since 1970 */
} Demands;

typedef struct Extension {
        char path[PATH_MAX];
        LeafType type;
        bool opened; /* layer is known */
        Layer layer; /* borrows path: an Extension stays where it is */
        bool has_signer;
        Digest signer;          /* fingerprint of the certificate, where it was asked for */
        bool fits;              /* it may be used... */
        char why[ERR_TEXT_MAX]; /* ...or why not; foreign text may be in it */
} Extension;

/* Judges one: ret->fits, or ret->why. Negative only where there is no memory. Owner:
 * extension_done(). */
int extension_open(const Candidate *c, const Demands *d, Extension *ret, Err *e) _must_check_;
void extension_done(Extension *x);
