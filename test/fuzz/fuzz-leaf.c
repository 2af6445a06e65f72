/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/leaf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(Span inner, const uint8_t *data, size_t size) {
        return inner.size == 0 || (inner.data >= data && inner.data + inner.size <= data + size);
}

/* Whatever parses is written again as the very same bytes, and borrows from nothing else. What does
 * not parse says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(LEAF_MAX);
        Leaf leaf;
        Err e = {};

        if (leaf_parse((Span){ data, size }, &leaf, &e) < 0) {
                if (e.code == 0)
                        abort();
                return 0;
        }
        if (!within(leaf.name, data, size) || !within(leaf.version, data, size) ||
                        !within(leaf.architecture, data, size))
                abort();
        for (size_t i = 0; i < leaf.n_sections; i++)
                if (!within(leaf.sections[i].name, data, size))
                        abort();
        for (size_t i = 0; i < leaf.n_pcrs; i++)
                if (!within(leaf.pcrs[i].phases, data, size))
                        abort();

        leaf_write(&leaf, &b);
        if (b.failed != 0 || !span_equal(buf_span(&b), (Span){ data, size }))
                abort();
        return 0;
}
