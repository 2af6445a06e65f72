/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quote/take.h"

/* Puts together the evidence bundle (forms.md, section 3) out of what was taken and the logs. */

/* avouch_log: its bytes, or empty where there is no log (then the bundle has no such part). created
 * is UTC, in microseconds. Appends to to, which has room for BUNDLE_MAX. */
int evidence_write(const Taken *t, Span nonce, Span avouch_log, int64_t created, Buf *to,
                Err *e) _must_check_;

/* The whole lines of a log: without what a crash left of a last one. */
Span evidence_whole_lines(Span log);
