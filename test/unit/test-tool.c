/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "tools/tool.h"

/* What a shell cannot see; the rest is in test/tools/test-frame. */
typedef struct Args {
        const char *dir, *name;
        int calls, operands;
        int answer;
        char words[64];
} Args;

static const Option options[] = {
        { "dir", 'd', OPTION_VALUE, "DIR", "Where", offsetof(Args, dir) },
        { "name", 0, OPTION_VALUE, "NAME", "Who", offsetof(Args, name) },
        {},
};

static int run(void *values, char *const *operands, Err *e) {
        Args *a = values;

        a->calls++;
        while (operands[a->operands])
                a->operands++;
        return a->answer < 0 ? err_set(e, a->answer, "as was asked") : a->answer;
}

/* Runs the tool with the words of a line. */
static int call(Args *a, const char *line) {
        static const Verb verbs[] = { { "", "ONE [TWO]", NULL, 1, 2, run }, {} };
        char name[] = "sample", *argv[8] = { name }, *rest = a->words;
        int argc = 1;

        (void) snprintf(a->words, sizeof(a->words), "%s", line);
        while (rest && *rest)
                argv[argc++] = strsep(&rest, " ");
        return tool_main(&(Tool){ "avouch sample", "Sample", options, verbs, a }, argc, argv);
}

static void defaults_stand_until_an_option_is_given(void **state) {
        Args a = { .dir = "/default", .name = "nobody" };

        (void) state;
        assert_int_equal(call(&a, "x --name me"), EXIT_YES);
        assert_string_equal(a.dir, "/default");
        assert_string_equal(a.name, "me");
        assert_int_equal(a.operands, 1);
}

static void a_tool_without_verbs_counts_its_operands(void **state) {
        Args a = {};

        (void) state;
        assert_int_equal(call(&a, ""), EXIT_USAGE);
        assert_int_equal(call(&a, "1 2 3"), EXIT_USAGE);
        assert_int_equal(a.calls, 0);
        assert_int_equal(call(&a, "1 -d x 2"), EXIT_YES);
        assert_int_equal(a.operands, 2);
}

static void nothing_runs_when_it_is_asked_about_itself(void **state) {
        Args a = {};

        (void) state;
        assert_int_equal(call(&a, "1 --version"), EXIT_YES);
        assert_int_equal(call(&a, "--help"), EXIT_YES);
        assert_int_equal(a.calls, 0);
}

static void what_run_returns_becomes_the_status(void **state) {
        static const struct {
                int answer, status;
        } cases[] = {
                { EXIT_YES, EXIT_YES },
                { EXIT_NO, EXIT_NO },
                { EXIT_USAGE, EXIT_USAGE },
                { EXIT_FAIL, EXIT_FAIL },
                { -EINVAL, EXIT_USAGE },
                { -EIO, EXIT_FAIL },
                { -ENOENT, EXIT_FAIL },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Args a = { .answer = cases[i].answer };

                assert_int_equal(call(&a, "x"), cases[i].status);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(defaults_stand_until_an_option_is_given),
                cmocka_unit_test(a_tool_without_verbs_counts_its_operands),
                cmocka_unit_test(nothing_runs_when_it_is_asked_about_itself),
                cmocka_unit_test(what_run_returns_becomes_the_status),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
