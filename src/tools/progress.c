/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MILLISECONDS = 1000, WIDTH = 40 };

static uint64_t now(void) {
        struct timespec t = {};

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

Progress progress_begin(const char *what) {
        return (Progress){
                .what = what, .fd = isatty(STDERR_FILENO) == 1 ? STDERR_FILENO : -1, .begin = now()
        };
}

static int look(void *user, uint64_t done, uint64_t all, Err *e) {
        static const char full[] = "########################################";
        static const char empty[] = "........................................";
        Progress *p = user;
        unsigned percent = all > 0 ? (unsigned) ((double) done * 100 / (double) all) : 0;
        int n = (int) percent * WIDTH / 100;

        (void) e;
        if (p->fd < 0 || p->shown == percent + 1 || now() - p->begin < WAIT_MILLISECONDS)
                return 0;
        (void) dprintf(p->fd, "\r%s [%.*s%.*s] %3u %%", p->what, n, full, WIDTH - n, empty,
                        percent);
        p->shown = percent + 1;
        return 0;
}

Watcher progress_watcher(Progress *p) {
        return (Watcher){ look, p };
}

void progress_end(Progress *p) {
        if (p->shown > 0)
                (void) dprintf(p->fd, "\r\033[K"); /* ECMA-48, EL: erase to the end of the line */
        p->shown = 0;
}
