/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/forecast.h"

/* What the profiles of a unified kernel image lead to. An image without profiles to choose from
 * counts as one. */
typedef struct Profile {
        const PeSection *section; /* its .profile; NULL: the image has none */
        Forecast forecast;
        Err no_forecast;                        /* set where there is none */
        Digest policies[PHASES_MAX][BANKS_MAX]; /* TPM2_PolicyPCR of each value */
} Profile;

/* Owner: profiles_done(). */
typedef struct Profiles {
        Profile *list;
        unsigned n;
} Profiles;

/* asked: the banks and phases; d: the image's hashes, in those banks. */
int profiles_look(const Uki *u, const UkiDigests *d, const Forecast *asked, Profiles *ret,
                Err *e) _must_check_;
void profiles_done(Profiles *p);

/* Its PCR 11, or why there is none. */
void profile_print(const Profile *p);
