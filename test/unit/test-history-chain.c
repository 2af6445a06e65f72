/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base/text.h"
#include "log/history.h"
#include "support/draft.h"
#include "support/hashes.h"

/* How lines follow one another. They are written by hand, with receipts that nobody gave. */

#define RECEIPT ",\"receipt\":{\"attest\":\"YWJj\",\"signature\":\"MDEyMw\"}}\n"
/* SHA-256 of the counter's TPMS_NV_PUBLIC, as a TPM computed it */
#define NAME "\"000ba70f75eb9e1d78c1a116425c699f17c117c47d17134319fa2b94a8018fdf8a74\""

static const DraftChange begin[] = { { "count", "40" }, { "name", NAME }, {} };

/* A history under construction, with the hash of its last line as "past" wants it. */
typedef struct Draft {
        Buf bytes;
        char past[67];
} Draft;

static Draft draft_new(void) {
        return (Draft){ .bytes = BUF_UP_TO(65536), .past = "\"" ZEROS_64 "\"" };
}

static void draft_done(Draft *d) {
        buf_done(&d->bytes);
}

static void add(Draft *d, Event event, const DraftChange *changes) {
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(128);
        size_t at = d->bytes.size;
        uint8_t hash[32];

        buf_string(&d->bytes, "\x1e{\"content\":");
        draft_content(event, changes, &d->bytes);
        buf_string(&d->bytes, RECEIPT);
        assert_int_equal(EVP_Digest(d->bytes.data + at, d->bytes.size - at, hash, NULL,
                                         EVP_sha256(), NULL),
                        1);
        text_hex(&hex, (Span){ hash, sizeof(hash) });
        (void) snprintf(d->past, sizeof(d->past), "\"%.64s\"", (const char *) hex.data);
}

/* A counted record with the right past, unless it is given. */
static void add_counted(Draft *d, Event event, const char *count, const char *past) {
        const DraftChange changes[] = { { "count", count }, { "past", past ?: d->past }, {} };

        add(d, event, changes);
}

static int walk(const Draft *d, bool part, History *ret, Err *e) {
        _cleanup_(buf_done) Buf decoded = BUF_UP_TO(HISTORY_LINE_MAX);
        HistoryReader r = history_over(buf_span(&d->bytes), &decoded);
        HistoryLine l;
        int rc;

        r.history.part = part;
        while ((rc = history_next(&r, &l, e)) > 0)
                continue;
        *ret = r.history;
        return rc;
}

static void assert_refused(const Draft *d, uint64_t line, const char *why) {
        History h;
        Err e = {};

        assert_int_equal(walk(d, false, &h, &e), -EBADMSG);
        assert_int_equal(h.n_lines, line); /* and nothing of the line was taken */
        if (!strstr(e.text, why))
                fail_msg("'%s' does not say '%s'", e.text, why);
}

static void lines_follow_by_their_counts_and_hashes(void **state) {
        _cleanup_(draft_done) Draft d = draft_new();
        uint8_t last[32];
        History h;

        (void) state;
        add(&d, EVENT_GLASS_BEGIN, begin);
        add_counted(&d, EVENT_GLASS_OPEN, "42", NULL);
        add_counted(&d, EVENT_GLASS_CLOSE, "44", NULL);
        add_counted(&d, EVENT_UNLOCK_OPEN, "46", NULL);
        add(&d, EVENT_GLASS_LOST, (const DraftChange[]){ { "from", "47" }, { "to", "60" }, {} });
        add_counted(&d, EVENT_GLASS_OPEN, "62", NULL);
        assert_int_equal(walk(&d, false, &h, NULL), 0);
        assert_true(h.n_lines == 6 && h.first == 40 && h.closed == 63);
        assert_true(h.openings == 3 && h.lost == 1);
        assert_int_equal(history_last(buf_span(&d.bytes), last, NULL), 1);
        assert_memory_equal(last, h.past, 32);
}

static void an_empty_history_is_one(void **state) {
        _cleanup_(draft_done) Draft d = draft_new();
        uint8_t last[32];
        History h;

        (void) state;
        assert_int_equal(walk(&d, false, &h, NULL), 0);
        assert_int_equal(h.n_lines, 0);
        assert_int_equal(history_last((Span){}, last, NULL), 0);
}

