/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/workers.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Pieces are taken in their order, so when one fails all before it are done or being done; those
 * are finished, nothing more is taken, and the first failure by number is the one that counts. */
typedef struct Run {
        const Workers *w;
        _Atomic uint64_t next, done;
        _Atomic bool stop;
        pthread_mutex_t lock; /* of what follows */
        uint64_t failed_piece;
        int failed; /* 0: none */
        Err why;
} Run;

typedef struct Worker {
        Run *run;
        unsigned number;
        pthread_t thread;
} Worker;

unsigned workers_usual(void) {
        cpu_set_t set;
        int n;

        if (sched_getaffinity(0, sizeof(set), &set) < 0)
                return 1;
        n = CPU_COUNT(&set);
        return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned) n;
}

static void fail(Run *r, uint64_t piece, int rc, const Err *why) {
        atomic_store(&r->stop, true);
        (void) pthread_mutex_lock(&r->lock);
        if (r->failed == 0 || piece < r->failed_piece) {
                r->failed = rc;
                r->failed_piece = piece;
                r->why = *why;
        }
        (void) pthread_mutex_unlock(&r->lock);
}

/* False where there is no more to do. */
static bool work_one(Run *r, unsigned number) {
        Err why = {};
        uint64_t piece;
        int rc;

        if (atomic_load(&r->stop))
                return false;
        piece = atomic_fetch_add(&r->next, 1);
        if (piece >= r->w->n_pieces)
                return false;
        rc = r->w->step(r->w->user, number, piece, &why);
        if (rc < 0)
                fail(r, piece, rc, &why);
        else
                atomic_fetch_add(&r->done, 1);
        return rc >= 0;
}

static void *work(void *user) {
        const Worker *me = user;

        while (work_one(me->run, me->number))
                ;
        return NULL;
}

static int watch(Run *r, Err *e) {
        const Watcher *watcher = &r->w->watcher;
        int rc;

        if (!watcher->look)
                return 0;
        rc = watcher->look(watcher->user, atomic_load(&r->done), r->w->n_pieces, e);
        if (rc < 0)
                atomic_store(&r->stop, true);
        return rc;
}

int workers_run(const Workers *w, Err *e) {
        Run r = { .w = w, .lock = PTHREAD_MUTEX_INITIALIZER };
        Worker workers[WORKERS_MAX];
        unsigned n = 1;
        Err why = {};
        int rc = 0;

        assert(w->n >= 1 && w->n <= WORKERS_MAX);
        for (; n < w->n && n < w->n_pieces; n++) {
                workers[n] = (Worker){ .run = &r, .number = n };
                /* where there is no room for one more thread, there are fewer */
                if (pthread_create(&workers[n].thread, NULL, work, &workers[n]) != 0)
                        break;
        }
        while (rc == 0 && work_one(&r, 0))
                rc = watch(&r, &why);
        for (unsigned i = 1; i < n; i++)
                (void) pthread_join(workers[i].thread, NULL);
        if (rc == 0 && r.failed == 0)
                rc = watch(&r, &why); /* the others' last pieces */

        if (rc == 0)
                why = r.why;
        return rc < 0 || r.failed < 0 ? err_set(e, rc < 0 ? rc : r.failed, "%s", why.text) : 0;
}
