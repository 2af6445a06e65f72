/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

/* Files in memory (memfd_create(2)): written once, and then as they are for ever, whoever has them
 * open. */

/* name: for people who look into /proc. */
int memory_open(const char *name, int *ret, Err *e) _must_check_;

/* Nobody can change the file any more, and fd is open for reading alone: the kernel executes and
 * loads nothing that somebody has open for writing. Where it fails, fd is as it was. */
int memory_seal(int *fd, Err *e) _must_check_;