static void it_begins_once_and_with_the_counter(void **state) {
        _cleanup_(draft_done) Draft d = draft_new(), other = draft_new(), twice = draft_new(),
                                    index = draft_new();
        History h;

        (void) state;
        add_counted(&d, EVENT_GLASS_OPEN, "42", NULL);
        assert_refused(&d, 0, "glass.begin belongs");
        assert_int_equal(walk(&d, true, &h, NULL), 0); /* a part may */
        add(&other, EVENT_GLASS_BEGIN, NULL);
        assert_refused(&other, 0, "not the counter");
        add(&index, EVENT_GLASS_BEGIN,
                        (const DraftChange[]){ { "name", NAME }, { "index", "\"01806177\"" }, {} });
        assert_refused(&index, 0, "another NV index");
        add(&twice, EVENT_GLASS_BEGIN, begin);
        add(&twice, EVENT_GLASS_BEGIN,
                        (const DraftChange[]){ { "name", NAME }, { "count", "42" }, {} });
        assert_refused(&twice, 1, "begins once");
}

static void a_count_that_does_not_follow_is_refused(void **state) {
        static const char *const counts[] = { "0", "39", "40", "41", "43", "44", "1000" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(counts); i++) {
                _cleanup_(draft_done) Draft d = draft_new();

                add(&d, EVENT_GLASS_BEGIN, begin);
                add_counted(&d, EVENT_GLASS_OPEN, counts[i], NULL);
                assert_refused(&d, 1, "its count is");
        }
}

static void a_past_that_is_not_the_line_before_is_refused(void **state) {
        _cleanup_(draft_done) Draft d = draft_new(), without = draft_new();
        History h;

        (void) state;
        add(&d, EVENT_GLASS_BEGIN, begin);
        add_counted(&d, EVENT_GLASS_OPEN, "42", "\"" ZEROS_64 "\"");
        assert_refused(&d, 1, "its past");
        /* what was written where the past was not known has none; its count holds it in its place
         */
        add(&without, EVENT_GLASS_BEGIN, begin);
        add(&without, EVENT_GLASS_OPEN,
                        (const DraftChange[]){ { "count", "42" }, { "past", NULL }, {} });
        assert_int_equal(walk(&without, false, &h, NULL), 0);
}

static void what_was_lost_is_told_without_a_gap(void **state) {
        static const struct {
                const char *from, *to, *why;
        } cases[] = {
                { "40", "60", "lost from 40, but the line before closed it at 41" },
                { "42", "60", "lost from 42" },
                { "41", "41", "went back" },
                { "41", "12", "went back" },
                { "41", "42", NULL },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const DraftChange changes[] = { { "from", cases[i].from }, { "to", cases[i].to },
                        {} };
                _cleanup_(draft_done) Draft d = draft_new();
                History h;

                add(&d, EVENT_GLASS_BEGIN, begin);
                add(&d, EVENT_GLASS_LOST, changes);
                if (cases[i].why)
                        assert_refused(&d, 1, cases[i].why);
                else
                        assert_int_equal(walk(&d, false, &h, NULL), 0);
        }
}

/* Whichever line is taken out, doubled or swapped with the next. */
static void no_line_can_be_taken_out_doubled_or_moved(void **state) {
        _cleanup_(draft_done) Draft d = draft_new();
        size_t at[6] = {};
        History h;

        (void) state;
        add(&d, EVENT_GLASS_BEGIN, begin);
        for (size_t i = 1; i < 5; i++) {
                char count[8];

                at[i] = d.bytes.size;
                (void) snprintf(count, sizeof(count), "%zu", 40 + 2 * i);
                add_counted(&d, i % 2 == 0 ? EVENT_GLASS_CLOSE : EVENT_GLASS_OPEN, count, NULL);
        }
        at[5] = d.bytes.size;
        for (size_t i = 0; i < 5; i++) {
                Span before = { d.bytes.data, at[i] };
                Span line = { d.bytes.data + at[i], at[i + 1] - at[i] };
                Span after = { d.bytes.data + at[i + 1], at[5] - at[i + 1] };
                Draft changed[] = { draft_new(), draft_new(), draft_new() };

                buf_bytes(&changed[0].bytes, before); /* taken out */
                buf_bytes(&changed[0].bytes, after);
                buf_bytes(&changed[1].bytes, before); /* doubled */
                buf_bytes(&changed[1].bytes, line);
                buf_bytes(&changed[1].bytes, line);
                buf_bytes(&changed[1].bytes, after);
                buf_bytes(&changed[2].bytes, before); /* put at the end */
                buf_bytes(&changed[2].bytes, after);
                buf_bytes(&changed[2].bytes, line);
                for (size_t k = 0; k < 3; k++) {
                        int rc = walk(&changed[k], false, &h, NULL);

                        /* the last one taken out: the counter tells */
                        assert_int_equal(rc, i == 4 && k != 1 ? 0 : -EBADMSG);
                        draft_done(&changed[k]);
                }
        }
}

