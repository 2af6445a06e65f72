/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/limits.h"

/* The release leaf (forms.md, section 4): a small text that says what a built artefact is and by
 * which hashes it is known. Lines "key SP value LF" in a fixed order; one spelling only, so a leaf
 * can be hashed, signed and logged. */

typedef enum LeafType {
        LEAF_INVALID,
        LEAF_SYSEXT,
        LEAF_CONFEXT,
        LEAF_PORTABLE,
        LEAF_ROOT,
        LEAF_USR,
        LEAF_UKI,
        LEAF_ADDON,
        LEAF_POLICY,
        _LEAF_TYPE_MAX,
} LeafType;

/* "sysext"; NULL for LEAF_INVALID. LEAF_INVALID for a name that is none. */
const char *leaf_type_name(LeafType type);
LeafType leaf_type_of_name(Span name);

typedef struct LeafSection {
        Span name; /* ".linux" */
        uint8_t sha256[32];
} LeafSection;

typedef struct LeafPcr {
        uint16_t bank; /* HashAlg */
        Span phases;   /* "enter-initrd:leave-initrd" */
        Digest value;
} LeafPcr;

/* has_X says whether the line is there. Spans borrow from the text. */
typedef struct Leaf {
        LeafType type;
        Span name, version, architecture; /* name is mandatory; the others may be empty (absent) */
        bool has_root_hash, has_authenticode, has_signer, has_file_digest, has_epoch;
        uint8_t root_hash[32], authenticode[32], signer[32], file_digest[32];
        uint64_t epoch; /* SOURCE_DATE_EPOCH, seconds */
        LeafSection sections[LEAF_SECTIONS_MAX];
        size_t n_sections;
        LeafPcr pcrs[LEAF_PCRS_MAX];
        size_t n_pcrs;
} Leaf;

/* Refuses any other spelling, keys out of order or twice, control characters, invalid UTF-8. */
int leaf_parse(Span text, Leaf *ret, Err *e) _must_check_;
void leaf_write(const Leaf *leaf, Buf *to);
