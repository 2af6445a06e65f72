/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "verify/ima.h"
#include "wire/json.h"

/* What IMA measured, in words and as JSON. */

/* The first entries, a line each, and how many there are. */
void report_ima_people(const ImaStory *s, FILE *to);

/* All entries of a list alone. */
void report_ima_list(Span log, FILE *to);

/* Members of an object that is open: count, violations, entries. Of more entries than there is room
 * for, the first. judged: how many are proven, and what is to be held of each. */
void report_ima_json(const ImaStory *s, bool judged, JsonWriter *w);
