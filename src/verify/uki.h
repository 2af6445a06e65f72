/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "verify/boot.h"
#include "wire/leaf.h"

/* What a release leaf says of a UKI: the hash of each section, and the values that PCR 11 has in
 * the phases of a boot. */

typedef struct UkiSection {
        char name[9];
        uint8_t sha256[32];
} UkiSection;

typedef struct UkiValue {
        char phases[LEAF_LINE_MAX];
        Digest value;
} UkiValue;

typedef struct Uki {
        UkiSection *sections; /* owned; in the order in which they are measured */
        size_t n_sections;
        UkiValue *values; /* owned */
        size_t n_values;
} Uki;

/* Copies what a leaf of type uki has. */
int uki_take(const Leaf *leaf, Uki *ret, Err *e) _must_check_;
void uki_done(Uki *u);

/* True where what was measured is this UKI: section for section (of SHA-256). */
bool uki_has_sections(const Uki *u, const Boot *b);

/* True where the leaf foretells this value of PCR 11 in these phases. */
bool uki_foretells(const Uki *u, const char *phases, const Digest *value);

/* The first section in which the two differ, for people: ".cmdline"; NULL where they do not. */
const char *uki_first_difference(const Uki *u, const Boot *b);

/* How many sections of what was measured this UKI has. */
size_t uki_likeness(const Uki *u, const Boot *b);

/* The hash of a section; NULL where it has none. */
const uint8_t *uki_section(const Uki *u, const char *name);
