/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/text.h"
#include "support/draft.h"
#include "support/edit.h"
#include "wire/history.h"

/* What is written by hand: "abc" and "0123" as receipts. */
#define RECEIPT ",\"receipt\":{\"attest\":\"YWJj\",\"signature\":\"MDEyMw\"}}\n"

static const char *draft(Event event, const DraftChange *changes, Buf *to) {
        buf_done(to);
        draft_content(event, changes, to);
        buf_byte(to, 0);
        return (const char *) to->data;
}

static const char *line_of(Event event, const DraftChange *changes, const char *receipt, Buf *to) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);

        buf_done(to);
        buf_printf(to, "\x1e{\"content\":%s%s", draft(event, changes, &content), receipt);
        buf_byte(to, 0);
        return (const char *) to->data;
}

static void assert_refused(Span line, const char *why) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(HISTORY_LINE_MAX);
        uint8_t *copy = malloc(line.size + 1);
        HistoryLine l = { .value = 4711 };
        Err e = {};

        assert_non_null(copy);
        memcpy(copy + 1, line.data, line.size);
        assert_true(history_line_parse((Span){ copy + 1, line.size }, &into, &l, &e) < 0);
        assert_int_equal(l.value, 4711);
        if (why && !strstr(e.text, why))
                fail_msg("'%s' does not say '%s'", e.text, why);
        free(copy);
}

static void a_line_is_read_and_written_in_one_spelling(void **state) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX), into = BUF_UP_TO(64),
                                again = BUF_UP_TO(HISTORY_LINE_MAX);
        const char *text = line_of(EVENT_GLASS_OPEN, NULL, RECEIPT, &line);
        HistoryLine l;

        (void) state;
        assert_int_equal(history_line_parse(span_of(text), &into, &l, NULL), 0);
        assert_int_equal(l.content.event, EVENT_GLASS_OPEN);
        assert_int_equal(l.value, 7); /* what drafts count to */
        assert_true(span_is(l.attest, "abc"));
        assert_true(span_is(l.signature, "0123"));
        history_open_write(l.content.bytes, &again);
        history_close_write(l.attest, l.signature, &again);
        assert_true(span_equal(buf_span(&again), span_of(text)));
}

static void every_prefix_and_every_stray_byte_is_refused(void **state) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX);
        Span s = span_of(line_of(EVENT_GLASS_CLOSE, NULL, RECEIPT, &line));

        (void) state;
        for (size_t n = 0; n < s.size; n++)
                assert_refused((Span){ s.data, n }, NULL);
        assert_refused(span_of(line_of(EVENT_GLASS_CLOSE, NULL, RECEIPT "x", &line)), "stray");
}

static void what_is_spelled_otherwise_is_refused(void **state) {
        static const struct {
                const char *old, *new, *why;
        } cases[] = {
                { "\x1e{", "{", "begins with" },
                { "\"content\":", "\"content\": ", "" },
                { "\"content\"", "\"Content\"", "begins with" },
                { "\"content\":{", "\"content\":x{", "a content that has no end" },
                { "\"signature\"", "\"Signature\"", "a signature comes after" },
                { ",\"receipt\"", ", \"receipt\"", "a receipt" },
                { "\"attest\":\"YWJj\",\"signature\":\"MDEyMw\"",
                                "\"signature\":\"MDEyMw\",\"attest\":\"YWJj\"", "a receipt" },
                { "YWJj", "", "base64url" },
                { "YWJj", "YWJ", "base64url" },
                { "YWJj", "YWJj=", "base64url" },
                { "YWJj", "YW+j", "base64url" },
                { "MDEyMw", "", "base64url" },
                { "MDEyMw", "MDEyMx", "base64url" },
                { "\"}}\n", "\"}} \n", "ends with" },
                { "\"}}\n", "\",\"more\":1}}\n", "ends with" },
                { "\"}}\n", "\"}}", "" },
                { "\"avouch\":1", "\"avouch\":2", "version 1" },
        };
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX), b = BUF_UP_TO(HISTORY_LINE_MAX);
        const char *text = line_of(EVENT_GLASS_OPEN, NULL, RECEIPT, &line);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_refused(edit(text, cases[i].old, cases[i].new, &b), cases[i].why);
}

static void only_what_was_counted_belongs_there(void **state) {
        static const DraftChange uncounted[] = { { "count", NULL }, {} };
        static const DraftChange by_machine[] = { { "human", "0" }, { "count", NULL },
                { "past", NULL }, {} };
        static const struct {
                Event event;
                const DraftChange *changes;
                bool belongs;
        } cases[] = {
                { EVENT_GLASS_BEGIN, NULL, true },
                { EVENT_GLASS_OPEN, NULL, true },
                { EVENT_GLASS_CLOSE, NULL, true },
                { EVENT_GLASS_LOST, NULL, true },
                { EVENT_GLASS_OPEN, uncounted, false },
                { EVENT_GLASS_CLOSE, uncounted, false },
                { EVENT_UNLOCK_OPEN, by_machine, false },
                { EVENT_NOTE_TEXT, NULL, false },
                { EVENT_PHASE_GENESIS, NULL, false }, /* it has a count, too */
                { EVENT_LAYER_ACTIVATE, NULL, false },
        };
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf into = BUF_UP_TO(64);
                Span s = span_of(line_of(cases[i].event, cases[i].changes, RECEIPT, &line));
                HistoryLine l;

                if (cases[i].belongs)
                        assert_int_equal(history_line_parse(s, &into, &l, NULL), 0);
                else
                        assert_refused(s, "was not counted");
        }
}

