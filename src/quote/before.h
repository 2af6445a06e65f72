/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "log/chain.h"

/* The earlier segments that a log needs because its register did not start at zero (a log that was
 * put aside, or the one of the kernel that started this one): found among the logs that lie about
 * by what their replay leads to, not by their names. */

/* log: the present one. folders: where to look, NULL ends them; one that is not there is none.
 * Appends the segments to to, oldest first. What cannot be found is left out: that it is missing is
 * for whoever judges to say. Negative only where something could not be done (no memory). */
int before_find(const char *const *folders, Span log, Buf *to, Err *e) _must_check_;

/* 1 where one of them leads to where this chain starts, 0 where none does. */
int before_leads(const char *const *folders, const Chain *c, Err *e) _must_check_;
