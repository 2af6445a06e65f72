/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/limits.h"

/* Which systemd-stub it is that a unified kernel image starts with, and what that one measures into
 * PCR 11. A stub says it itself, in its section .sdmagic, from long before 252 on:
 *
 *      #### LoaderInfo: systemd-stub 257.13-1~deb13u1 ####
 *
 * and perhaps NULs behind it. What stands in its place in an addon says "systemd-addon". */
typedef struct Stub {
        Span version;        /* "257.13-1~deb13u1": visible ASCII; borrowed */
        unsigned generation; /* 257 */
        bool is_addon;
} Stub;

/* 252 is the first that measures into PCR 11; of later ones than the newest nothing is known yet,
 * and they are taken for the newest. */
enum { STUB_OLDEST = 252, STUB_NEWEST = 262 };

/* What else came with which generation. */
enum {
        STUB_ADDONS = 254,             /* images beside it that add to the command line */
        STUB_LINE_FROM_SMBIOS = 254,   /* io.systemd.stub.kernel-cmdline-extra */
        STUB_ADDONS_JOINED = 255,      /* their command lines are measured as one */
        STUB_DEVICETREE_ADDONS = 255,  /* addons that bring a device tree */
        STUB_CONFEXTS = 256,           /* told apart from system extensions */
        STUB_MICROCODE = 256,          /* handed on before the initrd */
        STUB_HANDS_OSREL = 257,        /* its section, as a file of the initrd */
        STUB_PROFILES = 257,           /* one of several in an image is chosen */
        STUB_INITRD_ADDONS = 257,      /* addons that bring an initrd, or microcode */
        STUB_LINES_TRIMMED = 255,      /* blanks at the head of a command line are dropped, too */
        STUB_GLOBAL_EXTENSIONS = 258,  /* those of loader/extensions */
        STUB_STARTS_KERNEL = 258,      /* by itself; before, firmware's LoadImage() did it */
        STUB_SYSTEM_USES_PCR9 = 259,   /* for its NvPCRs, which are each machine's own */
        STUB_ADDS_OF_THE_MACHINE = 261 /* a secret, a console: to the initrd, the command line */
};

/* From which systemd-boot on an image gets no command line that it has itself already. */
enum { LOADER_HANDS_NO_LINE = 255 };

enum { STUB_SECTIONS_MAX = 16 }; /* that one of them measures */

int stub_parse(Span magic, Stub *ret, Err *e) _must_check_;

/* The same mark of systemd-boot, which says "systemd-boot". */
int stub_parse_loader(Span magic, Stub *ret, Err *e) _must_check_;

/* The sections that a stub of this generation measures where they are present, in the order in
 * which it does; ended by NULL. Not the order in which they lie in the file, nor that of UAPI.5.
 * NULL for a generation before the oldest. */
const char *const *stub_measures(unsigned generation);
