/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/wincert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever parses is, put together again, the same bytes, but for the kinds. What does not parse
 * says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf again = BUF_UP_TO(64 * 1024);
        Span bytes = { data, size };
        WinCerts w;
        Err e = {};

        if (size > again.max)
                return 0;
        if (wincerts_parse(bytes, &w, &e) < 0) {
                if (e.code == 0)
                        abort();
                return 0;
        }
        for (size_t i = 0; i < w.n; i++) {
                size_t kind = again.size + 4;

                wincert_put(&again, w.list[i].bytes);
                for (size_t k = 0; k < 4; k++)
                        again.data[kind + k] = data[kind + k];
        }
        if (!span_equal(bytes, buf_span(&again)))
                abort();
        return 0;
}
