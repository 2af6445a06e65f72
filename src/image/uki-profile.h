/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki-list.h"
#include "image/uki.h"

/* A profile that was built on its own (a PE file whose first section of an image is .profile)
 * becomes one more of an image that has several. */

typedef struct UkiProfile {
        uint16_t machine;           /* of the image; a PE_MACHINE_ number */
        bool without_os_release;    /* its .osrel is left out */
        bool takes_nx;              /* result: false where a kernel of its own says otherwise */
        char id[NAME_TEXT_MAX + 1]; /* result: its ID=; empty where it has none */
} UkiProfile;

/* Takes over what ukify takes over: not the sections of its stub, and no .dtbauto, .hwids, .pcrpkey
 * and .pcrsig. */
int uki_profile_join(UkiList *l, const char *path, UkiProfile *p, Err *e) _must_check_;

/* ID= of the text of a section .profile; empty where there is none. */
void uki_profile_id(Span text, char id[NAME_TEXT_MAX + 1]);
