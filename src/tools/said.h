/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quote/history.h"
#include "wire/bundle.h"

/* What the machine says for itself, beside what its TPM says: its log, the segments before it, the
 * history. */

/* Owner: said_done(). */
typedef struct Said {
        Buf log, before, history;
        HistoryEnd past;
        Bundle parts; /* borrows from those */
        int lock;     /* nobody records while this is open */
} Said;

/* The log is held from here to said_done(), so that nobody records in between and both log and
 * registers agree. */
int said_read(Said *ret, Err *e) _must_check_;
void said_done(Said *s);
