/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "log/receipt.h"
#include "port/crypto.h"
#include "wire/nvpublic.h"

/* The counter that the history begins with is ours. */
static int check_begin(const Content *c, Err *e) {
        uint8_t wanted[TPM_NAME_SHA256], name[TPM_NAME_SHA256], index[4];
        int rc;

        rc = receipt_counter_name(wanted, e);
        if (rc < 0)
                return rc;
        if (!json_hex(content_member(c, "index"), index, sizeof(index)) ||
                        !span_equal((Span){ index, sizeof(index) },
                                        SPAN_LITERAL("\x01\x80\x61\x76")))
                return err_set(e, -EBADMSG, "it begins with another NV index than 0x%08x",
                                NV_COUNTER_INDEX);
        if (!json_hex(content_member(c, "name"), name, sizeof(name)) ||
                        memcmp(name, wanted, sizeof(name)) != 0)
                return err_set(e, -EBADMSG, "it begins with an NV index that is not the counter");
        return 0;
}

static int check_first(const History *h, const HistoryLine *l, Err *e) {
        if (l->content.event == EVENT_GLASS_BEGIN)
                return check_begin(&l->content, e);
        if (!h->part)
                return err_set(e, -EBADMSG, "%s stands where glass.begin belongs",
                                event_name(l->content.event));
        return 0;
}

static int check_lost(const History *h, const HistoryLine *l, Err *e) {
        int64_t from;

        if (!json_integer(content_member(&l->content, "from"), 0, JSON_INTEGER_MAX, &from))
                return err_set(e, -EBADMSG, "it does not say from where");
        if ((uint64_t) from != h->closed)
                return err_set(e, -EBADMSG,
                                "it says that the counter was lost from %" PRId64
                                ", but the line before closed it at %" PRIu64,
                                from, h->closed);
        if (l->value <= h->closed)
                return err_set(e, -EBADMSG, "it says that the counter went back, which none does");
        return 0;
}

static int check_value(const History *h, const HistoryLine *l, Err *e) {
        if (l->content.event == EVENT_GLASS_BEGIN)
                return err_set(e, -EBADMSG, "a glass.begin inside: the history begins once");
        if (l->content.event == EVENT_GLASS_LOST)
                return check_lost(h, l, e);
        if (l->value != h->closed + 1)
                return err_set(e, -EBADMSG,
                                "its count is %" PRIu64 " where %" PRIu64
                                " belongs: a line was taken out, or added",
                                l->value, h->closed + 1);
        return 0;
}

static int check_past(const History *h, const HistoryLine *l, Err *e) {
        Json past = content_member(&l->content, "past");
        uint8_t bytes[32];

        if (json_type(past) == JSON_NONE)
                return 0;
        if (!json_hex(past, bytes, sizeof(bytes)) || memcmp(bytes, h->past, sizeof(bytes)) != 0)
                return err_set(e, -EBADMSG,
                                "its past is not the hash of the line before: one was changed or taken out");
        return 0;
}

static int check_continues(const History *h, const HistoryLine *l, Err *e) {
        int rc;

        if (h->n_lines == 0)
                return check_first(h, l, e);
        rc = check_value(h, l, e);
        return rc < 0 ? rc : check_past(h, l, e);
}

int history_add(History *h, Span line, const HistoryLine *l, Err *e) {
        Digest d;
        int rc;

        rc = check_continues(h, l, e);
        if (rc < 0)
                return rc;
        rc = hash_bytes(HASH_SHA256, line, &d, e);
        if (rc < 0)
                return rc;

        memcpy(h->past, d.bytes, sizeof(h->past));
        h->first = h->n_lines == 0 ? l->value : h->first;
        h->closed = l->value + 1;
        h->n_lines++;
        h->openings += l->content.event == EVENT_GLASS_OPEN ||
                       l->content.event == EVENT_UNLOCK_OPEN;
        h->lost += l->content.event == EVENT_GLASS_LOST;
        return 0;
}

int history_next(HistoryReader *r, HistoryLine *ret, Err *e) {
        Span rest = r->rest, line;
        char where[48];
        HistoryLine l;
        int rc;

        rc = history_next_line(&rest, &line, e);
        if (rc > 0) {
                buf_done(r->decoded);
                rc = history_line_parse(line, r->decoded, &l, e);
                if (rc == 0)
                        rc = history_add(&r->history, line, &l, e);
                rc = rc < 0 ? rc : 1;
        }
        if (rc < 0) {
                (void) snprintf(where, sizeof(where), "history line %" PRIu64, r->history.n_lines);
                err_at(e, where);
                return rc;
        }
        if (rc > 0) {
                r->rest = rest;
                *ret = l;
        }
        return rc;
}

Span history_not_at_home(Span spool, uint64_t closed) {
        Span rest = spool, line;

        while (history_next_line(&rest, &line, NULL) > 0) {
                _cleanup_(buf_done) Buf decoded = BUF_UP_TO(HISTORY_LINE_MAX);
                HistoryLine l;

                if (history_line_parse(line, &decoded, &l, NULL) < 0 || l.value >= closed)
                        break;
                spool = rest;
        }
        return spool;
}

int history_last(Span bytes, uint8_t ret[32], Err *e) {
        Span line, last = {};
        Err why = {};
        Digest d;
        int rc;

        while ((rc = history_next_line(&bytes, &line, &why)) > 0)
                last = line;
        if (rc < 0 && rc != -ENODATA)
                return err_set(e, rc, "%s", why.text);
        if (last.size == 0)
                return 0;
        rc = hash_bytes(HASH_SHA256, last, &d, e);
        if (rc < 0)
                return rc;
        memcpy(ret, d.bytes, 32);
        return 1;
}
