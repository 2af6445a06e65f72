/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "verify/appraise.h"
#include "wire/json.h"

/* A judgement in words, as JSON, and as the policy that it would meet. */

/* For people: the claims with their reasons, what happened in order, what was not covered, the
 * verdict. */
void report_people(const Judgement *j, const Question *q, FILE *to);

/* {"avouch":1,"trusted":0|1,"claims":{...},"machine":{...},"timeline":[...]} (avouch-verify(1)).
 */
int report_json(const Judgement *j, const Question *q, Buf *to, Err *e) _must_check_;

/* A policy that requires what this evidence proves; q has the one by which it was judged
 * (verify/suggest), which gives the keys of firmware and kernel. -EBADMSG where the evidence is
 * malformed or its signature does not hold: there is nothing to pin. */
int report_suggest(const Judgement *j, const Question *q, FILE *to, Err *e) _must_check_;

/* A log's records, a line each, as far as they follow one another; q may be NULL. Returns how many
 * bytes at the end are none. */
size_t report_records(Span log, const Question *q, FILE *to);

/* One of them; doubtful: it stands behind an opening. */
void report_line(const Content *c, const Question *q, bool doubtful, FILE *to);

/* What one record says, in words (escapes of avouch-log-format(5) in it). layer releases are named
 * by the judge's own knowledge; q may be NULL. */
void report_record(const Content *c, const Question *q, Buf *to);

/* A reason, which quotes records as they are escaped already; what a cut left of a character, and
 * what else JSON does not take, becomes \xNN. */
void report_reason_json(JsonWriter *w, const char *name, const char *reason);

/* False for a part of the evidence that this version has no eyes for: a report names those. */
bool report_judges(BundleLabel label);
