/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "wire/event.h"

/* Contents and records written by hand, not by the code that is tested: from the table of events, a
 * plausible value in each member, and what a test changes. */

enum { DRAFT_VALUES_MAX = 10 };

/* JSON texts that a rule takes (the first one stands in drafts), and that it refuses; NULL ends
 * each. Words and objects depend on the member: theirs are not here. */
typedef struct DraftValues {
        const char *good[DRAFT_VALUES_MAX], *bad[DRAFT_VALUES_MAX];
} DraftValues;

const DraftValues *draft_values(Rule rule);

/* A member by its path ("seq", "tpm.clock"), and the JSON text that it has instead. NULL leaves it
 * out; a name that the event does not have is put in. A list of them ends with no path. */
typedef struct DraftChange {
        const char *path, *json;
} DraftChange;

/* A content with all members that can stand together, or with those that must be there. */
void draft_content(Event event, const DraftChange *changes, Buf *to);
void draft_content_short(Event event, const DraftChange *changes, Buf *to);

#define ZEROS_64 "0000000000000000000000000000000000000000000000000000000000000000"
#define HEX_32 "0123456789abcdef0123456789abcdef"
#define HEX_64 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
