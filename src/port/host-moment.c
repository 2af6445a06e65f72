/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/host.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* In a file of its own: who only wants to know the time is not linked with libsystemd. */

static int read_clock(clockid_t which, int64_t *ret, Err *e) {
        struct timespec t;

        if (clock_gettime(which, &t) < 0)
                return err_set(e, -errno, "cannot read a clock: %s", strerror(errno));
        *ret = (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
        return 0;
}

int host_moment(Moment *ret, Err *e) {
        Moment m;
        int rc;

        rc = read_clock(CLOCK_BOOTTIME, &m.boottime, e);
        if (rc < 0)
                return rc;
        rc = read_clock(CLOCK_REALTIME, &m.wall, e);
        if (rc < 0)
                return rc;
        *ret = m;
        return 0;
}

int64_t host_asleep(void) {
        struct timespec with = {}, without = {};

        if (clock_gettime(CLOCK_BOOTTIME, &with) < 0 ||
                        clock_gettime(CLOCK_MONOTONIC, &without) < 0)
                return 0;
        return (int64_t) (with.tv_sec - without.tv_sec) * 1000000 +
               (with.tv_nsec - without.tv_nsec) / 1000;
}
