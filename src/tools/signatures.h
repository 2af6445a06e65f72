/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/uki.h"
#include "port/authenticode.h"
#include "wire/json.h"

/* The signatures for Secure Boot that a unified kernel image carries, and what each is worth. */
typedef struct Signatures {
        Authenticode list[SIGNERS_MAX];
        size_t n;
        bool any_holds;
} Signatures;

/* authenticode: the hash of the image. -EBADMSG where their table is malformed. */
int signatures_look(const Uki *u, const Digest *authenticode, Signatures *ret, Err *e) _must_check_;

/* "signatures":[...],"signed":0|1 */
void signatures_put(JsonWriter *w, const Signatures *s);

void signatures_print(const Signatures *s);
