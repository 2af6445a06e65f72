/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/ledger.h"

#include <assert.h>
#include <errno.h>

static void keep_open(Ledger *l, const Content *c, bool spooled) {
        if (!history_value(c, &l->value))
                assert(false);
        l->is_open = true;
        l->spooled = spooled;
        l->size = c->bytes.size;
        memcpy(l->content, c->bytes.data, c->bytes.size);
}

/* A last line without its end: what is whole of it is kept, the rest is cut off. */
static int load_open(Ledger *l, Store *s, size_t at, Span rest, Err *e) {
        size_t size = 0;
        Content c;

        if (history_open_read(rest, &c, &size))
                keep_open(l, &c, s == l->spool);
        return size < rest.size ? store_cut(s, at + size, e) : 0;
}

/* One line. 0 also for a line of the spool that was brought home already. */
static int load_line(Ledger *l, const Store *s, Span line, Err *e) {
        _cleanup_(buf_done) Buf decoded = BUF_UP_TO(HISTORY_LINE_MAX);
        HistoryLine read;
        int rc;

        rc = history_line_parse(line, &decoded, &read, e);
        if (rc < 0)
                return rc;
        if (s == l->spool && l->at_home.n_lines > 0 && read.value < l->at_home.closed)
                return 0;
        return history_add(&l->history, line, &read, e);
}

/* 1 where the bytes were read to their end, 0 where they are no continuation of the history. */
static int load_lines(Ledger *l, Store *s, Span bytes, size_t *ret_size, Err *e) {
        Span rest = bytes, line;
        Err why = {};
        int rc;

        while ((rc = history_next_line(&rest, &line, &why)) > 0) {
                rc = load_line(l, s, line, &why);
                if (rc < 0)
                        break;
        }
        if (rc == -EBADMSG || rc == -E2BIG)
                return 0;
        *ret_size = bytes.size - rest.size;
        if (rc == -ENODATA)
                rc = load_open(l, s, *ret_size, rest, &why);
        return rc < 0 ? err_set(e, rc, "%s", why.text) : 1;
}

static int load(Ledger *l, Store *s, const char *aside, size_t *ret_size, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(HISTORY_MAX);
        History before = l->history;
        Err why = {};
        int rc;

        if (!s)
                return 0;
        rc = store_load(s, &b, &why);
        if (rc < 0 && rc != -E2BIG)
                return err_set(e, rc, "%s", why.text);
        if (rc == 0)
                rc = load_lines(l, s, buf_span(&b), ret_size, e);
        if (rc > 0 || (rc < 0 && rc != -E2BIG))
                return rc < 0 ? rc : 0;
        l->history = before;
        l->is_open = l->is_open && s != l->home;
        *ret_size = 0;
        return store_retire(s, aside, e);
}

/* Home's last line was left open, and what is in the spool was written after that. */
static void drop_overtaken(Ledger *l) {
        if (!l->spooled && l->value >= l->history.closed)
                return;
        if (!l->spooled)
                l->is_open = false;
        if (store_cut(l->home, l->home_size, NULL) < 0)
                l->home = NULL; /* nothing is written behind half a line */
}

int ledger_load(Store *home, Store *spool, Ledger *ret, Err *e) {
        Ledger l = { .home = home, .spool = spool, .history.part = !home };
        bool half;
        int rc;

        rc = load(&l, home, "history.damaged", &l.home_size, e);
        if (rc < 0)
                return rc;
        l.at_home = l.history;
        half = l.is_open;
        rc = load(&l, spool, "history.unfit", &l.spool_size, e);
        if (rc < 0)
                return rc;
        if (half)
                drop_overtaken(&l);
        *ret = l;
        return 0;
}

bool ledger_fits(const Ledger *l, const Content *c) {
        HistoryLine line = { .content = *c };
        History after = l->history;

        return history_value(c, &line.value) && history_add(&after, c->bytes, &line, NULL) == 0;
}

static int append(Ledger *l, Store *s, Span bytes, Err *e) {
        size_t size = s == l->home ? l->home_size : l->spool_size;

        if (bytes.size + HISTORY_LINE_MAX > HISTORY_MAX - size)
                return err_set(e, -EFBIG,
                                "the history is full (%zu bytes): move it away, and another begins",
                                size);
        return store_append(s, bytes, e);
}

