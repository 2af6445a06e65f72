/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "verify/knownuki.h"

/* The releases that the judge knows: what the leaves it was given say, by the hash under which a
 * machine records them. A release is as true as where its leaf came from; leaves that are merely
 * handed over are believed because whoever judges handed them over. */

typedef struct Release {
        LeafType type;
        char name[NAME_TEXT_MAX + 1], version[NAME_TEXT_MAX + 1];
        bool has_root_hash, has_authenticode, has_signer;
        uint8_t root_hash[32], authenticode[32], signer[32];
        KnownUki uki; /* of type uki; owned */
} Release;

typedef struct Releases {
        Release *list; /* owned */
        size_t n, room;
} Releases;

/* Takes one leaf. */
int releases_add(Releases *r, Span leaf, Err *e) _must_check_;

/* Takes a leaf file, or every file of a folder whose name ends in .leaf; e names the file. */
int releases_load(Releases *r, const char *path, Err *e) _must_check_;

/* NULL where none has this root hash. Valid until a leaf is added. */
const Release *releases_by_root_hash(const Releases *r, const uint8_t root_hash[32]);

/* The same for the Authenticode digest of a PE file. */
const Release *releases_by_authenticode(const Releases *r, const uint8_t authenticode[32]);

void releases_done(Releases *r);
