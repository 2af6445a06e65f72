/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include <string.h>

#include "log/chain.h"
#include "support/world.h"

/* True where the last record of the world's log is of this event, and the register shows it. */
static inline bool world_shows(const World *w, Event event) {
        Segment s = segment_over(buf_span(&w->log));
        Event last = EVENT_INVALID;
        Record r;

        while (segment_next(&s, &r, NULL) > 0)
                last = r.content.event;
        for (size_t i = 0; i < s.chain.strands[0].n_banks; i++)
                if (!digest_equal(&s.chain.strands[0].now[i],
                                    pcr_value(&w->pcrs, (uint16_t) s.chain.strands[0].now[i].alg,
                                                    WORLD_PCR)))
                        return false;
        return last == event;
}

/* The same, and these words stand in the log. */
static inline void assert_world_shows(const World *w, Event event, const char *says) {
        Span log = buf_span(&w->log);

        assert_true(world_shows(w, event));
        assert_non_null(memmem(log.data, log.size, says, strlen(says)));
}
