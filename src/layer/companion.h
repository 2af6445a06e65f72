/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/course.h"

/* What lies beside an image on the system partition, in NAME.efi.extra.d/ or for all images in
 * loader/, and is picked up by its stub (systemd-stub(7), "Companion Files"). A file's name counts:
 * it says what it is, the files are taken in the order of their names, and the initrd finds it
 * under it. */

typedef enum CompanionKind {
        COMPANION_ADDON,      /* *.addon.efi */
        COMPANION_CREDENTIAL, /* *.cred */
        COMPANION_SYSEXT,     /* *.raw, but for those that follow; all of them before 256 */
        COMPANION_CONFEXT,    /* *.confext.raw */
} CompanionKind;

typedef struct Companion {
        const char *path, *name; /* name: the last part of path; borrowed */
        CompanionKind kind;
        bool global; /* in loader/ */
} Companion;

typedef struct Companions {
        Companion list[COMPANIONS_MAX];
        size_t n;
} Companions;

/* Which of a stub's folders a file is meant for. */
typedef enum CompanionPlace { PLACE_ADDONS, PLACE_CREDENTIALS, PLACE_EXTENSIONS } CompanionPlace;

/* In its place among the others. -EINVAL where the stub would not take it, for its name or because
 * it knows of no such thing; or where there are two of that name. */
int companions_add(Companions *c, const char *path, CompanionPlace place, bool global,
                unsigned generation, Err *e) _must_check_;

/* The archives that the stub packs of credentials and extensions, in the order in which it does and
 * in which the initrd has them; there are those that have a file. */
enum { COMPANION_ARCHIVES = 6 };

bool companions_have(const Companions *c, unsigned archive);

/* The bytes of one that is there; they end at a multiple of four. */
int companions_pack(const Companions *c, unsigned archive, BankHash *hash, Err *e) _must_check_;

/* All of them, each a step in its PCR. */
int companions_foretell(const Companions *c, Course *course, Err *e) _must_check_;
