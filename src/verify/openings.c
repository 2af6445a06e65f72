/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/openings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/cursor.h"
#include "log/history.h"
#include "log/receipt.h"

/* The first reason stays. */
static void say_once(char into[OPENINGS_WORDS], const char *words, ...) _printf_(2, 3);

static void say_once(char into[OPENINGS_WORDS], const char *words, ...) {
        va_list ap;

        if (into[0] != '\0')
                return;
        va_start(ap, words);
        (void) vsnprintf(into, OPENINGS_WORDS, words, ap);
        va_end(ap);
}

/* The records of this boot's log that were counted, in their order. */
typedef struct LogWalk {
        Span before, log;
        Content content;
        uint64_t value;
        bool there; /* content and value are those of a record */
} LogWalk;

/* What is no record was refused when the log was replayed. */
static void walk_on(LogWalk *w) {
        Record r;
        Span line;

        w->there = false;
        w->value = 0; /* at which no receipt is */
        while (!w->there) {
                if (record_next_line(&w->before, &line, NULL) <= 0 &&
                                record_next_line(&w->log, &line, NULL) <= 0)
                        return;
                if (record_parse(line, &r, NULL) < 0)
                        return;
                w->there = history_value(&r.content, &w->value);
                w->content = r.content;
        }
}

static LogWalk walk_begin(const Evidence *ev, const Verdict *v) {
        LogWalk w = {};

        if (!verdict_proven(v, CLAIM_REGISTERS))
                return w; /* it tells nothing */
        w.before = ev->bundle.parts[PART_AVOUCH_LOG_BEFORE];
        w.log = ev->bundle.parts[PART_AVOUCH_LOG];
        walk_on(&w);
        return w;
}

/* All that is needed while the history is read. */
typedef struct Reading {
        const Evidence *ev;
        const Question *q;
        const Story *story;
        bool log_proven;
        LogWalk walk;
        Openings *o;
        uint64_t unshown;  /* value of the first line that may be of this boot and is not in its
                            * log; 0: there is none */
        bool past_met;     /* the line is reached with which the log began, */
        bool past_differs; /* and it is another than the log says */
} Reading;

/* Registers are certified, too, and nobody takes one for a counter. */
static void read_counter(const Evidence *ev, Openings *o) {
        const EvidenceNv *n = NULL, *other = NULL;
        Err why = {};
        Cursor c;

        for (size_t i = 0; i < ev->tpm.n_nv; i++) {
                if (ev->nv[i].public.index == NV_COUNTER_INDEX)
                        n = &ev->nv[i];
                else if ((ev->nv[i].public.attributes & NV_TYPE) != NV_EXTEND)
                        other = &ev->nv[i];
        }
        if (!n && other)
                say_once(o->fault, "NV index 0x%08x is certified, which is not the counter's",
                                other->public.index);
        if (!n)
                return;
        if (nv_check_counter(&n->public, &why) < 0)
                say_once(o->fault, "%s", why.text);
        else if (!(n->public.attributes & NV_WRITTEN))
                say_once(o->fault, "the counter was never incremented");
        else if (n->certified.offset != 0 || n->certified.contents.size != NV_COUNTER_SIZE)
                say_once(o->fault, "the counter is certified in part");
        if (o->fault[0] != '\0')
                return;
        c = cursor_over(n->certified.contents);
        o->count = cursor_u64be(&c);
        o->has_counter = true;
}

/* Silence fails: who began with a counter, or ever counted, has one to show, and a history. */
static void judge_silence(const Reading *r) {
        Openings *o = r->o;

        if (!o->has_counter && o->has_history)
                say_once(o->fault, "there is a history, but the counter is not in the evidence");
        if (!o->has_counter && r->walk.there)
                say_once(o->fault,
                                "the log tells of count %" PRIu64
                                ", but the counter is not in the evidence",
                                r->walk.value);
        if (!o->has_counter && r->log_proven && r->story->has_count)
                say_once(o->fault,
                                "the log began at count %" PRIu64
                                ", but the counter is not in the evidence",
                                r->story->count);
        if (o->has_counter && !o->has_history)
                say_once(o->fault,
                                "the counter stands at %" PRIu64
                                ", and no history in the evidence tells why",
                                o->count);
}

