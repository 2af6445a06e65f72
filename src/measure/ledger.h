/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "log/history.h"
#include "log/store.h"

/* The break-glass history where it is kept: at home (HISTORY_FOLDER), and where home cannot be
 * written, or is not there yet as in the initrd, in a spool beside the log, from which the next
 * program that can brings it home.
 *
 * A line is opened with a content and closed with its receipt, each durably. One that is still open
 * when the process dies is found again by ledger_load(). */

#define HISTORY_FOLDER "/var/lib/avouch" /* unless $AVOUCH_STATE_DIR says otherwise */
#define HISTORY_FILE "history.log"

typedef struct Ledger {
        Store *home, *spool;          /* borrowed; NULL for one that is not to be had */
        History at_home;              /* of home's whole lines alone */
        History history;              /* of those, and of the spool's behind them */
        size_t home_size, spool_size; /* of whole lines, in bytes */

        /* the line that is open, if any */
        bool is_open, spooled; /* spooled: it stands in the spool */
        uint64_t value;
        size_t size;
        uint8_t content[CONTENT_MAX];
} Ledger;

/* Reads both. A torn end is cut off. What is no history, or does not continue home's, is put aside
 * whole under a name that says so. */
int ledger_load(Store *home, Store *spool, Ledger *ret, Err *e) _must_check_;

/* True where a line with this content would continue the history. */
bool ledger_fits(const Ledger *l, const Content *c);

/* Opens a line: at home, or in the spool where home cannot be written. None may be open. */
int ledger_open_line(Ledger *l, const Content *c, Err *e) _must_check_;

/* Closes it. */
int ledger_close_line(Ledger *l, Span attest, Span signature, Err *e) _must_check_;

/* Takes it back, as if it had never been opened. */
int ledger_drop_line(Ledger *l, Err *e) _must_check_;

/* Moves whole lines from the spool home, where that can be written; where it cannot, they stay. */
void ledger_bring_home(Ledger *l);

/* Puts all aside and begins an empty history; as is a part of the name. */
int ledger_put_aside(Ledger *l, const char *as, Err *e) _must_check_;
