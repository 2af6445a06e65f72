/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* What a kernel's command line says of the images of the root file system and of /usr, read as
 * systemd reads it (kernel-command-line(7), systemd-veritysetup-generator(8)): words may stand in
 * quotation marks, and "rd.roothash=" counts in the initrd. */

typedef struct RootLine {
        bool has_root, has_usr;
        uint8_t root[32], usr[32];  /* roothash=, usrhash= */
        bool other_root, other_usr; /* root=, mount.usr= name other than what verity guards */
        char wrong[ERR_TEXT_MAX];   /* the first thing for which none of that can be relied on; "":
                                       none */
} RootLine;

/* -ENOMEM alone: what a line has of wrong is a word of RootLine. */
int root_line_read(Span line, RootLine *ret, Err *e) _must_check_;
