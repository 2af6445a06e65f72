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

/* "root-x86-64-verity  2c73...": how a list of systemd's begins a line; the id without dashes. */
static void assert_listed(const char *list, const char *kind, const char *architecture,
                const char *suffix, const char *type) {
        char name[64], id[33], listed[33] = "";
        const char *line;
        size_t n = 0;

        for (const char *c = type; *c; c++)
                if (*c != '-')
                        id[n++] = *c;
        id[n] = '\0';
        (void) snprintf(name, sizeof(name), "\n%s-%s%s ", kind, architecture, suffix);
        line = strstr(list, name);
        if (!line || sscanf(line + strlen(name), " %32s", listed) != 1)
                fail_msg("systemd has no%s", name + 1);
        assert_string_equal(listed, id);
}

/* systemd's own list, which UAPI.2 is made from */
static void systemd_has_the_same_types_for_all_architectures(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(buf_done) Buf list = BUF_UP_TO(1024 * 1024);
        static const char *const suffixes[] = { "", "-verity", "-verity-sig" };
        unsigned n = 0;

        (void) state;
        assert_int_equal(scratch_tool(&s, "systemd-id128", "show"), 0);
        (void) scratch_read(&s, "out", &list);
        buf_byte(&list, 0);
        for (const GptTypes *t = gpt_types; t->architecture; t++, n++) {
                const char *const types[2][ELEMENTS(suffixes)] = {
                        { t->root, t->root_verity, t->root_verity_sig },
                        { t->usr, t->usr_verity, t->usr_verity_sig },
                };

                for (int usr = 0; usr < 2; usr++)
                        for (size_t i = 0; i < ELEMENTS(suffixes); i++)
                                assert_listed((const char *) list.data, usr ? "usr" : "root",
                                                t->architecture, suffixes[i], types[usr][i]);
        }
        assert_int_equal(n, 21);
}

static void upper_case(const char *from, char to[37]) {
        for (size_t i = 0; i < 37; i++)
                to[i] = (char) (from[i] >= 'a' ? from[i] - 'a' + 'A' : from[i]);
}

/* sfdisk knows these types by name, from another list than ours and systemd's. */
static void sfdisk_calls_each_type_what_we_call_it(void **state) {
        static const char *const names[] = { "root", "root verity", "root verity sign.", "/usr",
                "/usr verity", "/usr verity sign." };
        _cleanup_(scratch_done) Scratch s = scratch_new();

        (void) state;
        assert_int_equal(scratch_tool(&s, "sfdisk", "--list-types", "--label", "gpt"), 0);
        for (const GptTypes *t = gpt_types; t < gpt_types + 2; t++) {
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
                cmocka_unit_test(systemd_has_the_same_types_for_all_architectures),
                cmocka_unit_test(sfdisk_calls_each_type_what_we_call_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
