/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/odometer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "log/ak.h"
#include "log/receipt.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"

enum {
        MEMBERS_MAX = 16,
        CRASH_STEPS = 2, /* of the counter, between two lines of a process that dies */
        MEND_ATTEMPTS = 4,
};

static void lack(Odometer *o, bool *what, const char *lost, const Err *why) {
        *what = false;
        if (o->lacks[0] == '\0')
                (void) snprintf(o->lacks, sizeof(o->lacks), "%s: %.240s", lost, why->text);
}

static void not_counting(Odometer *o, const Err *why) {
        lack(o, &o->counting, "not counted", why);
}

static void not_keeping(Odometer *o, const Err *why) {
        lack(o, &o->keeping, "counted, but without a line in the history", why);
}

/* A key that was made in another connection is gone with that. RSA where there is no P-256. */
static int make_key(Tpm *t, Err *e) {
        static const TpmAkType types[] = { TPM_AK_ECC, TPM_AK_ECC, TPM_AK_RSA };
        Err first = {};
        int rc = 0;

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX);

                rc = ak_begin(t, types[i], &public, &first);
                if (rc == 0)
                        return 0;
                if (rc == -EBUSY) /* it was waited for already */
                        break;
        }
        return err_set(e, rc, "%s", first.text);
}

static int certify(Odometer *o, Span qualifying, Buf *attest, Buf *signature, Err *e) {
        Tpm *t = o->account->tpm;
        int rc;

        rc = tpm_nv_certify(
                        t, NV_COUNTER_INDEX, NV_COUNTER_SIZE, qualifying, attest, signature, NULL);
        if (rc == 0)
                return 0;
        /* nothing changes by it: it may be asked for again */
        buf_done(attest);
        buf_done(signature);
        rc = make_key(t, e);
        if (rc < 0)
                return rc;
        return tpm_nv_certify(
                        t, NV_COUNTER_INDEX, NV_COUNTER_SIZE, qualifying, attest, signature, e);
}

/* Gives the open line its receipt; the counter stands at its value. -ESTALE where it does not. */
static int give_receipt(Odometer *o, Err *e) {
        _cleanup_(buf_done) Buf attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        Ledger *l = &o->ledger;
        Span content = { l->content, l->size };
        Digest qualifying;
        Err why = {};
        int rc;

        rc = receipt_qualifying(content, &qualifying, e);
        if (rc == 0)
                rc = certify(o, digest_span(&qualifying), &attest, &signature, e);
        if (rc == 0)
                rc = receipt_says(buf_span(&attest), content, l->value, &why, e);
        if (rc < 0)
                return rc;
        if (rc == 0)
                return err_set(e, -ESTALE, "%s", why.text);
        return ledger_close_line(l, buf_span(&attest), buf_span(&signature), e);
}

static int raise_counter(Odometer *o, Err *e) {
        return counter_raise(o->account->tpm, &o->counter, e);
}

/* The line of the record that was appended last. Without a place for it the record is counted all
 * the same. */
static void open_line(Odometer *o, Span content) {
        Err why = {};
        Content c;

        if (content_parse(content, &c, &why) < 0 || ledger_open_line(&o->ledger, &c, &why) < 0)
                not_keeping(o, &why);
}

/* Records at the value that the counter was raised to; members say so. in_log: set as soon as the
 * record stands there, whatever comes of it. */
static int record_here(Odometer *o, Event event, const Member *members, size_t n_members,
                bool *in_log, Err *e) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        Err why = {};
        int rc;

        o->stale = true;
        rc = account_append(o->account, event, members, n_members, &content, e);
        if (rc < 0)
                return rc;
        *in_log = true;
        if (o->keeping)
                open_line(o, buf_span(&content));
        rc = account_extend(o->account, e);
        if (rc < 0)
                return rc;
        if (o->keeping)
                rc = give_receipt(o, &why);
        if (rc < 0)
                return err_set(e, rc,
                                "recorded and extended, but its receipt is not there yet (the next opening or closing asks for it): %s",
                                why.text);
        rc = raise_counter(o, &why);
        if (rc < 0)
                return err_set(e, rc,
                                "recorded and extended, but its count is not closed yet (the next opening or closing does that): %s",
                                why.text);
        o->stale = false;
        return 0;
}

static int record_begin(Odometer *o, Err *e) {
        static const uint8_t index[] = { 0x01, 0x80, 0x61, 0x76 };
        uint8_t name[TPM_NAME_SHA256];
        bool in_log = false;
        const Member members[] = {
                { .name = "count", .type = MEMBER_INTEGER, .number = (int64_t) o->counter.value },
                { .name = "index", .type = MEMBER_HEX, .bytes = { index, sizeof(index) } },
                { .name = "name", .type = MEMBER_HEX, .bytes = { name, sizeof(name) } },
        };
        int rc;

        rc = receipt_counter_name(name, e);
        if (rc < 0)
                return rc;
        return record_here(o, EVENT_GLASS_BEGIN, members, ELEMENTS(members), &in_log, e);
}

