/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/macro.h"
#include "layer/gpt-types.h"
#include "support/scratch.h"

static void architectures_have_rows_under_their_names(void **state) {
        (void) state;
        for (const GptTypes *t = gpt_types; t->architecture; t++)
                assert_ptr_equal(gpt_types_of(span_of(t->architecture)), t);
        assert_null(gpt_types_of(SPAN_LITERAL("")));
        assert_null(gpt_types_of(SPAN_LITERAL("x86_64")));
        assert_null(gpt_types_of(SPAN_LITERAL("x86-6")));
}

static void upper_case(const char *from, char to[37]) {
        for (size_t i = 0; i < 37; i++)
                to[i] = (char) (from[i] >= 'a' ? from[i] - 'a' + 'A' : from[i]);
}

/* sfdisk knows these types by name, from another list than ours. */
static void sfdisk_calls_each_type_what_we_call_it(void **state) {
        static const char *const names[] = { "root", "root verity", "root verity sign.", "/usr",
                "/usr verity", "/usr verity sign." };
        _cleanup_(scratch_done) Scratch s = scratch_new();

        (void) state;
        assert_int_equal(scratch_tool(&s, "sfdisk", "--list-types", "--label", "gpt"), 0);
        for (const GptTypes *t = gpt_types; t->architecture; t++) {
                const char *const types[] = { t->root, t->root_verity, t->root_verity_sig, t->usr,
                        t->usr_verity, t->usr_verity_sig };

                for (size_t i = 0; i < ELEMENTS(types); i++) {
                        char line[128], guid[37];

                        upper_case(types[i], guid);
                        (void) snprintf(line, sizeof(line), "%s  Linux %s (%s)\n", guid, names[i],
                                        strcmp(t->architecture, "arm64") == 0 ? "ARM-64"
                                                                              : t->architecture);
                        if (!scratch_printed(&s, line))
                                fail_msg("sfdisk has no '%s'", line);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(architectures_have_rows_under_their_names),
                cmocka_unit_test(sfdisk_calls_each_type_what_we_call_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
