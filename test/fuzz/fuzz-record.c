/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "wire/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read as a record is written as the very same bytes, and points into them. */
static void one_spelling(Span line) {
        _cleanup_(buf_done) Buf again = BUF_UP_TO(RECORD_MAX);
        Span content;
        Record r;

        if (record_parse(line, &r, NULL) < 0)
                return;
        content = r.content.bytes;
        if (content.data < line.data || content.data + content.size > line.data + line.size)
                abort();
        if (r.n_digests > BANKS_MAX || (r.n_digests == 0) != (r.reg.kind == REGISTER_NONE))
                abort();
        for (size_t i = 0; i < r.n_digests; i++)
                if (r.digests[i].size == 0 || r.digests[i].size != hash_size(r.digests[i].alg))
                        abort();
        record_write(r.reg, r.content.seq, r.digests, r.n_digests, content, &again);
        if (!span_equal(buf_span(&again), line))
                abort();
}

/* Lines are taken off one behind the other; what cannot be taken is left as it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span log = { data, size }, line = {};
        const uint8_t *at = data;
        int rc;

        one_spelling(log);
        while ((rc = record_next_line(&log, &line, NULL)) == 1) {
                if (line.data != at || line.size < 2 || line.size > RECORD_MAX)
                        abort();
                if (line.data[0] != 0x1e ||
                                memchr(line.data, '\n', line.size) != line.data + line.size - 1)
                        abort();
                at += line.size;
                if (log.data != at || log.size != size - (size_t) (at - data))
                        abort();
                one_spelling(line);
        }
        if (log.data != at || (rc == 0) != (log.size == 0))
                abort();
        if (rc == -ENODATA && (log.size > RECORD_MAX || memchr(log.data, '\n', log.size)))
                abort();
        return 0;
}
