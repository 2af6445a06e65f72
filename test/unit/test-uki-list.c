/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "image/uki-list.h"

static UkiPart part_of(const char *text) {
        UkiPart p = { .name = "text", .fd = -1, .size = strlen(text), .bytes = BUF_UP_TO(64) };

        buf_string(&p.bytes, text);
        return p;
}

/* What was not taken is still the caller's. */
static int add(UkiList *l, const char *name, const char *text, Err *e) {
        _cleanup_(uki_part_done) UkiPart p = part_of(text);
        size_t n = l->n_parts;
        int rc = uki_list_add(l, name, &p, e);

        assert_int_equal(l->n_parts, n + (rc == 0));
        assert_int_equal(p.size, rc == 0 ? 0 : strlen(text));
        return rc;
}

static int join(UkiList *l, const char *name, const char *text, unsigned padded_to) {
        _cleanup_(uki_part_done) UkiPart p = part_of(text);

        return uki_list_join(l, name, &p, padded_to, NULL);
}

static void a_section_has_a_name_that_a_pe_file_can_have(void **state) {
        static const char *const bad[] = { "", ".12345678", ".a b", ".\xc3\xa9", ".a\n", ".\x7f" };
        _cleanup_(uki_list_done) UkiList l = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                Err e = {};

                assert_int_equal(add(&l, bad[i], "x", &e), -EINVAL);
                assert_non_null(strstr(e.text, "the name of a section"));
        }
        assert_int_equal(l.n, 0);
        assert_int_equal(add(&l, ".1234567", "x", NULL), 0);
        assert_int_equal(add(&l, "~", "x", NULL), 0);
}

static void a_profile_has_each_section_once(void **state) {
        _cleanup_(uki_list_done) UkiList l = {};

        (void) state;
        assert_int_equal(add(&l, ".cmdline", "", NULL), 0); /* one that is empty is none */
        assert_int_equal(add(&l, ".cmdline", "all", NULL), 0);
        assert_int_equal(add(&l, ".cmdline", "", NULL), 0);
        assert_int_equal(add(&l, ".cmdline", "again", NULL), -EEXIST);
        assert_int_equal(add(&l, ".dtbauto", "1", NULL), 0);
        assert_int_equal(add(&l, ".dtbauto", "2", NULL), 0);
        assert_int_equal(add(&l, ".efifw", "1", NULL), 0);
        assert_int_equal(add(&l, ".efifw", "2", NULL), 0);
        assert_int_equal(add(&l, ".profile", "ID=a", NULL), 0);
        assert_int_equal(add(&l, ".cmdline", "a's", NULL), 0);
        assert_int_equal(add(&l, ".cmdline", "again", NULL), -EEXIST);
        assert_int_equal(l.n_profiles, 1);
        uki_list_drop_empty(&l);
        assert_int_equal(l.n, 7);
}

static void the_first_of_a_profile_stands_for_that_of_all(void **state) {
        static const char *const sections[] = { ".cmdline", ".dtbauto", ".dtbauto", ".profile",
                ".cmdline", ".profile", ".dtbauto" };
        _cleanup_(uki_list_done) UkiList l = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTS(sections); i++)
                assert_int_equal(add(&l, sections[i], "x", NULL), 0);
        assert_ptr_equal(uki_list_find(&l, 0, ".cmdline"), &l.items[0]);
        assert_ptr_equal(uki_list_find(&l, 1, ".cmdline"), &l.items[4]);
        assert_ptr_equal(uki_list_find(&l, 2, ".cmdline"), &l.items[0]);
        assert_null(uki_list_find(&l, 2, ".initrd"));
        assert_ptr_equal(uki_list_next(&l, &l.items[1]), &l.items[2]);
        assert_null(uki_list_next(&l, &l.items[2])); /* not another profile's */
        assert_null(uki_list_next(&l, &l.items[0]));
        for (unsigned profile = 0; profile < 2; profile++) {
                assert_ptr_equal(uki_list_devicetree(&l, profile, 1), &l.items[2]);
                assert_null(uki_list_devicetree(&l, profile, 2));
        }
        assert_ptr_equal(uki_list_devicetree(&l, 2, 0), &l.items[6]);
        assert_null(uki_list_devicetree(&l, 2, 1));
}

static void parts_of_one_section_are_padded(void **state) {
        _cleanup_(uki_list_done) UkiList l = {};

        (void) state;
        assert_int_equal(join(&l, ".initrd", "12345", 4), 0);
        assert_int_equal(uki_content_size(&l.items[0].content), 5); /* alone it is as it is */
        assert_int_equal(join(&l, ".initrd", "1", 4), 0);
        assert_int_equal(l.n, 1);
        assert_int_equal(l.n_parts, 2);
        assert_int_equal(uki_content_size(&l.items[0].content), 12);
        assert_int_equal(join(&l, ".ucode", "1", 4), 0);
        assert_int_equal(l.n, 2);
}

static void there_is_an_end_to_them(void **state) {
        _cleanup_(uki_list_done) UkiList sections = {}, profiles = {}, parts = {};
        Err e = {};

        (void) state;
        for (unsigned i = 0; i < PE_SECTIONS_MAX; i++)
                assert_int_equal(add(&sections, ".dtbauto", "x", NULL), 0);
        assert_int_equal(add(&sections, ".dtbauto", "x", &e), -E2BIG);
        assert_non_null(strstr(e.text, "sections"));
        for (unsigned i = 0; i < PROFILES_MAX; i++)
                assert_int_equal(add(&profiles, ".profile", "x", NULL), 0);
        e = (Err){};
        assert_int_equal(add(&profiles, ".profile", "x", &e), -E2BIG);
        assert_non_null(strstr(e.text, "profiles"));
        for (unsigned i = 0; i < UKI_PARTS_MAX; i++)
                assert_int_equal(join(&parts, ".initrd", "x", 4), 0);
        assert_int_equal(join(&parts, ".initrd", "x", 4), -E2BIG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_section_has_a_name_that_a_pe_file_can_have),
                cmocka_unit_test(a_profile_has_each_section_once),
                cmocka_unit_test(the_first_of_a_profile_stands_for_that_of_all),
                cmocka_unit_test(parts_of_one_section_are_padded),
                cmocka_unit_test(there_is_an_end_to_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
