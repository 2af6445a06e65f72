/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* What the running system says of itself: ids, clocks, who is asking (libsystemd, libc). */

typedef struct Moment {
        int64_t boottime; /* CLOCK_BOOTTIME, microseconds */
        int64_t wall;     /* CLOCK_REALTIME, microseconds, UTC */
} Moment;

int host_moment(Moment *ret, Err *e) _must_check_;

/* For how long the machine has been asleep (suspended, or without power) since it was booted:
 * microseconds, of no more use than to see that they have become more. */
int64_t host_asleep(void);

/* The boot id of this boot of the kernel. */
int host_boot_id(uint8_t ret[16], Err *e) _must_check_;

/* An id of this machine that cannot be traced back to /etc/machine-id
 * (sd_id128_get_machine_app_specific()). Zeros, and 0 returned, where the machine has no id (yet):
 * in the initrd. */
int host_machine_id(uint8_t ret[16], Err *e) _must_check_;

/* Whether this machine has a TPM 2.0, as far as kernel and firmware say: a device of one, or the
 * firmware's table that names one (ACPI "TPM2"), whose driver may be missing or not loaded yet. So
 * a TPM that is broken, hidden or late is not taken for one that does not exist. In a container it
 * is the device alone that counts: its /sys tells of the host's TPM, which is none of its own.
 * root: "", or where a test has its /dev and /sys. */
bool host_has_tpm(const char *root);

/* Whether the TPM behind this TCTI (NULL: the usual one) is a program's, by way of the kernel
 * (tpm_vtpm_proxy): whoever is root where that program runs can have it hold anything. False where
 * nobody can tell, as behind a socket. root: as above. */
bool host_tpm_is_program(const char *root, const char *tcti);

/* Whether another kernel started this one (kexec), so that registers hold what was measured before:
 * as the kernel was told by who loaded it, on x86 and where there is a device tree. root: as above.
 */
bool host_was_kexeced(const char *root);

/* Who runs this program: login name (or the uid as text), uid by which the session began where one
 * is known, session id and terminal. Empty texts where there is none. */
typedef struct Caller {
        uint32_t uid;
        char user[64];
        char session[64];
        char tty[64];
} Caller;

int host_caller(Caller *ret, Err *e) _must_check_;
