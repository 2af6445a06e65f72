/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/uki.h"

/* The second half of signing PCR policies with a key that is elsewhere: an image that was built
 * with PolicyParams.key_is_elsewhere is given what the key made of its policies. The result is the
 * one that the key would have given at once, byte for byte. */
typedef struct UkiJoinParams {
        const char *image;          /* a path */
        const char *signatures;     /* a text, in the form of wire/pcrsig.h, or "@FILE" */
        const char *name, *version; /* as in UkiParams, and so are the following */
        const char *output, *leaf;
        bool has_epoch;
        uint64_t epoch;
        const SignParams *sign;
        bool digest_only;
} UkiJoinParams;

/* -EKEYREJECTED where a signature is not by the key inside the image; -ENOKEY where one is missing.
 */
int uki_join(const UkiJoinParams *p, UkiBuilt *ret, Err *e) _must_check_;
