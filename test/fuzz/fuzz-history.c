/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/check.h"
#include "wire/history.h"

/* A line that is read, written again, gives the same bytes; and cut anywhere, it is no line, but
 * from its content on it tells the same content. */
static void check_line(Span line) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(HISTORY_LINE_MAX),
                                again = BUF_UP_TO(HISTORY_LINE_MAX);
        HistoryLine l;
        size_t half, size;
        Content c;
        Err e = {};

        if (history_line_parse(line, &into, &l, &e) < 0) {
                check(e.code < 0 && e.text[0] != '\0');
                return;
        }
        check(l.attest.size > 0 && l.signature.size > 0);
        check(l.attest.data >= into.data &&
                        l.signature.data + l.signature.size <= into.data + into.size);
        history_open_write(l.content.bytes, &again);
        half = again.size;
        history_close_write(l.attest, l.signature, &again);
        check(span_equal(buf_span(&again), line));

        check(history_open_read((Span){ line.data, line.size - 1 }, &c, &size));
        check(size == half && span_equal(c.bytes, l.content.bytes));
        check(!history_open_read((Span){ line.data, half - 1 }, &c, &size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span rest = { data, size }, before = rest, line;
        size_t open;
        Content c;

        check_line(rest);
        while (history_next_line(&rest, &line, NULL) > 0) {
                check(line.data == before.data && line.size + rest.size == before.size);
                check_line(line);
                before = rest;
        }
        if (history_open_read(rest, &c, &open))
                check(open <= rest.size && c.bytes.data + c.bytes.size == rest.data + open);
        return 0;
}
