/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdlib.h>

#include "wire/json.h"

/* What the targets for our JSON formats share. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check(bool good) {
        if (!good)
                abort();
}

/* True where the text is the one spelling of its value. */
static inline bool is_canonical(Span text) {
        JsonToken tokens[BUNDLE_TOKENS_MAX];
        Json v;

        return json_parse(text, JSON_CANONICAL, tokens, ELEMENTS(tokens), "text", &v, NULL) == 0;
}
