/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "port/crypto.h"
#include "support/libc.h"
#include "verify/commandline.h"
#include "wire/limits.h"

static const struct {
        const char *expected, *actual, *said;
} rows[] = {
        { "a b c", "a b c", "" },
        { "a  b c ", " a b c", "" },
        { "", "", "" },
        { "a b c", "a b c d", "\"d\" was added" },
        { "a b c", "d a b c", "\"d\" was added" },
        { "a b c", "a d b c", "\"d\" was added" },
        { "a b c", "a d e b c", "\"d\" was added" },
        { "a b c", "a c", "\"b\" is missing" },
        { "a b c", "a b", "\"c\" is missing" },
        { "a b", "", "\"a\" is missing" },
        { "", "a", "\"a\" was added" },
        { "quiet", "loud", "\"loud\" stands where \"quiet\" belongs" },
        { "a quiet b", "a loud b", "\"loud\" stands where \"quiet\" belongs" },
        { "a a", "a", "\"a\" is missing" },
        { "a", "a a", "\"a\" was added" },
        { "a", "b\"c", "\"b\\x22c\" stands where \"a\" belongs" },
};

static void the_word_is_named(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

                command_line_difference(span_of(rows[i].expected), span_of(rows[i].actual), &b);
                if (!span_is(buf_span(&b), rows[i].said))
                        fail_msg("'%s' and '%s': %.*s", rows[i].expected, rows[i].actual,
                                        (int) b.size, (const char *) b.data);
        }
}

static const struct {
        const char *was, *is, *said; /* "was>is" of each place */
} places[] = {
        { "a b c", "a b c", "" },
        { "", "", "" },
        { "a b c", "a x c", "b>x " },
        { "a b c", "a c", "b> " },
        { "a c", "a b c", ">b " },
        { "a b c", "x a b c y", ">x >y " },
        { "a b c d", "x b d y", "a>x c> >y " },
        { "a", "", "a> " },
        { "", "a b", ">a b " },
        { "1 2 3 4 5 6 7 8 9", "b 2 d 4 f 6 h 8 k", "1>b 3>d 5>f 7 8 9>h 8 k " },
};

static void each_place_that_differs_is_told(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(places); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                LineChange c[4];
                size_t n = command_line_changes(
                                span_of(places[i].was), span_of(places[i].is), c, 4);

                for (size_t k = 0; k < n; k++) {
                        buf_bytes(&b, c[k].was);
                        buf_byte(&b, '>');
                        buf_bytes(&b, c[k].is);
                        buf_byte(&b, ' ');
                }
                if (!span_is(buf_span(&b), places[i].said))
                        fail_msg("'%s' and '%s': %.*s", places[i].was, places[i].is, (int) b.size,
                                        (const char *) b.data);
        }
}

/* What lies behind as many words as are looked at is told all the same, as one. */
static void no_word_is_too_far_behind(void **state) {
        _cleanup_(buf_done) Buf was = BUF_UP_TO(1024), is = BUF_UP_TO(1024);
        LineChange c[4];

        (void) state;
        for (unsigned i = 0; i < 200; i++) {
                buf_string(&was, "a ");
                buf_string(&is, i == 199 ? "b" : "a ");
        }
        assert_int_equal(command_line_changes(buf_span(&was), buf_span(&is), c, 4), 1);
        assert_true(c[0].is.size > 0 && c[0].is.data[c[0].is.size - 1] == 'b');
}

/* Words that the rest of one line has in common with what the other one began with, where that is
 * as long as is looked at: they are gone, and nothing is read behind its end. */
static void words_may_stand_again_at_the_end(void **state) {
        _cleanup_(buf_done) Buf was = BUF_UP_TO(1024), is = BUF_UP_TO(1024);
        LineChange c[4];

        (void) state;
        for (int i = 1; i < COMMAND_LINE_WORDS_MAX; i++) {
                buf_printf(&is, "x%d ", i);
                if (i > 2)
                        buf_printf(&was, "x%d ", i);
        }
        buf_string(&is, "q");
        buf_string(&was, "q x1 x1");
        assert_int_equal(command_line_changes(buf_span(&was), buf_span(&is), c, 4), 2);
        assert_true(c[0].was.size == 0 && span_is(c[0].is, "x1 x2"));
        assert_true(c[1].is.size == 0 && span_is(c[1].was, "x1 x1"));
}

static const struct {
        const char *released, *actual, *added; /* NULL: not found */
} added[] = {
        { "a b", "a b c", "c" },
        { "a b", "c a b", "c" },
        { "a b", "a c b", "c" },
        { "a b", "a c d b", "c d" },
        { "a  b", "a  c b", "c" },
        { "a b", "c a d b", NULL },
        { "a b", "a x", NULL },
        { "", "c", "c" },
        { "a b", "a b", NULL },
        { "a", "a 1 2 3 4 5 6 7 8", "1 2 3 4 5 6 7 8" },
        { "a", "a 1 2 3 4 5 6 7 8 9", NULL },
        { "a", "", NULL },
};

static void what_was_added_is_found_by_the_hash(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(added); i++) {
                Span found = {};
                bool is_found;
                Digest d;

                assert_int_equal(hash_bytes(HASH_SHA256, span_of(added[i].released), &d, NULL), 0);
                assert_int_equal(command_line_added(span_of(added[i].actual), &d, &is_found, &found,
                                                 NULL),
                                0);
                if (is_found != (added[i].added != NULL) ||
                                (is_found && !span_is(found, added[i].added)))
                        fail_msg("'%s' and '%s': '%.*s'", added[i].released, added[i].actual,
                                        (int) found.size, (const char *) found.data);
        }
}

static void what_found_no_memory_is_not_called_missing(void **state) {
        int failed = 1, n = 0;
        Digest d;

        (void) state;
        assert_int_equal(hash_bytes(HASH_SHA256, SPAN_LITERAL("a b"), &d, NULL), 0);
        for (; failed > 0; n++) {
                Span found = {};
                bool is_found;
                int rc;

                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = command_line_added(SPAN_LITERAL("a c b"), &d, &is_found, &found, NULL);
                failed = libc_heal();
                assert_int_equal(rc, failed > 0 ? -ENOMEM : 0);
                assert_int_equal(is_found, failed == 0);
        }
        assert_true(n > 1);
}

/* A line with more words than are looked at does not take for ever, and does not crash. */
static void a_long_line_is_looked_at_in_part(void **state) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(COMMAND_LINE_MAX);
        Span found = {};
        bool is_found = true;
        Digest d = digest_zero(HASH_SHA256);

        (void) state;
        for (unsigned i = 0; i < 500; i++)
                buf_string(&line, "w ");
        assert_int_equal(command_line_added(buf_span(&line), &d, &is_found, &found, NULL), 0);
        assert_false(is_found);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_word_is_named),
                cmocka_unit_test(each_place_that_differs_is_told),
                cmocka_unit_test(no_word_is_too_far_behind),
                cmocka_unit_test(words_may_stand_again_at_the_end),
                cmocka_unit_test(what_was_added_is_found_by_the_hash),
                cmocka_unit_test(what_found_no_memory_is_not_called_missing),
                cmocka_unit_test(a_long_line_is_looked_at_in_part),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
