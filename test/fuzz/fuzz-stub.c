/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "base/buf.h"
#include "wire/stub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever parses is the mark around its version, and NULs; the generation is the number that the
 * version begins with. What does not parse says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        Span bytes = { data, size };
        Err e = {}, f = {};
        bool is_loader;
        Stub s;

        is_loader = stub_parse_loader(bytes, &s, &f) == 0;
        if (!is_loader && stub_parse(bytes, &s, &e) < 0) {
                if (e.code == 0 || f.code == 0)
                        abort();
                return 0;
        }
        buf_printf(&b, "#### LoaderInfo: systemd-%s ",
                        is_loader ? "boot" : (s.is_addon ? "addon" : "stub"));
        buf_bytes(&b, s.version);
        buf_string(&b, " ####");
        if (!span_starts(bytes, buf_span(&b)) ||
                        !span_is_zero((Span){ data + b.size, size - b.size }))
                abort();
        buf_done(&b);
        buf_printf(&b, "%u", s.generation);
        while (s.version.size > 1 && s.version.data[0] == '0')
                s.version = span_from(s.version, 1);
        if (!span_starts(s.version, buf_span(&b)))
                abort();
        (void) stub_measures(s.generation);
        return 0;
}
