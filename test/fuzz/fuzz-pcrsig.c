/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/pcrsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(Span part, Span whole) {
        return part.size == 0 ||
               (part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

/* Whatever parses points into the text, and what is written of it reads as the same, and is written
 * as the same bytes again. What does not parse says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static PcrSignature list[PCR_SIGNATURES_MAX], again[PCR_SIGNATURES_MAX];
        _cleanup_(buf_done) Buf one = BUF_UP_TO(UKI_TEXT_MAX), two = BUF_UP_TO(UKI_TEXT_MAX);
        Span text = { data, size };
        size_t n, m;
        Err e = {};

        if (pcrsig_parse(text, list, &n, &e) < 0) {
                if (e.code == 0)
                        abort();
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                if (!is_within(list[i].reference, text) || !is_within(list[i].signature, text) ||
                                !is_within(list[i].to_sign, text))
                        abort();
        pcrsig_write(list, n, &one);
        if (one.failed < 0)
                return 0;
        if (pcrsig_parse(buf_span(&one), again, &m, NULL) < 0 || m != n)
                abort();
        pcrsig_write(again, m, &two);
        if (!span_equal(buf_span(&one), buf_span(&two)))
                abort();
        return 0;
}
