/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/bootrow.h"

#include "base/macro.h"

const char *const boot_rows[BOOT_ROWS][BOOT_ROW_MAX] = {
        { "enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final" },
        { "sysinit", "ready", "shutdown", "final" },
        { "enter-initrd", "leave-initrd", "sysinit", "ready", "factory-reset" },
        { "enter-initrd", "leave-initrd", "sysinit", "storage-target-mode-start",
                        "storage-target-mode-stop" },
};

/* The rows of a set that have this phase at a place. */
static unsigned rows_with(unsigned rows, unsigned at, Span phase) {
        unsigned found = 0;

        for (unsigned i = 0; i < BOOT_ROWS; i++)
                if ((rows >> i & 1) && boot_rows[i][at] && span_is(phase, boot_rows[i][at]))
                        found |= 1u << i;
        return found;
}

bool boot_way_step(BootWay *w, Span phase) {
        unsigned rows = rows_with(w->rows, w->at, phase);

        if (rows == 0) {
                rows = rows_with((1u << BOOT_ROWS) - 1, 0, phase);
                if (rows == 0)
                        return false;
                /* the initrd is not entered again where the kernel stayed */
                if (w->ended && span_is(phase, "sysinit"))
                        w->n_soft++;
                else
                        w->n_boots++;
                w->at = 0;
        }
        w->rows = rows;
        w->at++;
        w->ended = span_is(phase, "final");
        return true;
}
