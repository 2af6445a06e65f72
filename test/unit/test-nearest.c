/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <string.h>

#include "base/text.h"

static const char *nearest_of(const char *word) {
        static const char *const known[] = { "measure", "message", "glass", "certificate", "at",
                NULL };

        return text_nearest(span_of(word), known) ?: "";
}

static void the_nearest_word_is_found(void **state) {
        static const struct {
                const char *word, *nearest;
        } cases[] = {
                { "measure", "measure" },
                { "mesure", "measure" },
                { "measuer", "measure" },
                { "messages", "message" },
                { "gloss", "glass" },
                { "cert", "certificate" },
                { "Glass", "glass" },
                { "certifikate", "certificate" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_string_equal(nearest_of(cases[i].word), cases[i].nearest);
}

static void what_is_far_away_is_not_guessed(void **state) {
        char long_word[200];

        (void) state;
        memset(long_word, 'm', sizeof(long_word) - 1);
        long_word[sizeof(long_word) - 1] = '\0';
        assert_string_equal(nearest_of("quote"), "");
        assert_string_equal(nearest_of(""), "");
        assert_string_equal(nearest_of("xx"), ""); /* as many edits as "at" has letters */
        assert_string_equal(nearest_of(long_word), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_nearest_word_is_found),
                cmocka_unit_test(what_is_far_away_is_not_guessed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
