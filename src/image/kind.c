/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/kind.h"

static const char *const sysext_tops[] = { "usr", "opt", NULL };
static const char *const sysext_never[] = { "usr/lib/os-release", NULL };

static const ImageKind kinds[] = {
        { LEAF_SYSEXT, "a system extension", sysext_tops, "usr/lib/extension-release.d",
                        sysext_never },
};

const ImageKind *image_kind(LeafType type) {
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (kinds[i].type == type)
                        return &kinds[i];
        return NULL;
}
