/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* The break-glass history as evidence carries it: what is kept at home, and behind it what of the
 * spool was not brought home yet; whole lines alone. */

typedef struct HistoryEnd {
        bool unfinished; /* a last line has no receipt yet: an opening that a crash interrupted */
        bool follows;    /* it was read to its end as a history */
        uint64_t closed; /* then: where its last line left the counter */
} HistoryEnd;

/* Either may be empty. Appends to to. What is no history is carried all the same: to say so is for
 * whoever judges. Negative only where something could not be done (no memory). */
int history_join(Span home, Span spool, Buf *to, HistoryEnd *ret, Err *e) _must_check_;

/* True where the counter stands at a value at which receipts are given: also where the last line
 * has its own, and the counter was not closed behind it. Evidence never certifies such a value:
 * whoever chooses the nonce would choose what the receipt is for. */
bool history_is_open(const HistoryEnd *p, uint64_t count);

/* True where the last counted record of this log was made at this value: its receipt may still be
 * given there, whatever the history says. */
bool history_awaits_receipt(Span log, uint64_t count);
