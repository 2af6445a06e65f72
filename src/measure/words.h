/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/odometer.h"
#include "port/host.h"

/* What people and units have to say, as records: notes, phases of the boot, and the breaking of the
 * glass. */

/* note.text: any text of at most 1 KiB, not empty. */
int measure_note(Account *a, const char *text, Err *e) _must_check_;

/* phase.enter: a word of a-z, 0-9 and '-'. */
int measure_phase(Account *a, const char *word, Err *e) _must_check_;

/* What is known of an opening; texts may be NULL or empty (left out). */
typedef struct Glass {
        const char *kind; /* one of event_kinds */
        const char *reason;
        Caller caller;
        Odometer *odometer; /* counts it; NULL: it is recorded and not counted */
} Glass;

/* glass.open. It is recorded before whoever asks is let in. */
int glass_open(Account *a, const Glass *g, Err *e) _must_check_;

/* glass.close, for the last opening's kind where g names none. -ESRCH where nothing is open. */
int glass_close(Account *a, const Glass *g, Err *e) _must_check_;
