/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/nvpublic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds) {
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        Span in = { data, size };
        NvPublic p;
        Err e = {};

        if (nv_public_parse(in, &p, &e) < 0) {
                need(e.code < 0 && e.text[0] != '\0');
                return 0;
        }
        nv_public_write(&p, &b);
        need(span_equal(buf_span(&b), in));
        /* only one set of bytes, but for WRITTEN, is the counter */
        if (nv_check_counter(&p, NULL) == 0) {
                NvPublic counter = nv_counter();

                counter.attributes |= p.attributes & NV_WRITTEN;
                buf_done(&b);
                nv_public_write(&counter, &b);
                need(span_equal(buf_span(&b), in));
        }
        /* nor more than one a register */
        if (nv_check_register(&p, NULL) == 0) {
                NvPublic reg = nv_register(p.index);

                need(nv_may_be_register(p.index));
                reg.attributes |= p.attributes & NV_WRITTEN;
                buf_done(&b);
                nv_public_write(&reg, &b);
                need(span_equal(buf_span(&b), in));
        }
        return 0;
}
