/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "verify/question.h"
#include "verify/systemd.h"

/* What systemd measured, in words and as JSON. */

/* What one record says. q may be NULL: releases are named by what the judge knows. */
void report_systemd_entry(const SystemdEntry *entry, const Question *q, Buf *to);

/* What is to be held of it: "proven", "keyed", "unproven", "not covered". s is NULL where no
 * register is known, as for a log alone: nothing is covered then, but words may be "matching". */
const char *report_systemd_standing(const SystemdStory *s, const SystemdEntry *entry);

/* The records, a line each; then the NvPCRs. */
void report_systemd_people(const SystemdStory *s, const Question *q, FILE *to);

/* The records of a log alone, as far as they are some. */
void report_systemd_log(Span log, FILE *to);

/* The same as the array "records" of an object that is open. */
void report_systemd_log_json(Span log, JsonWriter *w);

/* Members of an object that is open: machineId, phase, nvpcrs, timeline. */
void report_systemd_json(const SystemdStory *s, const Question *q, JsonWriter *w);
