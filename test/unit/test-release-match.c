/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "layer/gpt-types.h"
#include "layer/release.h"
#include "support/folder.h"

#define DEBIAN "ID=debian\nVERSION_ID=\"12\"\n"

static int check(const char *extension, LeafType type, const char *host, bool initrd, Err *e) {
        System s = SYSTEM_NONE;
        int rc;

        s.initrd = initrd;
        buf_string(&s.release, host);
        rc = release_check(span_of(extension), type, &s, e);
        system_done(&s);
        return rc;
}

static void assert_fits(const char *extension, const char *host) {
        assert_int_equal(check(extension, LEAF_SYSEXT, host, false, NULL), 0);
}

static void assert_refused(const char *extension, const char *host, const char *why) {
        Err e = {};

        assert_int_equal(check(extension, LEAF_SYSEXT, host, false, &e), -ENOEXEC);
        assert_non_null(strstr(e.text, why));
}

static void it_is_for_this_system_and_version(void **state) {
        (void) state;
        assert_fits(DEBIAN, DEBIAN);
        assert_fits("ID=_any\n", DEBIAN);
        assert_fits("ID=_any\nVERSION_ID=7\n", DEBIAN);
        assert_fits("ID=debian\nVERSION_ID=12\n",
                        "ID=raspbian\nID_LIKE=\"x debian\"\nVERSION_ID=12");
        assert_fits("ID=arch\n", "ID=arch\n"); /* a rolling one */
        assert_refused("ID=fedora\nVERSION_ID=12\n", DEBIAN, "ID=fedora, this one has \"debian\"");
        assert_refused("ID=debian\nVERSION_ID=13\n", DEBIAN, "VERSION_ID=13, this one has \"12\"");
        assert_refused("ID=debian\n", DEBIAN, "VERSION_ID=");
        assert_refused("VERSION_ID=12\n", DEBIAN, "no plain ID=");
        assert_refused("ID=debian\nID=debian\nVERSION_ID=12\n", DEBIAN, "no plain ID=");
}

static void the_level_counts_where_both_have_one(void **state) {
        (void) state;
        assert_fits("ID=debian\nSYSEXT_LEVEL=2\nVERSION_ID=7\n", DEBIAN "SYSEXT_LEVEL=2\n");
        assert_fits("ID=debian\nSYSEXT_LEVEL=2\nVERSION_ID=12\n", DEBIAN);
        assert_refused("ID=debian\nSYSEXT_LEVEL=1\nVERSION_ID=12\n", DEBIAN "SYSEXT_LEVEL=2\n",
                        "SYSEXT_LEVEL=1");
        /* that of the other class is not asked */
        assert_fits(DEBIAN "CONFEXT_LEVEL=1\n", DEBIAN "CONFEXT_LEVEL=2\n");
        assert_int_equal(check(DEBIAN "CONFEXT_LEVEL=1\n", LEAF_CONFEXT, DEBIAN "CONFEXT_LEVEL=2\n",
                                         false, NULL),
                        -ENOEXEC);
}

static void the_architecture_is_ours_or_any(void **state) {
        char text[128];

        (void) state;
        (void) snprintf(text, sizeof(text), "ID=_any\nARCHITECTURE=%s\n",
                        gpt_types_native()->architecture);
        assert_fits(text, DEBIAN);
        assert_fits("ID=_any\nARCHITECTURE=_any\n", DEBIAN);
        assert_refused("ID=_any\nARCHITECTURE=vax\n", DEBIAN, "ARCHITECTURE=vax");
}

static void an_initrd_has_to_be_named(void **state) {
        (void) state;
        assert_int_equal(check("ID=_any\n", LEAF_SYSEXT, DEBIAN, true, NULL), -ENOEXEC);
        assert_int_equal(check("ID=_any\nSYSEXT_SCOPE=\"initrd system\"\n", LEAF_SYSEXT, DEBIAN,
                                         true, NULL),
                        0);
        assert_int_equal(check("ID=_any\nSYSEXT_SCOPE=initrd\n", LEAF_CONFEXT, DEBIAN, true, NULL),
                        -ENOEXEC);
        assert_int_equal(check("ID=_any\nCONFEXT_SCOPE=initrd\n", LEAF_CONFEXT, DEBIAN, true, NULL),
                        0);
        assert_refused("ID=_any\nSYSEXT_SCOPE=portable\n", DEBIAN, "SYSEXT_SCOPE=portable");
}

static void the_system_is_read_where_it_has_its_name(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        System s;

        (void) state;
        assert_int_equal(system_read(f.path, &s, NULL), -ENOENT);
        assert_int_equal(mkdir(folder_path(&f, "etc"), 0755), 0);
        folder_write(&f, "etc/os-release", SPAN_LITERAL(DEBIAN));
        assert_int_equal(system_read(f.path, &s, NULL), 0);
        assert_false(s.initrd);
        assert_true(span_is(buf_span(&s.release), DEBIAN));
        system_done(&s);
        folder_write(&f, "etc/initrd-release", SPAN_LITERAL(DEBIAN));
        assert_int_equal(system_read(f.path, &s, NULL), 0);
        assert_true(s.initrd);
        system_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_for_this_system_and_version),
                cmocka_unit_test(the_level_counts_where_both_have_one),
                cmocka_unit_test(the_architecture_is_ours_or_any),
                cmocka_unit_test(an_initrd_has_to_be_named),
                cmocka_unit_test(the_system_is_read_where_it_has_its_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
