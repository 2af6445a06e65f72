/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/glasscount.h"

#include <stdio.h>

#include "wire/history.h"

bool glass_is_uncounted(const Content *c) {
        int64_t human;
        uint64_t unused;

        if (history_value(c, &unused))
                return false;
        if (c->event == EVENT_UNLOCK_OPEN)
                return json_integer(content_member(c, "human"), 1, 1, &human);
        return c->event == EVENT_GLASS_OPEN || c->event == EVENT_GLASS_CLOSE;
}

bool glass_may_wait(const Content *c) {
        return c->event == EVENT_UNLOCK_FAIL || glass_is_uncounted(c);
}

void glass_count(GlassCount *g, const Content *c) {
        Span kind = content_text(c, "kind");

        if (history_value(c, &g->value)) {
                g->size = c->bytes.size;
                memcpy(g->content, c->bytes.data, c->bytes.size);
                g->uncounted = 0;
        } else if (c->event != EVENT_GLASS_CLOSE && glass_is_uncounted(c))
                g->uncounted++;
        if (c->event == EVENT_GLASS_CLOSE)
                g->closed++;
        if (c->event != EVENT_GLASS_OPEN)
                return;
        g->opened++;
        (void) snprintf(g->kind, sizeof(g->kind), "%.*s", (int) kind.size,
                        (const char *) kind.data);
}

void glass_count_anew(GlassCount *g) {
        *g = (GlassCount){ .uncounted = g->uncounted };
}
