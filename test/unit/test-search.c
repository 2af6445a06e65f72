/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "layer/gpt-types.h"
#include "layer/search.h"
#include "layer/versions.h"
#include "support/scratch.h"
#include "wire/limits.h"

static Scratch scratch;

static int make(void **state) {
        (void) state;
        scratch = scratch_new();
        return 0;
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

/* Files in the root that a test has, "/" behind those that are folders. */
static void put(const char *name) {
        char command[1024];

        (void) snprintf(command, sizeof(command),
                        "mkdir -p \"$(dirname 'root/%s')\"; case '%s' in */) mkdir -p 'root/%s' ;; "
                        "*) echo x >'root/%s' ;; esac",
                        name, name, name, name);
        assert_int_equal(scratch_tool(&scratch, "sh", "-c", command), 0);
}

static void search(LeafType type, Candidates *ret) {
        assert_int_equal(
                        search_extensions(scratch_path(&scratch, "root").text, type, ret, NULL), 0);
}

/* By their names and what stands in the folder, in order. */
static void assert_found(const Candidates *c, const char *expected) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(65536);
        size_t root = strlen(scratch_path(&scratch, "root").text);

        for (size_t i = 0; i < c->n; i++) {
                char path[PATH_MAX];

                candidate_path(&c->items[i], path);
                buf_printf(&b, "%s:%s%s\n", c->items[i].name, path + root,
                                c->items[i].outranks ? "!" : "");
        }
        buf_byte(&b, 0);
        assert_string_equal((const char *) b.data, expected);
}

static void the_first_folder_counts_and_names_are_sorted(void **state) {
        Candidates c = {};

        (void) state;
        put("etc/extensions/b10.raw");
        put("run/extensions/b9.raw");
        put("run/extensions/b10.raw");
        put("var/lib/extensions/b9.raw");
        put("var/lib/extensions/a.sysext.raw");
        put("var/lib/extensions/folder/file");
        put("var/lib/extensions/notes.txt");
        put("var/lib/extensions/.hidden.raw");
        put("usr/local/lib/extensions/folder.raw");
        put("usr/lib/extensions/old.raw");
        put("var/lib/confexts/c.confext.raw");
        put(".extra/sysext/early.raw");
        search(LEAF_SYSEXT, &c);
        assert_found(&c, "a:/var/lib/extensions/a.sysext.raw\n"
                         "b9:/run/extensions/b9.raw!\n"
                         "b10:/etc/extensions/b10.raw!\n"
                         "folder:/var/lib/extensions/folder\n"
                         "old:/usr/lib/extensions/old.raw\n");
        assert_true(c.items[3].is_folder);
        assert_false(c.items[0].is_folder);
        candidates_done(&c);
        search(LEAF_CONFEXT, &c);
        assert_found(&c, "c:/var/lib/confexts/c.confext.raw\n");
        candidates_done(&c);
}

static void an_initrd_has_those_of_the_boot_loader_too(void **state) {
        Candidates c = {};

        (void) state;
        put(".extra/sysext/early.raw");
        put(".extra/global_sysext/global.raw");
        put("etc/initrd-release");
        search(LEAF_SYSEXT, &c);
        assert_found(&c,
                        "early:/.extra/sysext/early.raw\nglobal:/.extra/global_sysext/global.raw\n");
        candidates_done(&c);
}

static void an_empty_folder_or_link_to_null_hides(void **state) {
        Candidates c = {};

        (void) state;
        put("run/extensions/gone/");
        put("var/lib/extensions/gone.raw");
        put("var/lib/extensions/null.raw");
        assert_int_equal(scratch_tool(&scratch, "ln", "-s", "/dev/null",
                                         "root/var/lib/extensions/device.raw"),
                        0);
        search(LEAF_SYSEXT, &c);
        assert_found(&c, "null:/var/lib/extensions/null.raw\n");
        candidates_done(&c);
}

