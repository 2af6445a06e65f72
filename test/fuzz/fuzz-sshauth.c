/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz/check.h"
#include "wire/sshauth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is all that was there: written again, it is the text (but for the end of its last
 * line, which may be missing). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf again = BUF_UP_TO(SSH_AUTH_MAX + 1);
        Span text = { data, size };
        SshAuth a;

        if (ssh_auth_parse(text, &a, NULL) < 0)
                return 0;
        for (size_t i = 0; i < a.n_methods; i++) {
                buf_bytes(&again, a.methods[i].name);
                if (a.methods[i].type.size > 0) {
                        buf_byte(&again, ' ');
                        buf_bytes(&again, a.methods[i].type);
                        buf_byte(&again, ' ');
                        buf_bytes(&again, a.methods[i].key);
                }
                if (i + 1 < a.n_methods || data[size - 1] == '\n')
                        buf_byte(&again, '\n');
        }
        if (!span_equal(buf_span(&again), text))
                abort();
        return 0;
}
