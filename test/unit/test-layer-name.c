/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/macro.h"
#include "layer/name.h"

#define EURO "\xe2\x82\xac"
#define CLEF "\xf0\x9d\x84\x9e" /* two units of UTF-16 */

static const struct {
        const char *label, *path, *name, *version;
} cases[] = {
        { "jq_1.6", "/x/other_2.raw", "jq", "1.6" },
        { "my_long_name_1.6", "a.raw", "my_long_name", "1.6" },
        { "root-x86-64", "/x/jq_1.6.raw", "jq", "1.6" }, /* systemd-repart's own */
        { "", "jq_1.6.raw", "jq", "1.6" },
        { "", "/a_b/jq.raw", "jq", "" },
        { "", "jq_1.6.sysext.raw", "jq", "1.6" },
        { "", "jq_1.6.confext.raw", "jq", "1.6" },
        { "", "jq_1.6.portable.raw", "jq", "1.6.portable" },
        { "", "jq", "jq", "" },
        { "", ".raw", ".raw", "" },
        { "", "x.raw.raw", "x.raw", "" },
        { "_1.6", "b_2.raw", "b", "2" },
        { "jq_", "b_2.raw", "b", "2" },
        { "_", "b_2.raw", "b", "2" },
        { "a_b", "c_2.raw", "a", "b" },
        { "a_1_", "c_2.raw", "a", "1_" },
        { "", "_.raw", "_", "" },
        /* cut to 36 characters, and one short of it */
        { "a-name-that-is-long-by-itself_1.2.34", "a-name-that-is-long-by-itself_1.2.345.raw",
                        "a-name-that-is-long-by-itself", "1.2.345" },
        { "a-name-that-is-long-by-itself_1.2.34", "another-name.raw",
                        "a-name-that-is-long-by-itself", "1.2.34" },
        { "a-name-that-is-long-by-itself_1.2.3", "a-name-that-is-long-by-itself_1.2.34.raw",
                        "a-name-that-is-long-by-itself", "1.2.3" },
        { "a-name-that-is-longer-than-36-charact", "b_1.raw", "b", "1" },
        { EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO "_1",
                        EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO "_12.raw",
                        EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO, "1" },
        { CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF "_1",
                        CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF
                                        CLEF CLEF "_12.raw",
                        CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF CLEF
                                        CLEF CLEF,
                        "12" },
        { "bad\xff_1", "b.raw", "bad\xff", "1" },
};

static void name_and_version_come_from_label_or_file(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char name[NAME_TEXT_MAX + 1] = "x", version[NAME_TEXT_MAX + 1] = "x";

                layer_name(cases[i].label, cases[i].path, name, version);
                if (strcmp(name, cases[i].name) != 0 || strcmp(version, cases[i].version) != 0)
                        fail_msg("'%s', '%s': '%s' '%s'", cases[i].label, cases[i].path, name,
                                        version);
        }
}

static void a_file_name_of_any_length_fits(void **state) {
        char path[NAME_TEXT_MAX * 2] = "", name[NAME_TEXT_MAX + 1], version[NAME_TEXT_MAX + 1];

        (void) state;
        memset(path, 'n', sizeof(path) - 1);
        layer_name("", path, name, version);
        assert_int_equal(strlen(name), NAME_TEXT_MAX);
        assert_string_equal(version, "");
}

static void only_confext_is_told_by_the_file_name(void **state) {
        (void) state;
        assert_int_equal(layer_type_of_path("/x/jq_1.confext.raw", false), LEAF_CONFEXT);
        assert_int_equal(layer_type_of_path("jq.sysext.raw", false), LEAF_SYSEXT);
        assert_int_equal(layer_type_of_path("jq.raw", false), LEAF_SYSEXT);
        assert_int_equal(layer_type_of_path("jq.raw", true), LEAF_USR);
        assert_int_equal(layer_type_of_path("jq", true), LEAF_USR);
        assert_int_equal(layer_type_of_path("jq.sysext.raw", true), LEAF_SYSEXT);
        assert_int_equal(layer_type_of_path("jq.confext.raw", true), LEAF_CONFEXT);
        assert_int_equal(layer_type_of_path("jq.confext.raw.raw", false), LEAF_SYSEXT);
        assert_int_equal(layer_type_of_path(".confext.raw/jq", false), LEAF_SYSEXT);
        assert_int_equal(layer_type_of_path(".confext.raw", false), LEAF_SYSEXT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(name_and_version_come_from_label_or_file),
                cmocka_unit_test(a_file_name_of_any_length_fits),
                cmocka_unit_test(only_confext_is_told_by_the_file_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