static void a_lost_stretch_sits_where_it_ends(void **state) {
        static const DraftChange changes[] = { { "from", "3" }, { "to", "9" }, {} };
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX), into = BUF_UP_TO(64);
        HistoryLine l;

        (void) state;
        assert_int_equal(history_line_parse(span_of(line_of(EVENT_GLASS_LOST, changes, RECEIPT,
                                                            &line)),
                                         &into, &l, NULL),
                        0);
        assert_int_equal(l.value, 9);
}

/* Quotation marks and braces in a text do not end the content. */
static void what_a_text_says_ends_nothing(void **state) {
        static const DraftChange changes[] = {
                { "reason", "\"}},\\\"receipt\\\":{\\\"attest\\\":\\\"\\\\\\\\\"" }, {}
        };
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX), into = BUF_UP_TO(64);
        HistoryLine l;

        (void) state;
        assert_int_equal(history_line_parse(span_of(line_of(EVENT_GLASS_OPEN, changes, RECEIPT,
                                                            &line)),
                                         &into, &l, NULL),
                        0);
        assert_true(span_is(content_text(&l.content, "reason"),
                        "}},\\\"receipt\\\":{\\\"attest\\\":\\\"\\\\\\\\"));
}

static void lines_are_taken_one_by_one(void **state) {
        Span s = SPAN_LITERAL("\x1e{1}\n\x1e{2}\n\x1e{3"), line;

        (void) state;
        assert_int_equal(history_next_line(&s, &line, NULL), 1);
        assert_true(span_is(line, "\x1e{1}\n"));
        assert_int_equal(history_next_line(&s, &line, NULL), 1);
        assert_int_equal(history_next_line(&s, &line, NULL), -ENODATA);
        assert_true(span_is(s, "\x1e{3"));
        s = (Span){};
        assert_int_equal(history_next_line(&s, &line, NULL), 0);
        s = SPAN_LITERAL("{1}\n");
        assert_int_equal(history_next_line(&s, &line, NULL), -EBADMSG);
}

static void a_line_has_a_limit(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * HISTORY_LINE_MAX);
        Span s, line;

        (void) state;
        buf_byte(&b, 0x1e);
        buf_zeros(&b, HISTORY_LINE_MAX - 2);
        buf_byte(&b, '\n');
        s = buf_span(&b);
        assert_int_equal(history_next_line(&s, &line, NULL), 1);
        assert_int_equal(line.size, HISTORY_LINE_MAX);
        b.data[HISTORY_LINE_MAX - 1] = 0;
        buf_byte(&b, '\n');
        s = buf_span(&b);
        assert_int_equal(history_next_line(&s, &line, NULL), -EBADMSG);
        assert_refused(buf_span(&b), "at most 16384");
}

static void an_attestation_has_a_limit(void **state) {
        static uint8_t bytes[ATTEST_MAX + 1];
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX), b = BUF_UP_TO(HISTORY_LINE_MAX),
                                hex = BUF_UP_TO(HISTORY_LINE_MAX),
                                into = BUF_UP_TO(HISTORY_LINE_MAX);
        HistoryLine l;

        (void) state;
        (void) line_of(EVENT_GLASS_OPEN, NULL, RECEIPT, &line);
        for (size_t more = 0; more < 2; more++) {
                Span s;

                buf_done(&hex);
                text_base64url(&hex, (Span){ bytes, ATTEST_MAX + more });
                buf_byte(&hex, '\0');
                s = edit((const char *) line.data, "YWJj", (const char *) hex.data, &b);
                if (more == 0)
                        assert_int_equal(history_line_parse(s, &into, &l, NULL), 0);
                else
                        assert_refused(s, "malformed");
        }
}

static void a_receipt_needs_room(void **state) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX), into = BUF_UP_TO(2);
        Span s = span_of(line_of(EVENT_GLASS_OPEN, NULL, RECEIPT, &line));
        HistoryLine l;
        Err e = {};

        (void) state;
        assert_int_equal(history_line_parse(s, &into, &l, &e), -E2BIG);
        assert_string_equal(e.text, "history line: no room for its receipt");
}

/* Of every beginning of a line it is known whether its content is whole. */
static void an_open_line_is_found_again(void **state) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(HISTORY_LINE_MAX),
                                half = BUF_UP_TO(HISTORY_LINE_MAX);
        Span s = span_of(line_of(EVENT_GLASS_OPEN, NULL, RECEIPT, &line));
        size_t whole = s.size - (sizeof(RECEIPT) - 1), size;
        Content c;

        (void) state;
        for (size_t n = 0; n < s.size; n++) {
                bool found = history_open_read((Span){ s.data, n }, &c, &size);

                assert_int_equal(found, n >= whole);
                if (!found)
                        continue;
                assert_int_equal(size, whole);
                history_open_write(c.bytes, &half);
                assert_true(span_equal(buf_span(&half), (Span){ s.data, whole }));
                buf_done(&half);
        }
        assert_true(history_open_read(s, &c, &size));
        assert_false(history_open_read(SPAN_LITERAL("\x1e{\"content\":{}"), &c, &size));
        assert_false(history_open_read(
                        span_of(line_of(EVENT_NOTE_TEXT, NULL, "", &line)), &c, &size));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_is_read_and_written_in_one_spelling),
                cmocka_unit_test(every_prefix_and_every_stray_byte_is_refused),
                cmocka_unit_test(what_is_spelled_otherwise_is_refused),
                cmocka_unit_test(only_what_was_counted_belongs_there),
                cmocka_unit_test(a_lost_stretch_sits_where_it_ends),
                cmocka_unit_test(what_a_text_says_ends_nothing),
                cmocka_unit_test(lines_are_taken_one_by_one),
                cmocka_unit_test(a_line_has_a_limit),
                cmocka_unit_test(an_attestation_has_a_limit),
                cmocka_unit_test(a_receipt_needs_room),
                cmocka_unit_test(an_open_line_is_found_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
