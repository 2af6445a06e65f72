/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/check.h"
#include "wire/ima.h"

static void check_inside(Span inner, Span outer) {
        check(inner.size == 0 ||
                        (inner.data >= outer.data &&
                                        inner.data + inner.size <= outer.data + outer.size));
}

/* Entries lie one behind the other within the input, and what is hashed of one lies within it, but
 * for the room behind an old name. What fails says why, and fails again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ImaLog log = ima_over((Span){ data, size });
        ImaEntry entry;
        Err e = {};
        size_t at = 0;
        int rc;

        (void) ima_matches(log.bytes);
        while ((rc = ima_next(&log, &entry, &e)) > 0) {
                Span whole = { data + at, log.at - at };
                bool old = span_is(entry.template, "ima");

                check(entry.at == at && log.at > at && log.at <= size);
                check_inside(entry.sha1, whole);
                check_inside(entry.template, whole);
                check_inside(entry.measured[0], whole);
                check_inside(entry.measured[1], whole);
                check_inside(entry.name, old ? entry.measured[1] : entry.measured[0]);
                check_inside(entry.digest, entry.measured[0]);
                check(entry.known || entry.name.size + entry.digest.size == 0);
                check(entry.violation == span_is_zero(entry.sha1));
                check(!old || entry.measured[1].size + entry.measured[2].size == 256);
                at = log.at;
        }
        check((rc < 0) == (e.code < 0));
        check(rc < 0 || log.at == size);
        check(ima_next(&log, &entry, NULL) == rc);
        return 0;
}
