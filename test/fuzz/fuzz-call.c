/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(Span part, Span whole) {
        return part.size == 0 ||
               (part.data >= whole.data && part.size <= whole.size &&
                               (size_t) (part.data - whole.data) <= whole.size - part.size);
}

/* What is taken points into the input, and a method's name can be answered as it stands. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const none[] = { NULL };
        _cleanup_(buf_done) Buf answer = BUF_UP_TO(4 * CALL_MAX), again = BUF_UP_TO(4 * CALL_MAX);
        Span bytes = { data, size };
        Call c, error;

        if (call_parse(bytes, &c, NULL) < 0)
                return 0;
        if (c.method.size == 0 || !inside(c.method, bytes) ||
                        !inside(json_raw(call_parameter(&c, "members")), bytes))
                abort();
        if (!call_has_only(&c, none) && c.n_tokens < 6)
                abort();
        call_write_error(&answer, "a.B", "method", c.method);
        buf_string(&again, "{\"method\":\"");
        buf_bytes(&again, c.method);
        buf_string(&again, "\"}");
        if (answer.failed < 0 || call_parse(buf_span(&again), &error, NULL) < 0 ||
                        !span_equal(error.method, c.method))
                abort();
        return 0;
}
