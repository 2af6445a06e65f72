/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "image/tree.h"

/* What a tree looked like when it was looked through, so that it shows when somebody wrote to it
 * while an image was made: names, sizes, modes, owners and times, in the order of the walk. Times
 * of change (ctime) and numbers of links do not count, for our own hard links change them. */
typedef struct Seen {
        uint64_t *marks; /* one for each entry */
        size_t n, room;
        size_t at; /* in the second walk: the next one */
} Seen;

#define SEEN_NONE ((Seen){ .marks = NULL })

/* In the first walk: keeps what the entry looks like. name is for e. */
int seen_keep(Seen *s, const char *name, const TreeEntry *entry, Err *e) _must_check_;

/* In the second walk: -ESTALE where the entry looks otherwise. */
int seen_compare(Seen *s, const char *name, const TreeEntry *entry, Err *e) _must_check_;

/* After it: -ESTALE where there were fewer entries. */
int seen_end(const Seen *s, const char *name, Err *e) _must_check_;

void seen_done(Seen *s);
