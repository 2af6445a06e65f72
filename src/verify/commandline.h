/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

/* In which word two command lines of the kernel differ. */

/* The first word in which two command lines differ, for people: `"quiet" was added`. Nothing is
 * written where they have the same words. */
void command_line_difference(Span expected, Span actual, Buf *to);

/* All in which two command lines differ, one place after the other, at most max of them (what then
 * remains is told as one): the words that stood there, and those that stand there; either may be
 * empty. How many there are. Borrows from both. */
typedef struct LineChange {
        Span was, is;
} LineChange;

size_t command_line_changes(Span was, Span is, LineChange *ret, size_t max);

/* Finds the words that were added to a command line of which only the hash is known, one behind the
 * other. True, and the words in *ret_added, where without them the text has the digest. */
int command_line_added(Span actual, const Digest *expected, bool *ret_found, Span *ret_added,
                Err *e) _must_check_;
