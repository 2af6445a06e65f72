/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
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

typedef struct KnownUki {
        UkiSection *sections; /* owned; in the order in which they are measured */
        size_t n_sections;
        UkiValue *values; /* owned */
        size_t n_values;
} KnownUki;

/* Copies what a leaf of type uki has. */
int known_uki_take(const Leaf *leaf, KnownUki *ret, Err *e) _must_check_;
void known_uki_done(KnownUki *u);

/* True where what was measured is this UKI: section for section (of SHA-256). Of device trees
 * (.dtbauto) and firmware (.efifw) among which the machine chooses, it is one, or none. */
bool known_uki_has_sections(const KnownUki *u, const Boot *b);

/* True where the leaf foretells this value of PCR 11 in these phases. */
bool known_uki_foretells(const KnownUki *u, const char *phases, const Digest *value);

/* The first section in which the two differ, for people: ".cmdline"; NULL where they do not. */
const char *known_uki_first_difference(const KnownUki *u, const Boot *b);

/* Which device tree and firmware the machine took: ", with .dtbauto 2 of 3". */
void known_uki_choices(const KnownUki *u, const Boot *b, Buf *to);

/* How many sections of what was measured this UKI has. */
size_t known_uki_likeness(const KnownUki *u, const Boot *b);

/* The hash of a section; NULL where it has none. */
const uint8_t *known_uki_section(const KnownUki *u, const char *name);
