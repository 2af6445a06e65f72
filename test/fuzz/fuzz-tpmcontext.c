/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/tpmcontext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds) {
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * TPM_CONTEXT_MAX);
        Span in = { data, size };
        TpmContext c;
        Err e = {};

        if (tpm_context_parse(in, &c, &e) < 0) {
                need(e.code < 0 && e.text[0] != '\0');
                return 0;
        }
        need(c.blob.size > 0 && c.blob.data > data && c.blob.data + c.blob.size == data + size);
        tpm_context_write(&c, &b);
        need(span_equal(buf_span(&b), in));
        return 0;
}
