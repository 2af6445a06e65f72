/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "port/crypto.h"
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
                cmocka_unit_test(what_was_added_is_found_by_the_hash),
                cmocka_unit_test(a_long_line_is_looked_at_in_part),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
