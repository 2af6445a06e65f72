/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/* The place in the running kernel where another one lies ready, to be started without firmware
 * (kexec_file_load(2)). There is one such place. Behind it stands kexec-kernel.c, and in tests a
 * kernel that lives in memory. */

typedef struct Kexec Kexec;

/* Both are open for reading, and read from their beginning to their end. */
typedef struct KexecImage {
        int kernel, initrd; /* initrd: -1 where there is none */
        const char *line;   /* the command line */
} KexecImage;

typedef struct KexecOps {
        int (*load)(Kexec *k, const KexecImage *image, Err *e);
        int (*unload)(Kexec *k, Err *e);
} KexecOps;

struct Kexec {
        const KexecOps *ops;
};

/* In the place of what was loaded before, which is left where this fails. */
static inline int kexec_load(Kexec *k, const KexecImage *image, Err *e) {
        return k->ops->load(k, image, e);
}

/* Nothing is loaded then, and nothing need have been. */
static inline int kexec_unload(Kexec *k, Err *e) {
        return k->ops->unload(k, e);
}