int ledger_open_line(Ledger *l, const Content *c, Err *e) {
        _cleanup_(buf_done) Buf half = BUF_UP_TO(HISTORY_LINE_MAX);
        Err at_home = {};
        int rc = -ENODEV;

        assert(!l->is_open);
        history_open_write(c->bytes, &half);
        if (half.failed < 0)
                return err_set(e, half.failed, "no memory for a line of the history");
        /* what is in the spool comes home in its order: nothing may overtake it */
        if (l->home && l->spool_size == 0)
                rc = append(l, l->home, buf_span(&half), &at_home);
        if (rc == 0) {
                keep_open(l, c, false);
                return 0;
        }
        if (!l->spool)
                return err_set(e, rc, "%s",
                                at_home.text[0] ? at_home.text : "there is no place for a history");
        rc = append(l, l->spool, buf_span(&half), e);
        if (rc == 0)
                keep_open(l, c, true);
        return rc;
}

/* The whole line into the spool: home took its first half, and takes no more. */
static int close_in_spool(Ledger *l, Span attest, Span signature, Err *e) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX);
        int rc;

        history_open_write((Span){ l->content, l->size }, &line);
        history_close_write(attest, signature, &line);
        rc = line.failed < 0 ? err_set(e, line.failed, "no memory for a line of the history")
                             : append(l, l->spool, buf_span(&line), e);
        if (rc < 0)
                return rc;
        if (store_cut(l->home, l->home_size, NULL) < 0)
                l->home = NULL; /* nothing is written behind half a line */
        l->spooled = true;
        return 0;
}

int ledger_close_line(Ledger *l, Span attest, Span signature, Err *e) {
        _cleanup_(buf_done) Buf half = BUF_UP_TO(HISTORY_LINE_MAX),
                                whole = BUF_UP_TO(HISTORY_LINE_MAX),
                                decoded = BUF_UP_TO(HISTORY_LINE_MAX);
        HistoryLine line;
        History after = l->history;
        int rc;

        assert(l->is_open);
        history_close_write(attest, signature, &half);
        history_open_write((Span){ l->content, l->size }, &whole);
        buf_bytes(&whole, buf_span(&half));
        rc = half.failed < 0 ? half.failed : whole.failed;
        if (rc < 0)
                return err_set(e, rc, "no memory for a line of the history");
        /* read back as any reader will: what we would not accept is not written */
        rc = history_line_parse(buf_span(&whole), &decoded, &line, e);
        if (rc == 0)
                rc = history_add(&after, buf_span(&whole), &line, e);
        if (rc < 0)
                return rc;
        rc = append(l, l->spooled ? l->spool : l->home, buf_span(&half), e);
        if (rc < 0 && !l->spooled && l->spool)
                rc = close_in_spool(l, attest, signature, NULL);
        if (rc < 0)
                return rc;
        *(l->spooled ? &l->spool_size : &l->home_size) += whole.size;
        l->history = after;
        if (!l->spooled)
                l->at_home = after;
        l->is_open = false;
        return 0;
}

int ledger_drop_line(Ledger *l, Err *e) {
        int rc;

        if (!l->is_open)
                return 0;
        rc = l->spooled ? store_cut(l->spool, l->spool_size, e)
                        : store_cut(l->home, l->home_size, e);
        l->is_open = rc < 0;
        return rc;
}

void ledger_bring_home(Ledger *l) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(HISTORY_MAX);
        Span rest, line;

        if (!l->home || l->spool_size == 0 || l->is_open || store_load(l->spool, &b, NULL) < 0)
                return;
        rest = buf_span(&b);
        while (history_next_line(&rest, &line, NULL) > 0) {
                Ledger home = { .history = l->at_home };
                int rc = load_line(&home, NULL, line, NULL);

                if (rc == -EBADMSG) /* it is at home already */
                        continue;
                if (rc < 0 || append(l, l->home, line, NULL) < 0)
                        return;
                l->at_home = home.history;
                l->home_size += line.size;
        }
        if (store_cut(l->spool, 0, NULL) == 0)
                l->spool_size = 0;
}

int ledger_put_aside(Ledger *l, const char *as, Err *e) {
        Ledger empty = { .home = l->home, .spool = l->spool, .history.part = !l->home };
        int rc = 0;

        if (l->home && (l->home_size > 0 || l->is_open))
                rc = store_retire(l->home, as, e);
        if (rc == 0 && l->spool && (l->spool_size > 0 || l->is_open))
                rc = store_retire(l->spool, as, e);
        if (rc == 0)
                *l = empty;
        return rc;
}
