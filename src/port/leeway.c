/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/leeway.h"

#include <stddef.h>

static const struct {
        __rlimit_resource_t which;
        rlim_t least;
} limits[LEEWAY_LIMITS] = {
        { RLIMIT_AS, RLIM_INFINITY },
        { RLIMIT_DATA, RLIM_INFINITY },
        { RLIMIT_NOFILE, 1024 },
};

void leeway_raise(__rlimit_resource_t which, rlim_t least) {
        struct rlimit wanted = { least, least }, now;

        if (getrlimit(which, &now) < 0)
                return;
        if (now.rlim_max > least)
                wanted.rlim_max = now.rlim_max;
        if (setrlimit(which, &wanted) == 0)
                return;
        now.rlim_cur = now.rlim_max; /* as far as we may */
        (void) setrlimit(which, &now);
}

Leeway leeway_take(void) {
        Leeway l = {};

        for (size_t i = 0; i < LEEWAY_LIMITS; i++) {
                (void) getrlimit(limits[i].which, &l.before[i]); /* there is such a limit */
                if (l.before[i].rlim_cur < limits[i].least)
                        leeway_raise(limits[i].which, limits[i].least);
        }
        return l;
}

void leeway_give(const Leeway *l) {
        for (size_t i = 0; i < LEEWAY_LIMITS; i++)
                (void) setrlimit(limits[i].which, &l->before[i]);
}