/* Whether the log has this line, by the same bytes. */
static bool in_log(Reading *r, const HistoryLine *l) {
        LogWalk *w = &r->walk;

        if (w->value != l->value)
                return false;
        if (!span_equal(w->content.bytes, l->content.bytes))
                say_once(r->o->fault, "log and history tell different things of count %" PRIu64,
                                l->value);
        walk_on(w);
        return true;
}

/* What the history's last line was when the log began (past: the SHA-256 of the line before this
 * one; zeros: there was none). */
static void judge_past(Reading *r, uint64_t value, const uint8_t past[32]) {
        const Story *s = r->story;

        if (r->past_met || !s->has_count || !s->has_past || value < s->count)
                return;
        r->past_met = true;
        r->past_differs = memcmp(past, s->past, sizeof(s->past)) != 0;
}

static bool is_opening(const Content *c) {
        return c->event == EVENT_GLASS_OPEN;
}

/* Before the TPM was last reset, to which the history is anchored. A log that says itself that it
 * began behind hibernation needs no reset before it: where the TPM's state was saved, as Linux
 * does, it was a restart. */
static bool is_earlier(Reading *r, const AttestHead *head, const AttestHead *now) {
        const Story *s = r->story;

        if (head->reset_count < now->reset_count) {
                r->o->anchored = true;
                return true;
        }
        return s->resumed && s->n_segments == 1 && head->reset_count == now->reset_count &&
               head->restart_count < now->restart_count - s->restarts;
}

/* Of the system that runs, though no register has it any more: by its boot id; or, whatever boot it
 * and the log call themselves, by being of before the sleep from which that system woke. */
static bool is_of_before_sleep(const Reading *r, const HistoryLine *l, const AttestHead *head,
                const AttestHead *now) {
        return memcmp(l->content.boot, r->story->segment.chain.boot, sizeof(l->content.boot)) ==
                               0 ||
               (r->story->resumed && head->reset_count == now->reset_count);
}

/* Whether an opening is of this boot is what three things say, none of which somebody else could
 * have made say otherwise: its boot id, which its receipt covers; the count with which the log
 * began; and the TPM, which had been reset since it gave the receipt, or had not (then an empty
 * register and a log that begins later are somebody's work, or it slept). */
static void judge_line(Reading *r, const HistoryLine *l, const AttestHead *head) {
        const AttestHead *now = &r->ev->quotes[0].head;
        bool earlier = is_earlier(r, head, now);
        bool logged = in_log(r, l);

        if (head->reset_count == now->reset_count && head->clock > r->ev->audit.head.clock &&
                        head->clock > now->clock)
                say_once(r->o->fault,
                                "count %" PRIu64
                                " has a receipt of a time that the TPM has not reached: its state was put back",
                                l->value);
        if (earlier)
                r->unshown = 0;
        if (logged || !r->log_proven)
                return;
        if (is_opening(&l->content) && is_of_before_sleep(r, l, head, now)) {
                if (r->o->opened_resumed++ == 0)
                        story_opening_words(&l->content, r->o->first_resumed);
                r->o->kinds_resumed |= story_opening_kind(&l->content);
        }
        if (r->story->has_count && l->value > r->story->count)
                say_once(r->o->stray,
                                "count %" PRIu64 " came after the log began at count %" PRIu64
                                ", and the log does not have it",
                                l->value, r->story->count);
        if (!earlier && r->unshown == 0)
                r->unshown = l->value;
}

