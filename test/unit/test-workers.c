/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "port/workers.h"

enum { PIECES = 1000 };

static const unsigned numbers[] = { 1, 2, 3, WORKERS_MAX };

/* What the workers do: count each piece, and fail at some. */
typedef struct Job {
        _Atomic unsigned done[PIECES];
        _Atomic bool busy[WORKERS_MAX];
        uint64_t fail_at[2]; /* PIECES: nowhere */
        uint64_t last;       /* that the watcher was told */
        uint64_t stop_at;
} Job;

static int step(void *user, unsigned worker, uint64_t piece, Err *e) {
        Job *j = user;

        /* not asserted: cmocka knows its own thread alone */
        if (worker >= WORKERS_MAX || atomic_exchange(&j->busy[worker], true))
                return err_set(e, -EBUSY, "worker %u twice at once", worker);
        for (unsigned i = 0; i < piece % 7; i++)
                (void) sched_yield();
        atomic_fetch_add(&j->done[piece], 1);
        atomic_store(&j->busy[worker], false);
        for (size_t i = 0; i < ELEMENTS(j->fail_at); i++)
                if (piece == j->fail_at[i])
                        return err_set(e, -EBADMSG, "piece %llu", (unsigned long long) piece);
        return 0;
}

static int look(void *user, uint64_t done, uint64_t all, Err *e) {
        Job *j = user;

        assert_true(done >= j->last);
        assert_int_equal(all, PIECES);
        j->last = done;
        return done >= j->stop_at ? err_set(e, -EINTR, "stopped") : 0;
}

static int run(Job *j, unsigned n, Err *e) {
        Workers w = { .n = n, .n_pieces = PIECES, .step = step, .user = j, .watcher = { look, j } };

        return workers_run(&w, e);
}

static void every_piece_is_done_once(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                Job j = { .fail_at = { PIECES, PIECES }, .stop_at = PIECES + 1 };

                assert_int_equal(run(&j, numbers[i], NULL), 0);
                for (size_t k = 0; k < PIECES; k++)
                        assert_int_equal(j.done[k], 1);
                assert_int_equal(j.last, PIECES);
        }
}

/* Whichever thread is faster. */
static void the_lowest_failure_counts(void **state) {
        (void) state;
        for (size_t i = 0; i < 100; i++) {
                Job j = { .fail_at = { 501, 500 }, .stop_at = PIECES + 1 };
                Err e = {};

                assert_int_equal(run(&j, numbers[i % ELEMENTS(numbers)], &e), -EBADMSG);
                assert_string_equal(e.text, "piece 500");
                for (size_t k = 0; k <= 500; k++)
                        assert_int_equal(j.done[k], 1);
        }
}

static void the_watcher_ends_the_work(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                Job j = { .fail_at = { PIECES, PIECES }, .stop_at = 1 };
                Err e = {};

                assert_int_equal(run(&j, numbers[i], &e), -EINTR);
                assert_string_equal(e.text, "stopped");
        }
}

static void no_work_is_done_at_once(void **state) {
        Workers w = { .n = 2, .step = step };

        (void) state;
        assert_int_equal(workers_run(&w, NULL), 0);
        assert_in_range(workers_usual(), 1, WORKERS_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_piece_is_done_once),
                cmocka_unit_test(the_lowest_failure_counts),
                cmocka_unit_test(the_watcher_ends_the_work),
                cmocka_unit_test(no_work_is_done_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
