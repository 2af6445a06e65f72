/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/settings.h"

typedef struct Heard {
        unsigned lines[8];
        Span values[8];
        size_t n;
} Heard;

static int hear(void *to, const Assignment *a, Err *e) {
        Heard *h = to;

        if (span_is(a->value, "bad"))
                return setting_wrong(a, "not that", e);
        h->lines[h->n] = a->line;
        h->values[h->n++] = a->value;
        return 0;
}

static const Setting settings[] = {
        { "House", "Door", hear },
        { "House", "Window", hear },
        { "Garden", "Gate", hear },
        {},
};

static void each_line_goes_to_its_row(void **state) {
        Heard h = {};

        (void) state;
        assert_int_equal(settings_read(SPAN_LITERAL("[House]\nDoor=1\n\n[Garden]\nGate=\n"
                                                    "[House]\nWindow=2\nDoor=3"),
                                         settings, &h, NULL),
                        0);
        assert_int_equal(h.n, 4);
        assert_true(span_is(h.values[0], "1") && h.lines[0] == 2);
        assert_true(span_is(h.values[1], "") && h.lines[1] == 5);
        assert_true(span_is(h.values[2], "2") && h.lines[2] == 7);
        assert_true(span_is(h.values[3], "3") && h.lines[3] == 8);
}

static void what_no_row_knows_is_refused(void **state) {
        static const struct {
                const char *text, *words;
        } cases[] = {
                { "Door=1\n", "line 1: 'Door' stands before any [Section]" },
                { "[Huose]\n", "line 1: there is no section [Huose], did you mean [House]?" },
                { "\n[Cellar]\nDoor=1\n", "line 2: there is no section [Cellar]" },
                { "[House]\nDoro=1\n", "line 2: [House] has no key 'Doro', did you mean 'Door'?" },
                { "[House]\nGate=1\n", "line 2: [House] has no key 'Gate', [Garden] has" },
                { "[House]\nChimney=1\n", "line 2: [House] has no key 'Chimney'" },
                { "[House]\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz=1\n",
                                "line 2: [House] has no key 'abcdefghijklmnopqrstuvwxyzabcdefghijklmn'" },
                { "[Garden]\nDoro=1\n", "line 2: [Garden] has no key 'Doro'" },
                { "[House]\nDoor=bad\n", "line 2: Door=bad: not that" },
                { "[House]\nDoor\n", "line 2 is neither [Section] nor Key=value: 'Door'" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Heard h = {};
                Err e = {};

                assert_int_equal(settings_read(span_of(cases[i].text), settings, &h, &e), -EINVAL);
                assert_string_equal(e.text, cases[i].words);
                assert_int_equal(h.n, 0);
        }
}

static void words_of_a_value_come_one_by_one(void **state) {
        Span rest = SPAN_LITERAL(" one\ttwo  three ");

        (void) state;
        assert_true(span_is(setting_word(&rest), "one"));
        assert_true(span_is(setting_word(&rest), "two"));
        assert_true(span_is(setting_word(&rest), "three"));
        assert_int_equal(setting_word(&rest).size, 0);
        assert_int_equal(setting_word(&rest).size, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_line_goes_to_its_row),
                cmocka_unit_test(what_no_row_knows_is_refused),
                cmocka_unit_test(words_of_a_value_come_one_by_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
