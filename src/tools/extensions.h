/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "layer/extension.h"
#include "measure/config.h"
#include "wire/json.h"

/* What activate and deactivate have in common: what is asked of extensions, and how is told what
 * became of each. */

/* From the configuration, and the system under root ("": this one). Owner: demands_done(). */
int demands_load(const Config *config, const char *root, Demands *ret, Err *e) _must_check_;
void demands_done(Demands *d);

/* True where names (NULL ends them) has this one, or none at all. */
bool is_named(char *const *names, const char *name);

/* A line for each on standard output, or one JSON object for all in the end. */
typedef struct Listing {
        const char *json; /* as OPTION_JSON gives it */
        size_t n;
        Buf text;
        JsonWriter writer;
} Listing;

void listing_begin(const char *json, Listing *ret); /* stays where it is */
/* state: in one word; x: NULL where no more is known; why: NULL, or the reason. */
void listing_add(Listing *l, LeafType type, const char *name, const char *state, const Extension *x,
                const char *why);
/* rc, what the work came to: where it failed half-way, what is listed by then is told all the same,
 * and e is about the work. Returns rc, or what went wrong here. */
int listing_end(Listing *l, int rc, Err *e) _must_check_;
void listing_done(Listing *l);
