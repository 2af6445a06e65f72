/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/limits.h"

/* The release leaf (avouch-leaf(5)): a small text that says what a built artefact is and by
 * which hashes it is known. Lines "key SP value LF" in a fixed order; one spelling only, so a leaf
 * can be hashed, signed and logged.
 *
 * Values are not empty, are valid UTF-8 without control characters (0x00 to 0x1f, 0x7f), and have
 * no blank at either end. */

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
        Span name; /* ".linux": 1 to 8 visible ASCII characters, as a PE section's name is */
        uint8_t sha256[32];
} LeafSection;

typedef struct LeafPcr {
        uint16_t bank; /* HashAlg; one that proves, so never SHA-1 */
        Span phases; /* "enter-initrd:leave-initrd": words; ":" alone where no phase was entered */
        Digest value;
} LeafPcr;

/* has_X says whether the line is there. Spans borrow from the text. Sections stand in the order in
 * which they are measured, and a name may come again (.dtbauto does); no bank and phase path twice.
 */
typedef struct Leaf {
        LeafType type;
        Span name, version, architecture; /* name is mandatory; the others may be empty (absent) */
        bool has_root_hash, has_authenticode, has_signer, has_file_digest, has_epoch;
        uint8_t root_hash[32], authenticode[32], signer[32], file_digest[32];
        uint64_t epoch; /* SOURCE_DATE_EPOCH, seconds, at most 2^53 - 1 */
        LeafSection sections[LEAF_SECTIONS_MAX];
        size_t n_sections;
        LeafPcr pcrs[LEAF_PCRS_MAX];
        size_t n_pcrs;
} Leaf;

/* Refuses any other spelling, keys out of order or twice, control characters, invalid UTF-8. */
int leaf_parse(Span text, Leaf *ret, Err *e) _must_check_;

/* Writes the whole text. What leaf_parse() would not read is not written: the Buf fails with
 * -EINVAL then, for a name with a line feed in it, say. */
void leaf_write(const Leaf *leaf, Buf *to);
