/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* A text with the first place where old stands changed into new, for tests that spoil one thing of
 * something good. */
static inline Span edit(const char *text, const char *old, const char *new, Buf *to) {
        const char *at = strstr(text, old);

        if (!at)
                abort(); /* the test would spoil nothing */
        buf_done(to);
        buf_bytes(to, (Span){ (const uint8_t *) text, (size_t) (at - text) });
        buf_string(to, new);
        buf_string(to, at + strlen(old));
        return buf_span(to);
}
