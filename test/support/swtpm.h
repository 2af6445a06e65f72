/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* A software TPM of a test's own, on a socket in a temporary folder. The kernel ends it with the
 * test's process, however that ends. */
typedef struct Swtpm {
        char folder[64];
        char tcti[96]; /* for tpm_open(): "swtpm:path=..." */
        pid_t pid;     /* 0 while it is off */
} Swtpm;

/* Makes the folder, starts it and waits until it answers: 0, or -1 with the reason on stderr. */
int swtpm_start(Swtpm *ret);

/* Off, and on again with the same state: to the TPM, a reboot. */
void swtpm_off(Swtpm *s);
int swtpm_on(Swtpm *s);

/* Off, and the folder removed. May be called twice. */
void swtpm_done(Swtpm *s);
