/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "port/workers.h"

/* A bar on a terminal for what takes longer than a second; nothing anywhere else. */
typedef struct Progress {
        const char *what; /* "verifying" */
        int fd;           /* where it is drawn; -1 where that is no terminal */
        uint64_t begin;   /* milliseconds of CLOCK_MONOTONIC */
        unsigned shown;   /* percent and one; 0: nothing was drawn yet */
} Progress;

/* Drawn to standard error, the standard output being for results. */
Progress progress_begin(const char *what);

/* The watcher that draws it; lives no longer than p. */
Watcher progress_watcher(Progress *p);

/* Wipes it away. */
void progress_end(Progress *p);