static void the_newest_version_is_chosen(void **state) {
        char native[128], other[256], expected[256];
        Candidates c = {};

        (void) state;
        put("var/lib/extensions/jq.raw.v/jq_9.raw");
        put("var/lib/extensions/jq.raw.v/jq_10.raw");
        put("var/lib/extensions/jq.raw.v/jq_11~rc1+0.raw"); /* no try left */
        put("var/lib/extensions/jq.raw.v/jq_12");
        put("var/lib/extensions/jq.raw.v/other_13.raw");
        put("var/lib/extensions/jq.raw.v/jq_14.raw/");
        (void) snprintf(other, sizeof(other), "var/lib/extensions/jq.raw.v/jq_15_%s.raw",
                        strcmp(gpt_types_native()->architecture, "arm64") == 0 ? "x86-64"
                                                                               : "arm64");
        put(other);
        search(LEAF_SYSEXT, &c);
        assert_found(&c, "jq:/var/lib/extensions/jq.raw.v/jq_10.raw\n");
        assert_true(c.items[0].is_versioned);
        assert_false(c.items[0].is_folder);
        candidates_done(&c);

        (void) snprintf(native, sizeof(native), "jq_10_%s+3-1.raw",
                        gpt_types_native()->architecture);
        (void) snprintf(other, sizeof(other), "var/lib/extensions/jq.raw.v/%s", native);
        put(other);
        search(LEAF_SYSEXT, &c);
        (void) snprintf(expected, sizeof(expected), "jq:/var/lib/extensions/jq.raw.v/%s\n", native);
        assert_found(&c, expected);
        candidates_done(&c);
}

static void where_none_can_be_chosen_it_is_said(void **state) {
        Candidates c = {};

        (void) state;
        put("var/lib/extensions/jq.raw.v/jq_1_vax.raw");
        put("var/lib/extensions/none.raw.v/"); /* as what was refused looks from then on */
        put("var/lib/extensions/tree.v/tree_1/file");
        put("var/lib/extensions/last.raw.v/last_1+0.raw");
        search(LEAF_SYSEXT, &c);
        assert_int_equal(c.n, 3);
        assert_string_equal(c.items[0].name, "jq");
        assert_string_equal(c.items[0].version, "");
        assert_string_equal(c.items[1].version, "last_1+0.raw"); /* all have none */
        assert_string_equal(c.items[2].name, "tree");
        assert_true(c.items[2].is_folder);
        candidates_done(&c);
}

/* So that who names one extension does not mean another whose name begins alike. */
static void a_file_name_tells_whose_it_is(void **state) {
        static const struct {
                LeafType type;
                const char *file, *name;
                bool is;
        } cases[] = {
                { LEAF_SYSEXT, "jq", "jq", true },
                { LEAF_SYSEXT, "jq.raw", "jq", true },
                { LEAF_SYSEXT, "jq.v", "jq", true },
                { LEAF_SYSEXT, "jq.raw.v", "jq", true },
                { LEAF_SYSEXT, "jq.sysext.raw", "jq", true },
                { LEAF_CONFEXT, "jq.confext.raw.v", "jq", true },
                { LEAF_SYSEXT, "jq.raw", "jq.raw", true },
                { LEAF_SYSEXT, "jq.1.raw", "jq.1", true },
                { LEAF_SYSEXT, "jq.1.raw", "jq", false },
                { LEAF_SYSEXT, "jq.1", "jq", false },
                { LEAF_SYSEXT, "jqx.raw", "jq", false },
                { LEAF_SYSEXT, "jq.confext.raw", "jq", false },
                { LEAF_SYSEXT, ".raw", "", false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(search_is_named(cases[i].type, cases[i].file, cases[i].name),
                                cases[i].is);
}

static void there_are_so_many_at_most(void **state) {
        Candidates c = {};
        Err e = {};

        (void) state;
        put("var/lib/extensions/x.raw");
        assert_int_equal(scratch_tool(&scratch, "sh", "-c",
                                         "cd root/var/lib/extensions; for i in $(seq 127); do "
                                         "echo >$i.raw; done"),
                        0);
        search(LEAF_SYSEXT, &c);
        assert_int_equal(c.n, LAYERS_MAX);
        candidates_done(&c);
        put("var/lib/extensions/y.raw");
        assert_int_equal(
                        search_extensions(scratch_path(&scratch, "root").text, LEAF_SYSEXT, &c, &e),
                        -E2BIG);
        assert_non_null(strstr(e.text, "more than 128 extensions"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                the_first_folder_counts_and_names_are_sorted, make, drop),
                cmocka_unit_test_setup_teardown(
                                an_initrd_has_those_of_the_boot_loader_too, make, drop),
                cmocka_unit_test_setup_teardown(an_empty_folder_or_link_to_null_hides, make, drop),
                cmocka_unit_test_setup_teardown(the_newest_version_is_chosen, make, drop),
                cmocka_unit_test_setup_teardown(where_none_can_be_chosen_it_is_said, make, drop),
                cmocka_unit_test(a_file_name_tells_whose_it_is),
                cmocka_unit_test_setup_teardown(there_are_so_many_at_most, make, drop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
