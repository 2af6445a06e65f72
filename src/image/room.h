/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Makes room at the head of a file that is written already: for the partition table, whose content
 * is known last. mkfs.erofs could leave it ("--offset", since erofs-utils 1.8), but that of 1.9.4
 * writes what files hold before the offset all the same: the image would be whole in every hash,
 * and without content. */

/* Moves all of the file up by so many bytes (a multiple of 4096); zeros stand before it then. Where
 * the file system can shift blocks nothing is copied; elsewhere, or where copy says so, the bytes
 * are moved within the file. */
int room_make(int fd, const char *name, uint64_t by, bool copy, Err *e) _must_check_;