static void what_is_no_history_has_no_last_line(void **state) {
        uint8_t last[32];
        Err e = {};

        (void) state;
        assert_int_equal(history_last(SPAN_LITERAL("x"), last, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "begins with byte 0x1e"));
}

static void a_hash_that_fails_is_no_last_line(void **state) {
        _cleanup_(draft_done) Draft d = draft_new();
        uint8_t last[32];

        (void) state;
        add(&d, EVENT_GLASS_BEGIN, begin);
        hashes_fail_after(0);
        assert_int_equal(history_last(buf_span(&d.bytes), last, NULL), -EIO);
        assert_int_equal(hashes_heal(), 1);
}

static void a_line_without_its_receipt_is_the_end(void **state) {
        _cleanup_(draft_done) Draft d = draft_new();
        uint8_t last[32];
        History h;

        (void) state;
        add(&d, EVENT_GLASS_BEGIN, begin);
        buf_string(&d.bytes, "\x1e{\"content\":{");
        assert_int_equal(walk(&d, false, &h, NULL), -ENODATA);
        assert_int_equal(h.n_lines, 1);
        assert_int_equal(history_last(buf_span(&d.bytes), last, NULL), 1);
        assert_memory_equal(last, h.past, 32);
}

/* From the first on that is not at home; what is no line is handed on, for others to refuse. */
static void what_is_not_at_home_is_a_tail(void **state) {
        static const struct {
                uint64_t closed;
                size_t at;
        } rows[] = { { 0, 0 }, { 40, 0 }, { 41, 1 }, { 43, 2 }, { 45, 3 }, { 100, 3 } };
        _cleanup_(draft_done) Draft d = draft_new();
        size_t starts[4] = {};

        (void) state;
        add(&d, EVENT_GLASS_BEGIN, begin);
        starts[1] = d.bytes.size;
        add_counted(&d, EVENT_GLASS_OPEN, "42", NULL);
        starts[2] = d.bytes.size;
        add_counted(&d, EVENT_GLASS_CLOSE, "44", NULL);
        starts[3] = d.bytes.size;
        buf_string(&d.bytes, "\x1e{}\n");
        add_counted(&d, EVENT_GLASS_OPEN, "46", NULL);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Span rest = history_not_at_home(buf_span(&d.bytes), rows[i].closed);

                assert_int_equal(rest.data - d.bytes.data, starts[rows[i].at]);
                assert_int_equal(rest.size, d.bytes.size - starts[rows[i].at]);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_follow_by_their_counts_and_hashes),
                cmocka_unit_test(an_empty_history_is_one),
                cmocka_unit_test(what_is_not_at_home_is_a_tail),
                cmocka_unit_test(it_begins_once_and_with_the_counter),
                cmocka_unit_test(a_count_that_does_not_follow_is_refused),
                cmocka_unit_test(a_past_that_is_not_the_line_before_is_refused),
                cmocka_unit_test(what_was_lost_is_told_without_a_gap),
                cmocka_unit_test(no_line_can_be_taken_out_doubled_or_moved),
                cmocka_unit_test(what_is_no_history_has_no_last_line),
                cmocka_unit_test(a_hash_that_fails_is_no_last_line),
                cmocka_unit_test(a_line_without_its_receipt_is_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
