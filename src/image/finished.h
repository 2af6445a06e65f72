/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A file system that somebody else has made, for a build that adds only what stands around it. */

/* Whether a file is a read-only file system, or one that can be mounted so: erofs, squashfs, ext4.
 * -EBADMSG where it is more than one at once. name is for e. */
int finished_recognise(int fd, const char *name, bool *ret_is, Err *e) _must_check_;

/* Its bytes to the head of another file, and zeros up to a multiple of 4096. */
int finished_copy(int from, const char *from_name, int to, const char *to_name, uint64_t *ret_size,
                Err *e) _must_check_;
