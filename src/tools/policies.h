/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "image/uki-policy.h"
#include "tools/tool.h"

/* What build-uki's options say of signed PCR policies: the n-th of each belong together. */
typedef struct PolicyArgs {
        Strings private_keys, public_keys, phases, references;
        const char *banks, *embedded;
        bool initrd, digest;            /* digest: the key is elsewhere */
        const char *image, *signatures; /* ...and this is what it made of that image's */
} PolicyArgs;

/* Refuses what contradicts itself. *ret is p, or NULL where no policy is to be signed;
 * *ret_embedded the path of the public key that is to be inside, or NULL. p borrows from a. */
int policies_take(const PolicyArgs *a, const KeySource *source, PolicyParams *p,
                const PolicyParams **ret, const char **ret_embedded, Err *e) _must_check_;
