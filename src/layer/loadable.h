/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/uki.h"

/* A unified kernel image taken apart as kexec needs it: its kernel, its initrd and its command line
 * as its stub would have given them to it. All is read out of one copy that nobody can change, so
 * that what is hashed is what is loaded. */

/* Owner: loadable_done(). Names are foreign text. */
typedef struct Loadable {
        Uki uki; /* the copy */
        char name[NAME_TEXT_MAX + 1], version[NAME_TEXT_MAX + 1];
        Digest identity; /* its Authenticode hash, SHA-256 */

        int kernel, initrd; /* sealed files (port/memory.h); initrd: -1 where it has none */
        char line[COMMAND_LINE_MAX];
        Digest line_digest; /* SHA-256 of section .cmdline, as a leaf has it; of no bytes without */
} Loadable;

#define LOADABLE_NONE ((Loadable){ .uki = UKI_NONE, .kernel = -1, .initrd = -1 })

/* Of an image with several profiles, the first. -ENODATA where the file is no unified kernel image;
 * -EBADMSG where it contradicts itself, or its command line is no text; -EOPNOTSUPP where its stub
 * would give the kernel more than kexec does (a device tree, firmware). path is borrowed. */
int loadable_open(const char *path, Loadable *ret, Err *e) _must_check_;
void loadable_done(Loadable *l);
