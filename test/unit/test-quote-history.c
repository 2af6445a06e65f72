/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "quote/history.h"
#include "support/counted.h"

/* The history as evidence carries it. */

static void whole_lines_are_carried_and_followed(void **state) {
        _cleanup_(buf_done) Buf joined = BUF_UP_TO(HISTORY_MAX);
        Counted m;
        HistoryEnd p;

        (void) state;
        counted_begin(&m);
        assert_int_equal(
                        history_join(buf_span(&m.c.forge.history), (Span){}, &joined, &p, NULL), 0);
        assert_true(span_equal(buf_span(&joined), buf_span(&m.c.forge.history)));
        assert_true(p.follows && !p.unfinished);
        assert_int_equal(p.closed, 10);
        counted_end(&m);
}

/* The spool continues it; what was brought home already is not carried twice. */
static void the_spool_goes_behind(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        for (unsigned home = 0; home <= 3; home++)
                for (unsigned spool = 0; spool <= home; spool++) {
                        _cleanup_(buf_done) Buf joined = BUF_UP_TO(HISTORY_MAX);
                        Span all = buf_span(&m.c.forge.history);
                        size_t to = counted_line_at(&m, home), from = counted_line_at(&m, spool);
                        HistoryEnd p;

                        assert_int_equal(history_join((Span){ all.data, to }, span_from(all, from),
                                                         &joined, &p, NULL),
                                        0);
                        assert_true(span_equal(buf_span(&joined), all));
                        assert_int_equal(p.closed, 10);
                }
        counted_end(&m);
}

static void an_unfinished_line_is_left_out_and_told(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        for (int spooled = 0; spooled < 2; spooled++) {
                _cleanup_(buf_done) Buf joined = BUF_UP_TO(HISTORY_MAX);
                Span all = buf_span(&m.c.forge.history), torn = { all.data, all.size - 5 };
                size_t two = counted_line_at(&m, 2);
                HistoryEnd p;

                assert_int_equal(history_join(spooled ? (Span){} : torn, spooled ? torn : (Span){},
                                                 &joined, &p, NULL),
                                0);
                assert_int_equal(joined.size, two);
                assert_true(p.unfinished);
                assert_int_equal(p.closed, 8);
        }
        counted_end(&m);
}

static void what_is_no_history_is_carried_all_the_same(void **state) {
        _cleanup_(buf_done) Buf joined = BUF_UP_TO(HISTORY_MAX);
        HistoryEnd p;

        (void) state;
        assert_int_equal(
                        history_join(SPAN_LITERAL("no history\n"), (Span){}, &joined, &p, NULL), 0);
        assert_true(span_is(buf_span(&joined), "no history\n"));
        assert_false(p.follows);
        buf_done(&joined);
        assert_int_equal(history_join((Span){}, (Span){}, &joined, &p, NULL), 0);
        assert_int_equal(joined.size, 0);
        assert_false(p.follows || p.unfinished);
}

static void what_does_not_fit_is_said(void **state) {
        _cleanup_(buf_done) Buf joined = BUF_UP_TO(10);
        HistoryEnd p;
        Err e = {};

        (void) state;
        assert_int_equal(history_join(SPAN_LITERAL("no history\n"), (Span){}, &joined, &p, &e),
                        -E2BIG);
        assert_non_null(strstr(e.text, "the history does not fit"));
}

static void a_counter_between_two_steps_is_open(void **state) {
        static const struct {
                HistoryEnd p;
                uint64_t count;
                bool open;
        } cases[] = {
                { { .follows = true, .closed = 10 }, 10, false },
                { { .follows = true, .closed = 10 }, 11, true },
                { { .follows = true, .closed = 10 }, 12, false }, /* somebody else counted */
                { { .follows = true, .closed = 10 }, 9, true },
                { { .follows = true, .closed = 10 }, 8, false },
                { { .follows = true, .closed = 10 }, 7, false },
                { { .follows = true, .closed = 10, .unfinished = true }, 10, true },
                { { .unfinished = true }, 10, true },
                { {}, 11, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(history_is_open(&cases[i].p, cases[i].count), cases[i].open);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(whole_lines_are_carried_and_followed),
                cmocka_unit_test(the_spool_goes_behind),
                cmocka_unit_test(an_unfinished_line_is_left_out_and_told),
                cmocka_unit_test(what_is_no_history_is_carried_all_the_same),
                cmocka_unit_test(what_does_not_fit_is_said),
                cmocka_unit_test(a_counter_between_two_steps_is_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