static int record_lost(Odometer *o, bool redefined, Err *e) {
        uint64_t from = o->ledger.history.closed, to = o->counter.value;
        bool crash = to - from <= CRASH_STEPS && o->account->glass.uncounted == 0;
        bool in_log = false;
        const char *why = redefined ? "redefined" : crash ? "crash" : "unknown";
        const Member members[] = {
                { .name = "from", .type = MEMBER_INTEGER, .number = (int64_t) from },
                { .name = "to", .type = MEMBER_INTEGER, .number = (int64_t) to },
                { .name = "why", .type = MEMBER_TEXT, .bytes = span_of(why) },
        };

        return record_here(o, EVENT_GLASS_LOST, members, ELEMENTS(members), &in_log, e);
}

/* A record that is in the log, at the counter's present value, and came no further: the process
 * died before it wrote the history's line. */
static int take_from_log(Odometer *o, Err *e) {
        const GlassCount *g = &o->account->glass;
        Content c;

        if (o->ledger.is_open || g->size == 0 || g->value != o->counter.value)
                return 0;
        if (content_parse((Span){ g->content, g->size }, &c, NULL) < 0 ||
                        !ledger_fits(&o->ledger, &c))
                return 0;
        return ledger_open_line(&o->ledger, &c, e);
}

/* Gives a line that was left open its receipt, or takes it back where that can no more be had. */
static int finish_line(Odometer *o, Err *e) {
        Ledger *l = &o->ledger;
        Content c;
        int rc;

        rc = take_from_log(o, e);
        if (rc < 0 || !l->is_open)
                return rc;
        if (l->value == o->counter.value &&
                        content_parse((Span){ l->content, l->size }, &c, NULL) == 0 &&
                        ledger_fits(l, &c)) {
                rc = give_receipt(o, e);
                if (rc != -ESTALE)
                        return rc;
        }
        return ledger_drop_line(l, e);
}

/* Above where the history closed it, for a line that is more than the end of the one before. */
static int raise_above(Odometer *o, bool one_more, Err *e) {
        int rc;

        rc = raise_counter(o, e);
        if (rc == 0 && one_more && o->counter.value == o->ledger.history.closed)
                rc = raise_counter(o, e);
        return rc;
}

/* fresh: the counter has just got its first value, which nobody can have used. */
static int explain_counter(Odometer *o, bool fresh, Err *e) {
        const History *h = &o->ledger.history;
        bool anew = h->n_lines == 0, owed;
        int rc = 0;

        if (anew && h->part)
                return 0; /* in the initrd: what was before is not known there */
        if (!anew && o->counter.value + 1 < h->closed) {
                /* a history of another TPM, or a TPM whose state was put back */
                rc = ledger_put_aside(&o->ledger, "history.foreign", e);
                anew = true;
        }
        owed = !anew && o->account->glass.uncounted > 0;
        if (rc == 0 && !fresh && (anew || owed || o->counter.value != h->closed))
                rc = raise_above(o, owed, e);
        if (rc < 0)
                return rc;
        if (anew)
                return record_begin(o, e);
        return o->counter.value > h->closed ? record_lost(o, fresh, e) : 0;
}

/* Makes counter and history agree. */
static int mend(Odometer *o, bool fresh, Err *e) {
        int rc;

        if (o->keeping) {
                rc = finish_line(o, e);
                if (rc == 0)
                        rc = explain_counter(o, fresh, e);
                if (rc < 0)
                        return rc;
                ledger_bring_home(&o->ledger);
        }
        o->stale = false;
        return 0;
}

/* Reads the counter, or defines it: 1 where it has just got its first value. */
static int read_counter(Odometer *o, Err *e) {
        int rc;

        if (o->may_define)
                return counter_define(o->account->tpm, &o->counter, e);
        rc = counter_state(o->account->tpm, &o->counter, e);
        if (rc < 0)
                return rc;
        if (rc == 0 || !o->counter.written)
                return err_set(e, -ENOENT, "the TPM has no counter yet; 'avouch setup' defines it");
        return 0;
}

/* Somebody else may move the counter all the time: that keeps nobody from recording. What failed is
 * tried once more, unless it was waited for already. */
