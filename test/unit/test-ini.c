/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/ini.h"

static const char sample[] = "# a comment\n"
                             "Early=1\n"
                             "\n"
                             "[Machine]\r\n"
                             "  Register = pcr:8 \t\r\n"
                             "; another comment\n"
                             "Empty=\n"
                             "Key=a=b # not a comment; nor this\n"
                             "[Verdict]\n"
                             "Require=signature key";

static void lines_come_one_by_one_with_their_section(void **state) {
        static const struct {
                const char *section, *key, *value;
                unsigned line;
        } wanted[] = {
                { "", "Early", "1", 2 },
                { "Machine", "", "", 4 },
                { "Machine", "Register", "pcr:8", 5 },
                { "Machine", "Empty", "", 7 },
                { "Machine", "Key", "a=b # not a comment; nor this", 8 },
                { "Verdict", "", "", 9 },
                { "Verdict", "Require", "signature key", 10 },
        };
        Ini ini = ini_over(SPAN_LITERAL(sample));
        Assignment a;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wanted); i++) {
                assert_int_equal(ini_next(&ini, &a, NULL), 1);
                assert_true(span_is(a.section, wanted[i].section));
                assert_true(span_is(a.key, wanted[i].key));
                assert_true(span_is(a.value, wanted[i].value));
                assert_int_equal(a.line, wanted[i].line);
        }
        assert_int_equal(ini_next(&ini, &a, NULL), 0);
        assert_int_equal(ini_next(&ini, &a, NULL), 0);
}

static void a_text_without_lines_has_none(void **state) {
        static const char *const texts[] = { "", "\n", "\n\n", " \t\r\n", "#=", ";=\n#=" };
        Assignment a;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                Ini ini = ini_over(span_of(texts[i]));

                assert_int_equal(ini_next(&ini, &a, NULL), 0);
        }
        assert_int_equal(ini_next(&(Ini){}, &a, NULL), 0);
}

static void a_line_that_is_none_is_named(void **state) {
        static const struct {
                const char *text, *reason;
        } cases[] = {
                { "Key", "line 1 is neither [Section] nor Key=value: 'Key'" },
                { "\n#\n  =value\n", "line 3 is neither [Section] nor Key=value: '=value'" },
                { "[Machine", "line 1 is neither [Section] nor Key=value: '[Machine'" },
                { "[Machine=a", "line 1 is neither [Section] nor Key=value: '[Machine=a'" },
                { "[Machine]x=a", "line 1 is neither [Section] nor Key=value: '[Machine]x=a'" },
                { "[]", "line 1 is neither [Section] nor Key=value: '[]'" },
                { "\x1b[2J", "line 1 is neither [Section] nor Key=value: '?[2J'" },
                { "a23456789b123456789c123456789d123456789e123456789f123456789g123",
                                "line 1 is neither [Section] nor Key=value: "
                                "'a23456789b123456789c123456789d123456789e123456789f123456789g'" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Ini ini = ini_over(span_of(cases[i].text));
                Assignment a = { .line = 77 };
                Err e = {};

                assert_int_equal(ini_next(&ini, &a, &e), -EBADMSG);
                assert_int_equal(e.code, -EBADMSG);
                assert_string_equal(e.text, cases[i].reason);
                assert_int_equal(a.line, 77);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_come_one_by_one_with_their_section),
                cmocka_unit_test(a_text_without_lines_has_none),
                cmocka_unit_test(a_line_that_is_none_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
