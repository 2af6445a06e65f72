/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki-content.h"
#include "image/uki-layout.h"

/* What goes into an image: sections and what they hold, in the order of the file. A section
 * .profile begins a profile: what follows it, up to the next one, belongs to that profile alone,
 * and what stands before the first of them to all (UAPI.5). */

enum { UKI_PARTS_MAX = PE_SECTIONS_MAX + 64 };

typedef struct UkiItem {
        char name[PE_NAME_MAX + 1];
        unsigned profile; /* from 1; 0: it belongs to all of them */
        UkiContent content;
} UkiItem;

/* Owner: uki_list_done(). It stays where it is: its items point into it. */
typedef struct UkiList {
        size_t n, n_parts;
        unsigned n_profiles;
        UkiItem items[PE_SECTIONS_MAX];
        UkiPart parts[UKI_PARTS_MAX];
} UkiList;

/* Which boot of an image it is about. */
typedef struct UkiBoot {
        unsigned generation;       /* of the stub */
        unsigned profile;          /* from 1; 0 where there are none */
        const UkiItem *devicetree; /* the .dtbauto that the stub chooses; NULL: none of them */
} UkiBoot;

void uki_list_done(UkiList *l);

/* The part becomes the list's own, and *part none. -EINVAL for a name that no section can have;
 * -EEXIST where the profile has one of that name and no second can be, -E2BIG for too many. */
int uki_list_add(UkiList *l, const char *name, UkiPart *part, Err *e) _must_check_;

/* Behind what the last section, which has this name, holds already; all that it holds is padded to
 * a multiple of so many bytes then. A new section, where the last one has another name. */
int uki_list_join(UkiList *l, const char *name, UkiPart *part, unsigned padded_to,
                Err *e) _must_check_;

/* A section that is empty is none, for the stub too. */
void uki_list_drop_empty(UkiList *l);

/* For uki_plan(); borrows from the list. */
void uki_list_sections(const UkiList *l, UkiSection ret[PE_SECTIONS_MAX]);

/* The first that a profile has of its own, else the first that belongs to all; NULL: there is none.
 */
const UkiItem *uki_list_find(const UkiList *l, unsigned profile, const char *name);

/* The next one of the same profile and name; NULL: there are no more. */
const UkiItem *uki_list_next(const UkiList *l, const UkiItem *item);

/* The n-th .dtbauto that the stub chooses from in this profile; NULL: there are no more. */
const UkiItem *uki_list_devicetree(const UkiList *l, unsigned profile, size_t n);

/* PCR 11 as the stub leaves it, in the n-th of the banks in which contents were hashed. */
int uki_list_pcr11(
                const UkiList *l, const UkiBoot *b, unsigned n, Digest *ret, Err *e) _must_check_;
