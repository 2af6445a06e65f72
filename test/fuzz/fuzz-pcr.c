/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "base/pcr.h"

enum { SELECTION_TEXT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a person may write comes back from our own spelling of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(SELECTION_TEXT_MAX);
        PcrSelection first, again;

        buf_bytes(&text, (Span){ data, size });
        buf_byte(&text, '\0');
        if (!buf_span(&text).data ||
                        pcr_selection_from_text((const char *) text.data, &first, NULL) < 0)
                return 0;

        buf_done(&text);
        pcr_selection_text(&first, &text);
        buf_byte(&text, '\0');
        if (pcr_selection_from_text((const char *) text.data, &again, NULL) < 0 ||
                        !pcr_selection_equal(&first, &again))
                abort();
        return 0;
}
