/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/* What this process has in memory is its own; files in memory (memfd_create(2)) are written once,
 * and then as they are for ever, whoever has them open. */

/* From here on no core file is written of this process, and nobody but root looks into it (ptrace,
 * /proc/PID/mem): for programs that hold secrets, before they do. A program that it starts is as
 * any other. */
void memory_hide(void);

/* name: for people who look into /proc. */
int memory_open(const char *name, int *ret, Err *e) _must_check_;

/* Nobody can change the file any more, and fd is open for reading alone: the kernel executes and
 * loads nothing that somebody has open for writing. Where it fails, fd is as it was. */
int memory_seal(int *fd, Err *e) _must_check_;
