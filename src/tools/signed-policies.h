/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/profiles.h"
#include "wire/pcrsig.h"

/* The signed PCR policies that a unified kernel image carries (its sections .pcrsig): what each is
 * for, and whether its signature holds. */
typedef struct SignedPolicy {
        PcrSignature entry;       /* points into text */
        const PeSection *section; /* where it stands */
        int profile;              /* that it is for, of the image's; where phase is there */
        const char *phase;        /* path; NULL: none of those that are foretold */
        bool is_judged, holds;    /* judged: with the key that it names */
        const char *why;          /* a constant: why it does not hold, or was not judged */
} SignedPolicy;

/* Owner: signed_policies_done(). */
typedef struct SignedPolicies {
        SignedPolicy *list;
        size_t n;
        Buf texts[PE_SECTIONS_MAX];
} SignedPolicies;

/* -EBADMSG where a section is malformed. */
int signed_policies_read(const Uki *u, SignedPolicies *ret, Err *e) _must_check_;
void signed_policies_done(SignedPolicies *p);

/* The banks that they are about, beside those that are there. */
void signed_policies_banks(const SignedPolicies *p, Strings *banks);

/* key: a file with a public key, PEM; NULL: the one in the image. */
int signed_policies_judge(SignedPolicies *p, const Uki *u, const Profiles *profiles,
                const char *key, Err *e) _must_check_;

/* Whether one at least is by a key that is known, and all of those hold. */
bool signed_policies_hold(const SignedPolicies *p);

/* "policies":[...] */
void signed_policies_put(JsonWriter *w, const SignedPolicies *p);

void signed_policies_print(const SignedPolicies *p);
