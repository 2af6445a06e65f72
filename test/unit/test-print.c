/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/macro.h"
#include "tools/print.h"

/* What print_json() writes to standard output. */
static void printed(const char *form, const char *json, char text[static 512]) {
        FILE *file = tmpfile();
        int kept = dup(STDOUT_FILENO);
        size_t n;

        assert_non_null(file);
        assert_true(fflush(stdout) == 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
        print_json(form, span_of(json));
        assert_true(fflush(stdout) == 0 && dup2(kept, STDOUT_FILENO) >= 0);
        rewind(file);
        n = fread(text, 1, 511, file);
        text[n] = '\0';
        (void) close(kept);
        (void) fclose(file);
}

static void json_is_printed_as_it_stands_or_indented(void **state) {
        static const struct {
                const char *json, *pretty;
        } cases[] = {
                { "{}", "{}\n" },
                { "[]", "[]\n" },
                { "-7", "-7\n" },
                { "{\"a\":[],\"b\":{}}", "{\n  \"a\": [],\n  \"b\": {}\n}\n" },
                { "[1,{\"a\":\"x,y:{z}\"}]", "[\n  1,\n  {\n    \"a\": \"x,y:{z}\"\n  }\n]\n" },
                { "[\"{\",\"[\"]", "[\n  \"{\",\n  \"[\"\n]\n" },
                { "[\"\\\"{\\\\\",2]", "[\n  \"\\\"{\\\\\",\n  2\n]\n" },
        };
        char text[512], as_is[64];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                printed("pretty", cases[i].json, text);
                assert_string_equal(text, cases[i].pretty);
                printed("short", cases[i].json, text);
                (void) snprintf(as_is, sizeof(as_is), "%s\n", cases[i].json);
                assert_string_equal(text, as_is);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(json_is_printed_as_it_stands_or_indented),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
