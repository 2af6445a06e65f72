/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/chain.h"

/* One more record of a chain, as it will stand in the log: now, in this strand. Nothing is written
 * yet.
 *
 * next is a copy of the chain, and has the record when this returns; content and line are its
 * bytes, which record borrows. What any reader would refuse is refused here. */
int compose(const Chain *c, const Strand *s, Event event, const Member *members, size_t n_members,
                Chain *next, Record *record, Buf *content, Buf *line, Err *e) _must_check_;
