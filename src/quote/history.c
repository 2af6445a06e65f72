/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/history.h"

#include <errno.h>

#include "log/chain.h"
#include "log/history.h"
#include "quote/evidence.h"

static bool has_unfinished_line(Span bytes) {
        return evidence_whole_lines(bytes).size < bytes.size;
}

/* Where the lines lead; not followed where they are no history. */
static int follow(Span lines, HistoryEnd *p, Err *e) {
        _cleanup_(buf_done) Buf decoded = BUF_UP_TO(HISTORY_LINE_MAX);
        HistoryReader reader = history_over(lines, &decoded);
        HistoryLine line;
        Err why = {};
        int rc;

        while ((rc = history_next(&reader, &line, &why)) > 0)
                ;
        if (rc == -ENOMEM)
                return err_set(e, rc, "%s", why.text);
        p->follows = rc == 0 && reader.history.n_lines > 0;
        p->closed = reader.history.closed;
        return 0;
}

int history_join(Span home, Span spool, Buf *to, HistoryEnd *ret, Err *e) {
        HistoryEnd p = { .unfinished = has_unfinished_line(home) || has_unfinished_line(spool) };
        int rc;

        rc = follow(evidence_whole_lines(home), &p, e);
        if (rc < 0)
                return rc;
        buf_bytes(to, evidence_whole_lines(home));
        buf_bytes(to, history_not_at_home(evidence_whole_lines(spool), p.closed));
        if (to->failed < 0)
                return err_set(e, to->failed, "the history does not fit into the evidence");
        rc = follow(buf_span(to), &p, e);
        if (rc < 0)
                return rc;
        *ret = p;
        return 0;
}

bool history_is_open(const HistoryEnd *p, uint64_t count) {
        if (p->unfinished)
                return true;
        if (!p->follows)
                return false;
        if (count < p->closed)
                return p->closed - count == 1; /* its last line has its receipt, given here */
        return (count - p->closed) % 2 == 1;
}

bool history_awaits_receipt(Span log, uint64_t count) {
        Segment s = segment_over(log);
        uint64_t value = 0;
        Record r;

        while (segment_next(&s, &r, NULL) > 0) {
                uint64_t counted;

                if (history_value(&r.content, &counted))
                        value = counted;
        }
        return value != 0 && value == count;
}
