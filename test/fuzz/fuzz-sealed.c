/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever parses is written again as the very same bytes, and borrows from nothing else. What does
 * not parse says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(SEALED_MAX);
        Sealed s;
        Err e = {};

        if (sealed_parse((Span){ data, size }, &s, &e) < 0) {
                if (e.code == 0)
                        abort();
                return 0;
        }
        if (s.data.size > 0 && (s.data.data < data || s.data.data + s.data.size > data + size))
                abort();
        sealed_write(&s, &b);
        if (b.failed != 0 || !span_equal(buf_span(&b), (Span){ data, size }))
                abort();
        return 0;
}
