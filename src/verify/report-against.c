/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/report-against.h"

#include "base/text.h"
#include "verify/report.h"

enum { TOLD_MAX = 16, HASH_TOLD = 8 };

/* What is not proven of the evidence, and with it of all that is said of it: NULL where nothing is
 * in doubt. */
static const char *doubt(const Judgement *j) {
        static const Claim needed[] = { CLAIM_SIGNATURE, CLAIM_REGISTERS };

        for (size_t i = 0; i < ELEMENTS(needed); i++)
                if (!verdict_proven(&j->verdict, needed[i]))
                        return j->verdict.reasons[needed[i]];
        return NULL;
}

static const char *mark(const Change *c) {
        bool before = c->has_was && !c->was_proven, now = c->has_is && !c->is_proven;

        if (before && now)
                return " [not proven in either]";
        return before ? " [not proven before]" : now ? " [not proven now]" : "";
}

static void put_hash(const char *before, const Digest *d, Buf *to) {
        Span s = digest_span(d);

        buf_string(to, before);
        text_hex(to, (Span){ s.data, s.size < HASH_TOLD ? s.size : HASH_TOLD });
        buf_string(to, s.size > 0 ? "..." : "nothing");
}

static void put_change(const Change *c, Buf *to) {
        if (c->has_was && c->has_is && span_equal(c->was, c->is)) {
                buf_bytes(to, c->is);
                buf_string(to, ": its content differs, ");
                put_hash("was ", &c->digest_was, to);
                put_hash(", is ", &c->digest_is, to);
                return;
        }
        if (c->has_was) {
                buf_string(to, c->has_is ? "was " : "gone: ");
                buf_bytes(to, c->was);
        }
        if (c->has_is) {
                buf_string(to, c->has_was ? ", is " : "new: ");
                buf_bytes(to, c->is);
        }
}

void report_change(const Change *c, Buf *to) {
        buf_printf(to, "%s: ", fact_kind_title(c->kind));
        put_change(c, to);
}

static void print_change(const Change *c, FILE *to) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(FACTS_TEXT_MAX);

        report_change(c, &words);
        fprintf(to, "  ");
        text_print(to, buf_span(&words));
        fprintf(to, "%s\n", mark(c));
}

/* Of a kind no more than a reader takes in. */
static void print_changes(const Against *a, FILE *to) {
        size_t of_kind = 0;

        for (size_t i = 0; i < a->n; i++) {
                bool last = i + 1 == a->n || a->list[i + 1].kind != a->list[i].kind;

                if (of_kind++ < TOLD_MAX)
                        print_change(&a->list[i], to);
                if (!last)
                        continue;
                if (of_kind > TOLD_MAX)
                        fprintf(to, "  %s: ... and %zu more (--json has them all)\n",
                                        fact_kind_title(a->list[i].kind), of_kind - TOLD_MAX);
                of_kind = 0;
        }
        if (a->n == 0)
                fprintf(to, "  nothing of what both tell\n");
}

static void print_kinds(uint32_t kinds, const char *who, FILE *to) {
        const char *between = "";

        if (kinds == 0)
                return;
        fprintf(to, "  Not compared, as only the %s evidence tells of it: ", who);
        for (FactKind kind = 0; kind < _FACT_MAX; kind++)
                if (kinds >> kind & 1) {
                        fprintf(to, "%s%s", between, fact_kind_title(kind));
                        between = ", ";
                }
        fprintf(to, "\n");
}

static void print_doubt(const Judgement *j, const Facts *f, const char *which, FILE *to) {
        const char *why = doubt(j);

        if (why) {
                fprintf(to, "  NOT PROVEN of the %s evidence: ", which);
                text_print(to, span_of(why));
                fprintf(to, "\n");
        }
        if (f->fault[0] != '\0') {
                fprintf(to, "  Not all of the %s evidence is compared: ", which);
                text_print(to, span_of(f->fault));
                fprintf(to, "\n");
        }
}

