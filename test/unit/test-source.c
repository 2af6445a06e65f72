/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "image/source.h"
#include "support/scratch.h"

#define RELEASE "usr/lib/extension-release.d/extension-release.jq"

static void make_folder(const Scratch *s, const char *path) {
        assert_int_equal(dir_make(scratch_path(s, path).text, 0755, NULL), 0);
}

static void make_file(const Scratch *s, const char *path, const char *text) {
        scratch_write(s, path, span_of(text));
}

/* A folder "t" with a file in usr/. */
static Scratch small_tree(void) {
        Scratch s = scratch_new();

        make_folder(&s, "t/usr/bin");
        make_file(&s, "t/usr/bin/jq", "#!/bin/sh\n");
        return s;
}

static int look_as(const Scratch *s, LeafType type, Source *ret, Err *e) {
        ScratchPath path = scratch_path(s, "t");

        return source_open(&(SourceParams){ .path = path.text,
                                           .kind = image_kind(type),
                                           .name = "jq",
                                           .architecture = "x86-64",
                                           .scratch = s->folder },
                        ret, e);
}

static int look(const Scratch *s, Source *ret, Err *e) {
        return look_as(s, LEAF_SYSEXT, ret, e);
}

static void assert_refused_as(const Scratch *s, LeafType type, const char *text) {
        _cleanup_(source_done) Source source = SOURCE_NONE;
        char expected[512];
        Err e = {};

        assert_true(look_as(s, type, &source, &e) < 0);
        (void) snprintf(expected, sizeof(expected), "%s/t%s", s->folder, text);
        assert_string_equal(e.text, expected);
        assert_int_equal(source.fd, -1);
}

static void assert_refused(const Scratch *s, const char *text) {
        assert_refused_as(s, LEAF_SYSEXT, text);
}

static void a_tree_without_a_release_file_gets_one(void **state) {
        _cleanup_(scratch_done) Scratch s = small_tree();
        _cleanup_(source_done) Source source = SOURCE_NONE;

        (void) state;
        make_folder(&s, "t/opt");
        assert_int_equal(look(&s, &source, NULL), 0);
        assert_true(span_is(buf_span(&source.release), "ID=_any\nARCHITECTURE=x86-64\n"));
        assert_string_equal(source.release_path, RELEASE);
        assert_false(source.ready);
}

static void its_own_release_file_is_kept(void **state) {
        _cleanup_(scratch_done) Scratch s = small_tree();
        _cleanup_(source_done) Source source = SOURCE_NONE;

        (void) state;
        make_folder(&s, "t/usr/lib/extension-release.d");
        make_file(&s, "t/" RELEASE, "ID=debian\nVERSION_ID=12\n");
        make_file(&s, "t/usr/lib/extension-release.d/README", "for people");
        assert_int_equal(look(&s, &source, NULL), 0);
        assert_true(span_is(buf_span(&source.release), "ID=debian\nVERSION_ID=12\n"));
        assert_false(source.ready); /* the attribute is missing */
}

/* Ready means that mkfs may read the tree as it stands. */
static void a_tree_is_ready_with_mark_and_usual_root(void **state) {
        static const struct {
                const char *mark;
                mode_t mode;
                bool root_xattr, ready;
        } cases[] = {
                { "0", 0755, false, true },
                { "1", 0755, false, false },
                { "00", 0755, false, false },
                { "0", 0700, false, false },
                { "0", 0755, true, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = small_tree();
                _cleanup_(source_done) Source source = SOURCE_NONE;

                make_folder(&s, "t/usr/lib/extension-release.d");
                make_file(&s, "t/" RELEASE, "ID=_any\n");
                assert_int_equal(setxattr(scratch_path(&s, "t/" RELEASE).text, RELEASE_XATTR,
                                                 cases[i].mark, strlen(cases[i].mark), 0),
                                0);
                assert_int_equal(chmod(scratch_path(&s, "t").text, cases[i].mode), 0);
                if (cases[i].root_xattr)
                        assert_int_equal(setxattr(scratch_path(&s, "t").text, "user.x", "y", 1, 0),
                                        0);
                assert_int_equal(look(&s, &source, NULL), 0);
                assert_int_equal(source.ready, cases[i].ready);
        }
}

static void a_release_file_of_another_name_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = small_tree();

        (void) state;
        make_folder(&s, "t/usr/lib/extension-release.d");
        make_file(&s, "t/" RELEASE "5", "ID=_any\n");
        assert_refused(&s, "/" RELEASE "5: is for an extension of another name; rename it to "
                           "extension-release.jq, or build with --name=jq5");
}

