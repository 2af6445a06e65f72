/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/kind.h"

static const char *const sysext_tops[] = { "usr", "opt", NULL };
static const char *const sysext_never[] = { "usr/lib/os-release", NULL };
static const char *const confext_tops[] = { "etc", NULL };
static const char *const confext_never[] = { "etc/os-release", NULL };
static const char *const none[] = { NULL };
static const char *const system_os_release[] = { "usr/lib/os-release", "etc/os-release", NULL };
static const char *const usr_os_release[] = { "lib/os-release", NULL };

static const ImageKind kinds[] = {
        {
                        .type = LEAF_SYSEXT,
                        .what = "a system extension",
                        .tops = sysext_tops,
                        .release_folder = "usr/lib/extension-release.d",
                        .never_inside = sysext_never,
                        .level = "SYSEXT_LEVEL",
                        .scope = "SYSEXT_SCOPE",
                        .suffix = ".raw",
        },
        {
                        .type = LEAF_CONFEXT,
                        .what = "a configuration extension",
                        .tops = confext_tops,
                        .release_folder = "etc/extension-release.d",
                        .never_inside = confext_never,
                        .level = "CONFEXT_LEVEL",
                        .scope = "CONFEXT_SCOPE",
                        .suffix = ".confext.raw", /* nothing else in it tells a reader */
        },
        {
                        .type = LEAF_PORTABLE,
                        .what = "a portable service",
                        .never_inside = none,
                        .os_release = system_os_release,
                        .suffix = ".raw",
                        .nodes = true,
        },
        {
                        .type = LEAF_ROOT,
                        .what = "a root file system",
                        .never_inside = none,
                        .os_release = system_os_release,
                        .suffix = ".raw",
                        .nodes = true,
        },
        {
                        .type = LEAF_USR,
                        .what = "a /usr file system",
                        .never_inside = none,
                        .os_release = usr_os_release,
                        .suffix = ".raw",
                        .usr = true,
        },
};

const char image_kinds_text[] = "sysext, confext, portable, usr and root";

const ImageKind *image_kind(LeafType type) {
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (kinds[i].type == type)
                        return &kinds[i];
        return NULL;
}
