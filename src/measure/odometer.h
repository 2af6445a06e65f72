/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/account.h"
#include "measure/counter.h"
#include "measure/ledger.h"

/* Counted records: openings by hand, which a reboot does not wipe out.
 *
 *     counter to n -> log and history, durably -> register -> receipt at n, beside the line ->
 * counter to n + 1
 *
 * A counter never goes back, so that no second receipt for n can ever be made: what was recorded
 * can be neither changed nor dropped. What a crash left is set right by the next odometer_open(): a
 * receipt that is still open is asked for, a counter that moved without a line gets a glass.lost,
 * and so does an opening that was not counted, so that the history tells that it lacks one.
 *
 * Where something is missing (no counter and no room for one, no key, no place for a history) the
 * account goes on with what there is, and odometer_lacks() says what is not. */
typedef struct Odometer {
        Account *account; /* borrowed */
        Ledger ledger;
        Counter counter;
        bool counting; /* there is a counter */
        bool keeping;  /* there are receipts, and a place to keep them */
        bool stale;    /* the last record was not finished: mend before the next */
        bool in_log;   /* the last record stands there, also where recording it failed */
        bool may_define;
        char lacks[ERR_TEXT_MAX];
} Odometer;

/* home, spool: see measure/ledger; both may be NULL. may_define: a counter that is missing is
 * defined (not in early boot). Records are written where something has to be set right. Negative
 * only where the log could not be written. */
int odometer_open(Account *a, Store *home, Store *spool, bool may_define, Odometer *ret,
                Err *e) _must_check_;

/* As account_record(), with "count" and "past" added, and a receipt. An error may leave the record
 * behind (in_log), to be finished before the next one or by the next odometer_open().
 *
 * Where the TPM fails, the record is in the log, and an error tells: uncounted, unless it was
 * counted already, and from then on the account is silent (account_open_silent()). When the TPM
 * answers again, odometer_open() writes a glass.lost for what was not counted. */
int odometer_record(Odometer *o, Event event, const Member *members, size_t n_members,
                Err *e) _must_check_;

/* Why records are not counted, or without receipts; empty where nothing is missing. */
static inline const char *odometer_lacks(const Odometer *o) {
        return o->lacks;
}
