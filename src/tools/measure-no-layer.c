/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/measure-layer.h"

/* It stands beside this program. */
int measure_layer_run(void *values, char *const *operands, Err *e) {
        const MeasureArgs *a = values;
        char path[PATH_MAX + 16];
        ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
        char *slash;

        (void) operands;
        path[n > 0 ? n : 0] = '\0';
        slash = strrchr(path, '/');
        if (!slash)
                return err_set(e, -ENOENT, "this program does not know where it stands");
        (void) snprintf(slash, 16, "/measure-layer");
        (void) execv(path, a->argv);
        return err_set(e, -errno, "'measure layer' is not installed (%s: %s)", path,
                        strerror(errno));
}
