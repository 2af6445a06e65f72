/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/against.h"

#include <errno.h>
#include <stdlib.h>

#include "verify/commandline.h"

enum { LINE_CHANGES_MAX = 64 };

static int add(Against *a, const Change *change, Err *e) {
        if (a->n == a->room) {
                size_t room = a->room == 0 ? 64 : 2 * a->room;
                Change *list = reallocarray(a->list, room, sizeof(*list));

                if (!list)
                        return err_set(e, -ENOMEM, "no memory for %zu changes", room);
                a->list = list;
                a->room = room;
        }
        a->list[a->n++] = *change;
        return 0;
}

/* A thing that both tell of; NULL for one that does not. */
static Change change_of(const Against *a, const Fact *was, const Fact *is) {
        Change c = { .kind = was ? was->kind : is->kind, .has_was = was, .has_is = is };

        if (was) {
                c.was_proven = was->proven;
                c.was = facts_text(&a->before, was->value);
                c.digest_was = was->digest;
        }
        if (is) {
                c.is_proven = is->proven;
                c.is = facts_text(&a->now, is->value);
                c.digest_is = is->digest;
        }
        return c;
}

/* A command line differs by the word. */
static int add_line(Against *a, const Change *whole, Err *e) {
        LineChange changes[LINE_CHANGES_MAX];
        size_t n = command_line_changes(whole->was, whole->is, changes, ELEMENTS(changes));
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < n; i++) {
                Change c = *whole;

                c.was = changes[i].was;
                c.is = changes[i].is;
                c.has_was = c.was.size > 0;
                c.has_is = c.is.size > 0;
                rc = add(a, &c, e);
        }
        return rc;
}

static int add_other(Against *a, const Fact *was, const Fact *is, Err *e) {
        Change c = change_of(a, was, is);

        if (span_equal(c.was, c.is) && digest_equal(&c.digest_was, &c.digest_is))
                return 0;
        return c.kind == FACT_COMMAND_LINE ? add_line(a, &c, e) : add(a, &c, e);
}

/* Which of two facts comes first, by kind and subject: -1, 0 or 1. */
static int order(const Against *a, const Fact *was, const Fact *is) {
        if (was->kind != is->kind)
                return was->kind < is->kind ? -1 : 1;
        return span_compare(facts_text(&a->before, was->subject), facts_text(&a->now, is->subject));
}

static bool both_tell(const Against *a, const Fact *f) {
        return (a->before.told & a->now.told) >> f->kind & 1;
}

static int add_one(Against *a, const Fact *was, const Fact *is, Err *e) {
        Change c = change_of(a, was, is);

        return both_tell(a, was ? was : is) ? add(a, &c, e) : 0;
}

/* Both lists are sorted. */
static int compare(Against *a, Err *e) {
        const Fact *was = a->before.list, *is = a->now.list;
        const Fact *was_end = was + a->before.n, *is_end = is + a->now.n;
        int rc = 0;

        while (rc == 0 && (was < was_end || is < is_end)) {
                int first = was == was_end ? 1 : is == is_end ? -1 : order(a, was, is);

                if (first < 0)
                        rc = add_one(a, was++, NULL, e);
                else if (first > 0)
                        rc = add_one(a, NULL, is++, e);
                else
                        rc = add_other(a, was++, is++, e);
        }
        return rc;
}

static Span key_of(const Judgement *j) {
        return j->readable ? (Span){ j->evidence.ak_name, sizeof(j->evidence.ak_name) }
                           : (Span){ j->report.ak_name, j->report.ak_name_size };
}

static bool is_readable(const Judgement *j) {
        return j->readable || j->report.readable;
}

static bool is_same_boot(const Judgement *a, const Judgement *b) {
        return a->story.n_records > 0 && b->story.n_records > 0 &&
               memcmp(a->story.segment.chain.boot, b->story.segment.chain.boot, 16) == 0;
}

int against_take(const Judgement *before, const Judgement *now, Against *ret, Err *e) {
        HashAlg bank = facts_bank(before, now);
        Against a = { .before_by = before, .now_by = now };
        int rc;

        a.same_key = is_readable(before) && is_readable(now) &&
                     span_equal(key_of(before), key_of(now));
        a.same_boot = is_same_boot(before, now);
        rc = facts_take(before, bank, &a.before, e);
        if (rc == 0)
                rc = facts_take(now, bank, &a.now, e);
        if (rc == 0)
                rc = compare(&a, e);
        if (rc < 0) {
                against_done(&a);
                return rc;
        }
        a.only_before = a.before.told & ~a.now.told;
        a.only_now = a.now.told & ~a.before.told;
        *ret = a;
        return 0;
}

void against_done(Against *a) {
        facts_done(&a->before);
        facts_done(&a->now);
        free(a->list);
        *a = (Against){};
}
