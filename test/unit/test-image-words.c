/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/span.h"
#include "image/words.h"
#include "support/scratch.h"

static void names_that_files_can_have_are_taken(void **state) {
        static const char *const words[] = { "jq", "a_b", "1:2.3+dfsg~rc1-2", "a b", "x",
                "\xc3\xa4\xe2\x82\xac" };
        char longest[121] = "";

        (void) state;
        for (size_t i = 0; i < ELEMENTS(words); i++)
                assert_int_equal(image_word_check("name", words[i], NULL), 0);
        memset(longest, 'x', 120);
        assert_int_equal(image_word_check("name", longest, NULL), 0);
}

static void other_names_are_refused_with_what_is_wrong(void **state) {
        static const struct {
                const char *word, *wrong;
        } cases[] = {
                { "", "the version '' is empty" },
                { ".x", "the version '.x' begins with a dot or a dash" },
                { "-x", "the version '-x' begins with a dot or a dash" },
                { " x", "the version ' x' has a blank at its end" },
                { "x ", "the version 'x ' has a blank at its end" },
                { "a/b", "the version 'a/b' has a slash or a control character in it" },
                { "a\tb", "the version 'a?b' has a slash or a control character in it" },
                { "a\x7f", "the version 'a?' has a slash or a control character in it" },
                { "a\xff", "the version 'a\xff' is not valid UTF-8" },
                { "\xf0\x9f\x98\x80",
                                "the version '\xf0\x9f\x98\x80' has a character that no partition "
                                "label takes (above U+FFFF)" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Err e = {};

                assert_int_equal(image_word_check("version", cases[i].word, &e), -EINVAL);
                assert_string_equal(e.text, cases[i].wrong);
        }
}

/* UAPI.10: what is compared, and nothing that separates a version from what stands around it */
static void versions_are_what_versions_are_compared_by(void **state) {
        static const char *const good[] = { "1", "1.6", "123~rc1-1", "0^post.2", "AZaz09" };
        static const char *const bad[] = { "1_2", "1+dfsg", "1:2", "1 2", "\xc3\xa4", "1@", "[",
                "`", "{", "/", ":" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++)
                assert_int_equal(image_version_check(good[i], NULL), 0);
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(image_version_check(bad[i], NULL), -EINVAL);
}

static void an_image_is_called_by_name_and_version(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        static const struct {
                LeafType type;
                const char *given, *path;
        } cases[] = {
                { LEAF_SYSEXT, "x.raw", "x.raw" },
                { LEAF_SYSEXT, "dir", "dir/jq_1.raw" },
                { LEAF_CONFEXT, "dir/", "dir/jq_1.confext.raw" },
                { LEAF_ROOT, "dir/none", "dir/none" },
                { LEAF_SYSEXT, "jq.raw.v", "jq.raw.v/jq_1.raw" },
                { LEAF_CONFEXT, "jq.raw.v//", "jq.raw.v//jq_1.raw" },
                { LEAF_USR, "jq5.raw.v", NULL },
                { LEAF_USR, ".raw.v", NULL },
        };
        FolderPath p;

        (void) state;
        assert_int_equal(image_output_path(NULL, image_kind(LEAF_USR), "a_b", "2", &p, NULL), 0);
        assert_string_equal(p.text, "a_b_2.raw");
        assert_int_equal(dir_make(scratch_path(&s, "dir").text, 0755, NULL), 0);
        assert_int_equal(dir_make(scratch_path(&s, "jq.raw.v").text, 0755, NULL), 0);
        assert_int_equal(dir_make(scratch_path(&s, "jq5.raw.v").text, 0755, NULL), 0);
        assert_int_equal(dir_make(scratch_path(&s, ".raw.v").text, 0755, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                ScratchPath given = scratch_path(&s, cases[i].given);
                int rc = image_output_path(
                                given.text, image_kind(cases[i].type), "jq", "1", &p, NULL);

                assert_int_equal(rc, cases[i].path ? 0 : -EINVAL);
                if (cases[i].path)
                        assert_string_equal(p.text, scratch_path(&s, cases[i].path).text);
        }
}

static void a_name_too_long_for_a_file_is_refused(void **state) {
        char word[122] = "";
        Err e = {};

        (void) state;
        memset(word, 'x', 121);
        assert_int_equal(image_word_check("name", word, &e), -EINVAL);
        assert_non_null(strstr(e.text, "is longer than 120 bytes"));
}

static void the_folder_of_a_path_is_what_stands_before_its_name(void **state) {
        (void) state;
        assert_string_equal(image_folder_of("image.raw").text, ".");
        assert_string_equal(image_folder_of("a/b/image.raw").text, "a/b/");
        assert_string_equal(image_folder_of("/image.raw").text, "/");
        assert_string_equal(image_folder_of("").text, ".");
}

static void results_may_not_lie_in_the_source(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        ScratchPath tree = scratch_path(&s, "tree");
        Err e = {};

        (void) state;
        assert_int_equal(dir_make(scratch_path(&s, "tree/usr").text, 0755, NULL), 0);
        assert_int_equal(dir_make(scratch_path(&s, "tree2").text, 0755, NULL), 0);
        assert_int_equal(symlink("tree/usr", scratch_path(&s, "link").text), 0);

        assert_int_equal(image_apart_check(scratch_path(&s, "x").text, tree.text, NULL), 0);
        assert_int_equal(image_apart_check(scratch_path(&s, "tree2/x").text, tree.text, NULL), 0);
        assert_int_equal(image_apart_check(scratch_path(&s, "none/x").text, tree.text, NULL), 0);
        assert_int_equal(
                        image_apart_check(scratch_path(&s, "tree/x").text, tree.text, &e), -EINVAL);
        assert_non_null(strstr(e.text, "tree/x: would lie in the source tree"));
        assert_int_equal(image_apart_check(scratch_path(&s, "tree/usr/x").text, tree.text, NULL),
                        -EINVAL);
        assert_int_equal(image_apart_check(scratch_path(&s, "link/x").text, tree.text, NULL),
                        -EINVAL);
        assert_int_equal(image_apart_check("/x", "/", NULL), -EINVAL);
        assert_int_equal(image_apart_check("/usr/x", "/", NULL), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_that_files_can_have_are_taken),
                cmocka_unit_test(other_names_are_refused_with_what_is_wrong),
                cmocka_unit_test(versions_are_what_versions_are_compared_by),
                cmocka_unit_test(an_image_is_called_by_name_and_version),
                cmocka_unit_test(a_name_too_long_for_a_file_is_refused),
                cmocka_unit_test(the_folder_of_a_path_is_what_stands_before_its_name),
                cmocka_unit_test(results_may_not_lie_in_the_source),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