static int mend_now(Odometer *o, Err *e) {
        Err why = {};
        int rc = -ESTALE;

        for (int i = 0; i < MEND_ATTEMPTS && (rc == -ESTALE || (i == 1 && rc < 0 && rc != -EBUSY));
                        i++) {
                why = (Err){};
                rc = read_counter(o, &why);
                if (rc >= 0)
                        rc = mend(o, rc > 0, &why);
        }
        if (rc == 0)
                return 0;
        if (o->account->pending)
                return err_set(e, rc, "%s", why.text);
        not_counting(o, &why);
        return 0;
}

/* A home that cannot be read is treated as one that is not there. */
static int load_ledger(Store *home, Store *spool, Ledger *ret, Err *e) {
        Err first = {};
        int rc;

        if (!home && !spool)
                return err_set(e, -ENODEV, "there is no place for a history");
        rc = ledger_load(home, spool, ret, &first);
        if (rc < 0)
                rc = ledger_load(home, spool, ret, NULL);
        if (rc < 0 && home && spool)
                rc = ledger_load(NULL, spool, ret, NULL);
        return rc < 0 ? err_set(e, rc, "%s", first.text) : 0;
}

int odometer_open(Account *a, Store *home, Store *spool, bool may_define, Odometer *ret, Err *e) {
        Odometer o = { .account = a, .counting = true, .keeping = true, .may_define = may_define };
        Err why = {};
        int rc;

        if (!a->tpm || account_is_silent(a)) {
                (void) err_set(&why, -ENODEV, "%s",
                                account_is_silent(a) ? a->silent.text : "this machine has no TPM");
                not_counting(&o, &why);
                o.keeping = false;
                *ret = o;
                return 0;
        }
        rc = load_ledger(home, spool, &o.ledger, &why);
        if (rc == 0)
                rc = make_key(a->tpm, &why);
        if (rc < 0)
                not_keeping(&o, &why);
        rc = mend_now(&o, e);
        if (rc < 0)
                return rc;
        *ret = o;
        return 0;
}

/* The members of a record, and what makes it a counted one. */
static size_t counted_members(const Odometer *o, const Member *members, size_t n, Member *into) {
        const History *h = &o->ledger.history;

        assert(n + 2 <= MEMBERS_MAX);
        memcpy(into, members, n * sizeof(*members));
        into[n++] = (Member){
                .name = "count", .type = MEMBER_INTEGER, .number = (int64_t) o->counter.value
        };
        if (o->keeping && h->n_lines > 0)
                into[n++] = (Member){
                        .name = "past", .type = MEMBER_HEX, .bytes = { h->past, sizeof(h->past) }
                };
        return n;
}

static int record_uncounted(Odometer *o, Event event, const Member *members, size_t n_members,
                bool *in_log, Err *e) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        int rc;

        rc = account_append(o->account, event, members, n_members, &content, e);
        if (rc < 0)
                return rc;
        *in_log = true;
        return account_extend(o->account, e);
}

static int record_one(Odometer *o, Event event, const Member *members, size_t n_members,
                bool *in_log, Err *e) {
        Member all[MEMBERS_MAX];
        Err why = {};
        size_t n;
        int rc;

        if (o->counting && o->stale) {
                rc = mend_now(o, e);
                if (rc < 0)
                        return rc;
        }
        if (o->counting) {
                rc = raise_counter(o, &why);
                if (rc < 0)
                        not_counting(o, &why);
        }
        if (!o->counting)
                return record_uncounted(o, event, members, n_members, in_log, e);
        n = counted_members(o, members, n_members, all);
        rc = record_here(o, event, all, n, in_log, &why);
        if (rc != -ESTALE)
                return rc < 0 ? err_set(e, rc, "%s", why.text) : 0;
        /* recorded, but somebody else moved the counter: a glass.lost says so in the history */
        (void) snprintf(o->lacks, sizeof(o->lacks), "%.*s", (int) sizeof(o->lacks) - 1, why.text);
        return mend_now(o, e);
}

/* The TPM fails before the record is in the log: it goes there all the same, and waits. */
static int record_silently(Odometer *o, Event event, const Member *members, size_t n_members,
                const Err *why, Err *e) {
        Account *a = o->account, silent;

        not_counting(o, why);
        o->keeping = false;
        if (account_open_silent(&a->plan, a->past, a->store, a->tpm, why, &silent, NULL) < 0)
                return err_set(e, why->code, "%s", why->text);
        *a = silent;
        return record_uncounted(o, event, members, n_members, &o->in_log, e);
}

int odometer_record(Odometer *o, Event event, const Member *members, size_t n_members, Err *e) {
        Err why = {};
        int rc;

        o->in_log = false;
        rc = record_one(o, event, members, n_members, &o->in_log, &why);
        if (rc >= 0)
                return rc;
        if (o->in_log || account_is_silent(o->account))
                return err_set(e, rc, "%s", why.text);
        return record_silently(o, event, members, n_members, &why, e);
}
