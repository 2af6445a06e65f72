/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/content.h"

/* How often the glass was opened and closed in this segment, and the last record in it that the
 * odometer counted. */
typedef struct GlassCount {
        unsigned opened, closed;
        unsigned uncounted; /* openings since the odometer counted a record, in earlier logs too */
        char kind[32];      /* of the last opening */
        uint64_t value;     /* of the counter; 0 where none was counted */
        size_t size;
        uint8_t content[CONTENT_MAX];
} GlassCount;

/* Adds a record to the count; others than glass records and counted ones change nothing. */
void glass_count(GlassCount *g, const Content *c);

/* Another segment begins: what was opened and not counted is not forgotten with the one before. */
void glass_count_anew(GlassCount *g);

/* True for an opening by hand (what a human unlocked is one), or its end, that was not counted. */
bool glass_is_uncounted(const Content *c);

/* True for what may wait in the log for a TPM that does not answer: those, and a key that was tried
 * before somebody unlocked (measure/late). */
bool glass_may_wait(const Content *c);
