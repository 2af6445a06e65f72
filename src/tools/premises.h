/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/firmwarestart.h"
#include "layer/stubboot.h"
#include "tools/tool.h"

/* What predict's options say of the machine and of what lies beside the image, and the course of
 * the boot that follows from it. */
typedef struct PremiseArgs {
        Strings before; /* programs, in the order in which they are started */
        Strings addons, credentials, extensions;
        Strings global_addons, global_credentials, global_extensions;
        const char *profile, *line, *smbios, *secure_boot, *separator;
        const char *pk, *kek, *db, *dbx, *firmware_log;
} PremiseArgs;

/* Owner: premises_done(). */
typedef struct Premises {
        StubBoot boot;
        bool separator;    /* the system measures os-separator */
        bool tells_policy; /* PCR 7 can be foretold; may be cleared where nobody asks for it */
        Buf log, databases[4];
        SecureVars vars;
        const Strings *before;
        Buf handed;       /* the command line that a boot loader hands to the image */
        bool asks_kernel; /* PCR 9 is asked for */
        Err no_kernel;    /* set where it cannot be told */
        Course course;
} Premises;

void premises_done(Premises *p);

/* Reads what the options name. banks: those that are asked for, less those that a firmware log has
 * not, where they were not asked for by name. -EINVAL for what contradicts itself. */
int premises_take(const PremiseArgs *a, const Uki *u, bool banks_asked, Banks *banks, Premises *p,
                Err *e) _must_check_;

/* The course of the boot. d: the image's hashes, in those banks. */
int premises_foretell(Premises *p, const Uki *u, const UkiDigests *d, Err *e) _must_check_;
