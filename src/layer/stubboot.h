/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/companion.h"
#include "layer/uki.h"

/* All that systemd-stub measures when it starts an image, foretold as that stub's generation does
 * it (src/boot/stub.c of 252, 254, 255, 257, 259 and 262): PCRs 4, 11, 12 and 13, in the order of
 * each register; and PCR 9, which the kernel measures what it is handed into. */
typedef struct StubBoot {
        unsigned profile;
        bool secure_boot;   /* the machine enforces it */
        const char *line;   /* a command line from whoever starts the image; NULL: none */
        const char *smbios; /* the value of io.systemd.stub.kernel-cmdline-extra; NULL: none */
        Companions companions;
} StubBoot;

/* Whether the stub heeds a command line that is handed to it: under Secure Boot only where the
 * image has none of its own. */
bool stub_boot_heeds_line(const Uki *u, const StubBoot *b);

/* d: in the banks of the course. -EOPNOTSUPP where it cannot be told, -EINVAL where it is not what
 * a stub of that generation does. ret_why_not: is set where PCR 9 alone cannot be told; NULL: it is
 * not asked for. */
int stub_boot_foretell(const Uki *u, const UkiDigests *d, const StubBoot *b, Course *course,
                Err *ret_why_not, Err *e) _must_check_;