static bool is_readable(const Judgement *j) {
        return j->readable || j->report.readable;
}

void report_against(const Against *a, FILE *to) {
        fprintf(to, "\nWhat changed since the old evidence");
        if (!is_readable(a->before_by) || !is_readable(a->now_by)) {
                fprintf(to, ": cannot be told\n");
                print_doubt(a->before_by, &a->before, "old", to);
                print_doubt(a->now_by, &a->now, "new", to);
                return;
        }
        if (!verdict_proven(&a->before_by->verdict, CLAIM_SIGNATURE))
                fprintf(to, " (NOT SIGNED: anybody may have written it)");
        else if (a->same_key)
                fprintf(to, " (signed by the same key%s)",
                                a->same_boot ? ", in the same boot" : "");
        else
                fprintf(to, " (signed by ANOTHER KEY: by that, another machine)");
        fprintf(to, "; names of what was measured as a digest alone are a log's word\n");
        print_changes(a, to);
        print_doubt(a->before_by, &a->before, "old", to);
        print_doubt(a->now_by, &a->now, "new", to);
        print_kinds(a->only_before, "old", to);
        print_kinds(a->only_now, "new", to);
}

static void put_side(const char *name, bool has, Span words, const Digest *d, JsonWriter *w) {
        if (!has)
                return;
        json_put_object(w, name);
        json_put_span(w, "says", words);
        if (d->alg != HASH_NONE)
                json_put_hex(w, hash_name(d->alg), digest_span(d));
        json_put_end(w);
}

static void put_json(const Change *c, JsonWriter *w) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(FACTS_TEXT_MAX);

        put_change(c, &words);
        buf_fail(w->to, words.failed);
        json_put_object(w, NULL);
        json_put_string(w, "kind", fact_kind_name(c->kind));
        json_put_string(w, "change", !c->has_was ? "new" : !c->has_is ? "gone" : "other");
        put_side("was", c->has_was, c->was, &c->digest_was, w);
        put_side("is", c->has_is, c->is, &c->digest_is, w);
        json_put_span(w, "says", buf_span(&words));
        json_put_integer(w, "proven",
                        (!c->has_was || c->was_proven) && (!c->has_is || c->is_proven));
        json_put_end(w);
}

static void put_kinds(const char *name, uint32_t kinds, JsonWriter *w) {
        json_put_array(w, name);
        for (FactKind kind = 0; kind < _FACT_MAX; kind++)
                if (kinds >> kind & 1)
                        json_put_string(w, NULL, fact_kind_name(kind));
        json_put_end(w);
}

static void put_doubt(const char *name, const Judgement *j, const Facts *f, JsonWriter *w) {
        const char *why = doubt(j);

        json_put_object(w, name);
        json_put_integer(w, "readable", is_readable(j));
        json_put_integer(w, "proven", !why);
        if (why)
                report_reason_json(w, "reason", why);
        if (f->fault[0] != '\0')
                report_reason_json(w, "notWhole", f->fault);
        json_put_end(w);
}

/* As far as there is room: what changed is no reason to have no verdict. */
static void put_changes(const Against *a, JsonWriter *w) {
        size_t room = w->to->size + (w->to->max - w->to->size) / 2, n = 0;

        json_put_array(w, "changes");
        while (n < a->n && w->to->size < room)
                put_json(&a->list[n++], w);
        json_put_end(w);
        if (n < a->n)
                json_put_integer(w, "more", (int64_t) (a->n - n));
}

void report_against_json(const Against *a, JsonWriter *w) {
        json_put_object(w, "against");
        put_doubt("old", a->before_by, &a->before, w);
        put_doubt("new", a->now_by, &a->now, w);
        json_put_integer(w, "sameKey", a->same_key);
        json_put_integer(w, "sameBoot", a->same_boot);
        put_kinds("onlyOld", a->only_before, w);
        put_kinds("onlyNew", a->only_now, w);
        put_changes(a, w);
        json_put_end(w);
}
