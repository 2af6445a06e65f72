/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/ini.h"
#include "wire/limits.h"

/* What policy demands of what systemd measured by itself: the machine's id, the phases of the boot,
 * who logged in. */

typedef struct SystemdPolicy {
        uint8_t machine_id[16];
        bool has_machine_id;
        uint32_t allowed_phases; /* a bit per systemd_phases */
        bool phases_given;       /* by the file that is being applied */
        unsigned reached;        /* of systemd_phases, where has_reached */
        bool has_reached;
        Span logins[POLICY_LOGINS_MAX]; /* borrowed: users, with systemd's escapes */
        size_t n_logins;
} SystemdPolicy;

/* Any machine, the phases of an ordinary boot, nobody. */
SystemdPolicy systemd_policy_default(void);

/* Applies one assignment of [Machine] MachineId=, [Phase] or [Login]. -EINVAL says what is wrong.
 */
int systemd_policy_apply(SystemdPolicy *p, const Assignment *a, Err *e) _must_check_;
