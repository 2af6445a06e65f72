/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/layer.h"

/* Whose signature over its root hash a layer carries, and whether that one may be believed. */

/* Certificates that are trusted. Owner: anchors_done(). */
typedef struct Anchors {
        Certificate *items;
        size_t n;
} Anchors;

/* path: a certificate, or a folder, of which each NAME.crt is one. What is not there adds nothing;
 * what is there and no certificate is an error that names it. -E2BIG above ANCHORS_MAX. */
int anchors_add(Anchors *a, const char *path, Err *e) _must_check_;
void anchors_done(Anchors *a);

/* 0 and the signer's certificate, by its fingerprint, where the signature holds and a chain leads
 * from it to what is trusted (port/chain); -EKEYREJECTED where not, with the reason in e. now: in
 * seconds since 1970. */
int layer_signer(const Layer *l, const Anchors *a, int64_t now, Digest *ret, Err *e) _must_check_;
