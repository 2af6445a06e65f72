/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quote/history.h"
#include "wire/bundle.h"

/* What the machine says for itself, beside what its TPM says: how it started, what systemd and IMA
 * measured, its log, the segments before it, the history; and systemd's report. */

/* Where that is read from, as options name it: NULL for where it usually is, "no" for nowhere. What
 * is named must be there. systemd's report is nowhere unless it is named. */
typedef struct SaidFrom {
        const char *firmware_log, *command_line, *systemd_log, *ima_log, *systemd_report;
} SaidFrom;

/* Owner: said_done(). */
typedef struct Said {
        Buf firmware, line, systemd, ima, report, log, before, history;
        HistoryEnd past;
        Bundle parts;           /* borrows from those */
        int lock, systemd_lock; /* nobody records while these are open */
} Said;

#define SAID_NOTHING                                                                               \
        (Said) {                                                                                   \
                .lock = -1, .systemd_lock = -1                                                     \
        }

/* Both logs are held from here to said_done(), so that nobody records in between, and logs and
 * registers agree. own: the TPM is this machine's; another one has not seen it boot, and what is
 * not named is left out. */
int said_read(const SaidFrom *from, bool own, Said *ret, Err *e) _must_check_;
void said_done(Said *s);

/* The kernel's list of what IMA measured, as it is now: what it has it may have extended since. It
 * cannot be held, and so is read after the registers were quoted. One that is longer than is taken
 * is left out, and that is told. */
int said_read_ima(const SaidFrom *from, bool own, Said *s, Err *e) _must_check_;
