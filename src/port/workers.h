/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Work in pieces that do not depend on one another, done by several threads. */

enum { WORKERS_MAX = 16 };

/* As many as this process may run on processors, at most WORKERS_MAX. */
unsigned workers_usual(void);

/* Told now and then, by the thread that called workers_run() alone: so many pieces are done. May
 * end the work (as interrupt_check() would) with a negative result. */
typedef struct Watcher {
        int (*look)(void *user, uint64_t done, uint64_t all, Err *e);
        void *user;
} Watcher;

typedef struct Workers {
        unsigned n;        /* threads, 1 to WORKERS_MAX; the caller's is one of them */
        uint64_t n_pieces; /* taken in their order */
        /* Does one piece. worker: 0 to n - 1; no two calls of one number run at the same time, so
         * what is kept for each number needs no lock. */
        int (*step)(void *user, unsigned worker, uint64_t piece, Err *e);
        void *user;
        Watcher watcher; /* look may be NULL */
} Workers;

/* 0 where all was done. Otherwise the failure of the lowest piece that fails, whatever the number
 * of threads, or the watcher's where that comes before. Nothing runs any more when this returns. */
int workers_run(const Workers *w, Err *e) _must_check_;
