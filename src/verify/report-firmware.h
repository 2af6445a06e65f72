/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "verify/firmware.h"
#include "wire/json.h"

/* A firmware's log as a timeline: each event with its name, what it means, and how far that was
 * measured. */

/* What one event says, in words (escapes of avouch-log-format(5) in it). */
void report_event(const Measured *m, Buf *to);

/* A line an event, read by a bank (HASH_NONE: the best). Negative where the log is none; what came
 * before is printed. */
int report_events(Span log, HashAlg alg, FILE *to, Err *e) _must_check_;

/* The same as JSON objects, into an array that is open. */
int report_events_json(Span log, HashAlg alg, JsonWriter *w, Err *e) _must_check_;