static void a_release_file_that_no_host_takes_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = small_tree();

        (void) state;
        make_folder(&s, "t/usr/lib/extension-release.d");
        make_file(&s, "t/" RELEASE, "VERSION_ID=12\n");
        assert_refused(&s, "/" RELEASE ": has no ID=, so no host takes it; write the host's ID= or "
                           "ID=_any");
}

static void what_could_lead_a_host_elsewhere_is_refused(void **state) {
        static const struct {
                const char *link, *text;
        } cases[] = {
                { "t/usr/lib", "/usr/lib: is not a folder" },
                { "t/usr/lib/extension-release.d",
                                "/usr/lib/extension-release.d: is not a folder" },
                { "t/" RELEASE, "/" RELEASE ": is not a regular file" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = small_tree();
                ScratchPath link = scratch_path(&s, cases[i].link);

                *strrchr(link.text, '/') = '\0';
                assert_int_equal(dir_make(link.text, 0755, NULL), 0);
                assert_int_equal(symlink("bin", scratch_path(&s, cases[i].link).text), 0);
                assert_refused(&s, cases[i].text);
        }
}

static void what_is_no_extension_is_refused(void **state) {
        static const struct {
                const char *folder, *file, *text;
        } cases[] = {
                { "t/etc", NULL,
                                "/etc: not a folder that a system extension may hold, at its top are "
                                "only usr and opt" },
                { "t/usr", "t/README",
                                "/README: not a folder that a system extension may hold, at its top "
                                "are only usr and opt" },
                { "t/usr", "t/opt",
                                "/opt: not a folder that a system extension may hold, at its top are "
                                "only usr and opt" },
                { "t/usr/lib", "t/usr/lib/os-release",
                                "/usr/lib/os-release: makes the tree a system of its own; a system "
                                "extension has none, take it out" },
                { "t/usr/lib/os-release", NULL,
                                "/usr/lib/os-release: makes the tree a system of its own; a system "
                                "extension has none, take it out" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = small_tree();

                make_folder(&s, cases[i].folder);
                if (cases[i].file)
                        make_file(&s, cases[i].file, "");
                assert_refused(&s, cases[i].text);
        }
}

static void an_os_release_elsewhere_is_no_harm(void **state) {
        _cleanup_(scratch_done) Scratch s = small_tree();
        _cleanup_(source_done) Source source = SOURCE_NONE;

        (void) state;
        make_folder(&s, "t/usr/share/doc/usr/lib");
        make_file(&s, "t/usr/share/doc/usr/lib/os-release", "");
        make_folder(&s, "t/usr/lib/extension-release.d/sub");
        make_file(&s, "t/usr/lib/extension-release.d/sub/extension-release.other", "");
        assert_int_equal(look(&s, &source, NULL), 0);
}

static void an_empty_tree_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();

        (void) state;
        make_folder(&s, "t");
        assert_refused(&s, ": is empty; nothing to make a system extension of");
}

static void what_an_image_cannot_carry_is_refused(void **state) {
        static const struct {
                mode_t mode;
                const char *text;
        } cases[] = {
                { S_IFIFO, "a fifo" },
                { S_IFSOCK, "a socket" },
                { S_IFCHR, "a character device" },
                { S_IFBLK, "a block device" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = small_tree();
                char text[256];

                /* 0/0 is what an overlay hides a file with; it needs no right to be made */
                if (mknod(scratch_path(&s, "t/usr/bin/odd").text, cases[i].mode | 0600, 0) < 0) {
                        assert_int_equal(errno, EPERM);
                        continue;
                }
                (void) snprintf(text, sizeof(text),
                                "/usr/bin/odd: is %s; a system extension holds only files, folders "
                                "and symbolic links",
                                cases[i].text);
                assert_refused(&s, text);
        }
}

static void configuration_lies_in_etc_alone(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();
        _cleanup_(source_done) Source source = SOURCE_NONE;

        (void) state;
        make_folder(&s, "t/etc/jq");
        assert_int_equal(look_as(&s, LEAF_CONFEXT, &source, NULL), 0);
        assert_string_equal(source.release_path, "etc/extension-release.d/extension-release.jq");
        assert_true(span_is(buf_span(&source.release), "ID=_any\nARCHITECTURE=x86-64\n"));

        make_file(&s, "t/etc/os-release", "ID=x\n");
        assert_refused_as(&s, LEAF_CONFEXT,
                        "/etc/os-release: makes the tree a system of its own; a configuration "
                        "extension has none, take it out");
        assert_int_equal(unlink(scratch_path(&s, "t/etc/os-release").text), 0);
        make_folder(&s, "t/usr");
        assert_refused_as(&s, LEAF_CONFEXT,
                        "/usr: not a folder that a configuration extension may hold, at its top is "
                        "only etc");
}

/* What is no extension has no release file, and its root is what it was. */
static void a_system_has_an_os_release(void **state) {
        static const struct {
                LeafType type;
                const char *folder, *file, *text;
        } cases[] = {
                { LEAF_ROOT, "t/etc", "t/etc/os-release",
                                ": has no usr/lib/os-release, without which it is not a root file "
                                "system" },
                { LEAF_PORTABLE, "t/usr/lib", "t/usr/lib/os-release",
                                ": has no usr/lib/os-release, without which it is not a portable "
                                "service" },
                { LEAF_USR, "t/lib", "t/lib/os-release",
                                ": has no lib/os-release, without which it is not a /usr file "
                                "system" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(scratch_done) Scratch s = small_tree();
                _cleanup_(source_done) Source source = SOURCE_NONE;

                make_folder(&s, cases[i].folder);
                assert_refused_as(&s, cases[i].type, cases[i].text);
                assert_int_equal(symlink("x", scratch_path(&s, cases[i].file).text), 0);
                assert_int_equal(chmod(scratch_path(&s, "t").text, 0700), 0);
                assert_int_equal(look_as(&s, cases[i].type, &source, NULL), 0);
                assert_true(source.ready);
                assert_string_equal(source.release_path, "");
                assert_int_equal(source.release.size, 0);
        }
}

/* 0/0 is what an overlay hides a file with; it needs no right to be made. */
static void a_system_may_have_devices_and_no_sockets(void **state) {
        _cleanup_(scratch_done) Scratch s = small_tree();
        _cleanup_(source_done) Source source = SOURCE_NONE;
        ScratchPath odd = scratch_path(&s, "t/usr/bin/odd");

        (void) state;
        make_folder(&s, "t/etc");
        make_file(&s, "t/etc/os-release", "ID=x\n");
        assert_int_equal(mknod(odd.text, S_IFCHR | 0600, 0), 0);
        assert_int_equal(look_as(&s, LEAF_ROOT, &source, NULL), 0);
        assert_int_equal(unlink(odd.text), 0);
        assert_int_equal(mknod(odd.text, S_IFSOCK | 0600, 0), 0);
        assert_refused_as(&s, LEAF_ROOT,
                        "/usr/bin/odd: is a socket; a root file system holds only files, folders, "
                        "devices, fifos and symbolic links");
}

static void a_source_that_is_nothing_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = scratch_new();

        (void) state;
        assert_refused(&s, ": No such file or directory");
        make_file(&s, "t", "neither a file system nor an archive");
        assert_refused(&s, ": tar says: This does not look like a tar archive");
}

static void a_tree_deeper_than_we_follow_is_refused(void **state) {
        _cleanup_(scratch_done) Scratch s = small_tree();
        _cleanup_(buf_done) Buf path = BUF_UP_TO(4096);
        _cleanup_(source_done) Source source = SOURCE_NONE;
        Err e = {};

        (void) state;
        buf_string(&path, "t/usr");
        for (int i = 0; i < 256; i++)
                buf_string(&path, "/d");
        buf_byte(&path, '\0');
        make_folder(&s, (const char *) path.data);
        assert_int_equal(look(&s, &source, &e), -ELOOP);
        assert_non_null(strstr(e.text, ": is 256 folders deep, which is too deep: usr/d/d"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_tree_without_a_release_file_gets_one),
                cmocka_unit_test(its_own_release_file_is_kept),
                cmocka_unit_test(a_tree_is_ready_with_mark_and_usual_root),
                cmocka_unit_test(a_release_file_of_another_name_is_refused),
                cmocka_unit_test(a_release_file_that_no_host_takes_is_refused),
                cmocka_unit_test(what_could_lead_a_host_elsewhere_is_refused),
                cmocka_unit_test(what_is_no_extension_is_refused),
                cmocka_unit_test(an_os_release_elsewhere_is_no_harm),
                cmocka_unit_test(an_empty_tree_is_refused),
                cmocka_unit_test(what_an_image_cannot_carry_is_refused),
                cmocka_unit_test(configuration_lies_in_etc_alone),
                cmocka_unit_test(a_system_has_an_os_release),
                cmocka_unit_test(a_system_may_have_devices_and_no_sockets),
                cmocka_unit_test(a_source_that_is_nothing_is_refused),
                cmocka_unit_test(a_tree_deeper_than_we_follow_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
