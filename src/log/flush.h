/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Copies of this boot's segments on a disk: LOG_FOLDER is memory, and gone after a reboot. */

#define FLUSH_FOLDER "/var/log/avouch"

typedef struct Flushed {
        unsigned segments; /* that are there now */
        uint64_t bytes;    /* that were written */
} Flushed;

/* Copies the whole lines of every log in from, the present one and those that were put aside, to
 * files BOOT.log, BOOT.1.log, BOOT.2.log ... in to, by the boot of their genesis, the oldest first;
 * a log that cannot be read as one to BOOT.damaged.log and so on, by the running boot. What is
 * there already is left as it is, and what a segment has gained since is added, so that this may be
 * called as often as one likes. A segment keeps its name, also once it was put aside.
 *
 * Durable when it returns 0. Where it fails or dies in between, the logs in from are untouched,
 * each copy is the beginning of its segment, and the next call goes on. A log that cannot be
 * copied, as one above LOG_MAX, keeps no other from it; of more than LOGS_MAX the oldest are left
 * out, and those first that cannot be read. Waits up to seconds for writers.
 */
int log_flush(const char *from, const char *to, const uint8_t boot[16], unsigned seconds,
                Flushed *ret, Err *e) _must_check_;
