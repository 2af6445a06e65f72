/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/* The phases that a boot goes through, in systemd's order: what PCR 11 may show. */

enum { BOOT_ROWS = 4, BOOT_ROW_MAX = 8 };

/* What systemd extends PCR 11 with, in this order, with an initrd or without one
 * (systemd-pcrphase.service(8)). Any beginning of a row may be there; NULL ends each. */
extern const char *const boot_rows[BOOT_ROWS][BOOT_ROW_MAX];

/* Phases one behind the other. Zeroed: none yet. */
typedef struct BootWay {
        unsigned rows; /* a bit per row of boot_rows that this boot may be on */
        unsigned at;   /* how far */
        bool ended;    /* the last phase is one with which a boot ends */
        unsigned n_boots;
        unsigned n_soft; /* restarts of user space alone (systemctl soft-reboot, systemd 254) */
} BootWay;

/* One phase more. False where no boot of systemd's goes there. */
bool boot_way_step(BootWay *w, Span phase);