static void count_line(Reading *r, const HistoryLine *l) {
        Openings *o = r->o;

        o->opened += is_opening(&l->content);
        o->unlocked += l->content.event == EVENT_UNLOCK_OPEN;
        o->left_out += l->content.event == EVENT_GLASS_LOST;
        if (!r->q->policy->has_baseline || l->value < r->q->policy->baseline)
                return;
        o->left_out_since += l->content.event == EVENT_GLASS_LOST;
        if (!is_opening(&l->content))
                return;
        if (o->opened_since++ == 0)
                story_opening_words(&l->content, o->first_since);
        o->kinds_since |= story_opening_kind(&l->content);
}

static int take_line(Reading *r, const HistoryLine *l, const uint8_t past[32], Err *e) {
        NvCertified receipt;
        Err why = {};
        int rc;

        rc = receipt_judge(l, &r->ev->ak, &why, e);
        if (rc < 0)
                return rc;
        if (rc == 0 || nv_certified_parse(l->attest, &receipt, &why) < 0) {
                say_once(r->o->fault, "count %" PRIu64 " of the history: %s", l->value, why.text);
                return 0;
        }
        judge_past(r, l->value, past);
        judge_line(r, l, &receipt.head);
        count_line(r, l);
        return 0;
}

/* A baseline is covered by a history that has passed it, or begins with the next value. */
static void judge_end(Reading *r, const History *h) {
        Openings *o = r->o;

        o->first = h->first;
        o->lines = h->n_lines;
        if (r->walk.there)
                say_once(o->fault, "the log tells of count %" PRIu64 ", and the history does not",
                                r->walk.value);
        if (o->has_counter && o->count > h->closed)
                say_once(o->fault,
                                "the counter stands at %" PRIu64
                                ", and the history ends at %" PRIu64
                                ": lines are missing, or somebody else counted",
                                o->count, h->closed);
        if (o->has_counter && o->count < h->closed)
                say_once(o->fault,
                                "the history ends at %" PRIu64
                                ", and the counter stands at %" PRIu64
                                " only: the TPM's state was put back",
                                h->closed, o->count);
        judge_past(r, UINT64_MAX, h->past);
        if (r->past_differs)
                say_once(o->fault,
                                "the history is not the one that the log began with (count %" PRIu64
                                "): it was begun anew, or changed",
                                r->story->count);
        if (r->unshown > 0)
                say_once(o->stray,
                                "count %" PRIu64
                                " got its receipt since the TPM was last reset (or before it was cleared), and this boot's log does not have it",
                                r->unshown);
        if (r->q->policy->has_baseline) {
                o->covered = h->first <= r->q->policy->baseline + 1 &&
                             r->q->policy->baseline <= h->closed;
                o->anchored = o->anchored || o->covered;
        }
}

static int read_history(Reading *r, Span history, Err *e) {
        _cleanup_(buf_done) Buf decoded = BUF_UP_TO(ATTEST_MAX + TPM_SIGNATURE_MAX);
        HistoryReader reader = history_over(history, &decoded);
        uint8_t past[32];
        HistoryLine line;
        Err why = {};
        int rc;

        for (;;) {
                memcpy(past, reader.history.past, sizeof(past));
                rc = history_next(&reader, &line, &why);
                if (rc <= 0)
                        break;
                rc = take_line(r, &line, past, e);
                if (rc < 0)
                        return rc;
        }
        if (evidence_not_judged(rc))
                return err_set(e, rc, "%s", why.text);
        if (rc < 0)
                say_once(r->o->fault, "%s", why.text);
        judge_end(r, &reader.history);
        return 0;
}

int openings_read(const Evidence *ev, const Question *q, const Verdict *v, const Story *s,
                Openings *ret, Err *e) {
        Reading r = { .ev = ev,
                .q = q,
                .story = s,
                .log_proven = verdict_proven(v, CLAIM_REGISTERS),
                .walk = walk_begin(ev, v),
                .o = ret };
        int rc;

        *ret = (Openings){ .has_history = ev->bundle.has[PART_HISTORY] };
        read_counter(ev, ret);
        judge_silence(&r);
        if (!ret->has_history)
                return 0;
        rc = read_history(&r, ev->bundle.parts[PART_HISTORY], e);
        return rc;
}
