/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "image/release.h"
#include "wire/limits.h"

static int check_as(LeafType type, Span text, Err *e) {
        return release_check(text, "file",
                        &(ReleaseParams){ .kind = image_kind(type), .architecture = "x86-64" }, e);
}

static int check(Span text, Err *e) {
        return check_as(LEAF_SYSEXT, text, e);
}

static void what_we_write_is_what_we_take(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

        (void) state;
        assert_int_equal(release_write(&(ReleaseParams){ .kind = image_kind(LEAF_SYSEXT),
                                                       .architecture = "arm64" },
                                         &b, NULL),
                        0);
        assert_true(span_is(buf_span(&b), "ID=_any\nARCHITECTURE=arm64\n"));
}

static void what_hosts_take_is_taken(void **state) {
        static const char *const cases[] = {
                "ID=_any",
                "ID=_any\n",
                "ID=debian\nVERSION_ID=12\n",
                "ID=\"debian\"\nVERSION_ID='12'\n",
                "# a comment\n\n  \t\nID=debian\nSYSEXT_LEVEL=1.0\nARCHITECTURE=x86-64\n",
                "ID=_any\nARCHITECTURE=_any\nSYSEXT_SCOPE=\"system initrd portable\"\n",
                "ID=_any\nVERSION_ID=1:2.3+dfsg~rc1-2^x\nURL=https://example.org/x#y\n",
                "ID=_any\r\nARCHITECTURE=x86-64\r\n",
                "ID=_any\nARCHITECTURE=\n",
                "ID=_any\nPRETTY_NAME=\"\xc3\xa4 name; with (all) & more\"\n",
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Err e = {};

                if (check(span_of(cases[i]), &e) < 0)
                        fail_msg("%s: %s", cases[i], e.text);
        }
}

static void what_no_host_takes_is_refused_with_its_line(void **state) {
        static const struct {
                const char *text, *error;
        } cases[] = {
                { "", "file: has no ID=, so no host takes it; write the host's ID= or ID=_any" },
                { "ID=\n", "file: has no ID=, so no host takes it; write the host's ID= or ID=_any" },
                { "VERSION_ID=12\n",
                                "file: has no ID=, so no host takes it; write the host's ID= or "
                                "ID=_any" },
                { "#ID=debian\n", "file: has no ID=, so no host takes it; write the host's ID= or "
                                  "ID=_any" },
                { "ID=_any\nARCHITECTURE=arm64\n",
                                "file: says ARCHITECTURE=arm64, but the image is built for x86-64" },
                { "ID=_any\nARCHITECTURE=x86_64\n",
                                "file: says ARCHITECTURE=x86_64, but the image is built for "
                                "x86-64" },
                { "ID=_any\nID=debian\n", "file, line 2: a key that was given before" },
                { "ID=_any\nID=_any\n", "file, line 2: a key that was given before" },
                { "ID=_any\n\nhello\n", "file, line 3: neither KEY=VALUE nor a comment" },
                { "ID =_any\n", "file, line 1: a key that is not made of capitals, digits and '_'" },
                { "=x\n", "file, line 1: a key that is not made of capitals, digits and '_'" },
                { "1D=x\n", "file, line 1: a key that is not made of capitals, digits and '_'" },
                { "ID=\"_any\n", "file, line 1: a quote that is not closed on its line" },
                { "ID=\"\n", "file, line 1: a quote that is not closed on its line" },
                { "ID='_any\"\n", "file, line 1: a quote that is not closed on its line" },
                { "ID=a b\n", "file, line 1: a value that is neither a plain word nor a quoted "
                              "text without escapes" },
                { "ID=\"a$b\"\n", "file, line 1: a value that is neither a plain word nor a quoted "
                                  "text without escapes" },
                { "ID=$(id)\n", "file, line 1: a value that is neither a plain word nor a quoted "
                                "text without escapes" },
                { "ID=a\\\n", "file, line 1: a value that is neither a plain word nor a quoted "
                              "text without escapes" },
                { "ID=\"a\x01\"\n",
                                "file, line 1: a value that is neither a plain word nor a quoted "
                                "text without escapes" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Err e = {};

                assert_true(check(span_of(cases[i].text), &e) < 0);
                assert_string_equal(e.text, cases[i].error);
        }
}

static int write_fields(LeafType type, const char *const *fields, size_t n, Buf *to, Err *e) {
        return release_write(&(ReleaseParams){ .kind = image_kind(type),
                                             .architecture = "x86-64",
                                             .fields = fields,
                                             .n_fields = n },
                        to, e);
}

static void what_was_asked_for_is_written_in_one_order(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        static const char *const fields[] = { "EXTENSION_RESTART_UNITS=a.service b@c.socket",
                "SYSEXT_SCOPE=system initrd", "VERSION_ID=12", "ID=debian", "SYSEXT_LEVEL=1.0",
                "EXTENSION_RELOAD_MANAGER=1", "ARCHITECTURE=_any" };

        (void) state;
        assert_int_equal(write_fields(LEAF_SYSEXT, fields, ELEMENTS(fields), &b, NULL), 0);
        assert_true(span_is(buf_span(&b),
                        "ID=debian\nVERSION_ID=12\nSYSEXT_LEVEL=1.0\nARCHITECTURE=_any\n"
                        "SYSEXT_SCOPE=\"system initrd\"\nEXTENSION_RELOAD_MANAGER=1\n"
                        "EXTENSION_RESTART_UNITS=\"a.service b@c.socket\"\n"));
}

static void what_cannot_be_written_is_refused(void **state) {
        static const struct {
                LeafType type;
                const char *fields[2], *error;
        } cases[] = {
                { LEAF_SYSEXT, { "ID" }, "'--extension-release=ID' is not KEY=VALUE" },
                { LEAF_SYSEXT, { "id=x" }, "'--extension-release=id=x' is not KEY=VALUE" },
                { LEAF_SYSEXT, { "ID=a", "ID=b" }, "'--extension-release=ID=' is given twice" },
                { LEAF_SYSEXT, { "VERSIONID=1" },
                                "'--extension-release=VERSIONID=' is not known; did you mean "
                                "VERSION_ID=?" },
                { LEAF_SYSEXT, { "ID=" },
                                "--extension-release=: has no ID=, so no host takes it; write the "
                                "host's ID= or ID=_any" },
                { LEAF_SYSEXT, { "ID=De bian" },
                                "--extension-release=: ID= is 'De bian', not a host's ID=, or "
                                "_any" },
                { LEAF_SYSEXT, { "SYSEXT_SCOPE=system,initrd" },
                                "--extension-release=: SYSEXT_SCOPE= is 'system,initrd', not words "
                                "out of system, portable and initrd" },
                { LEAF_SYSEXT, { "CONFEXT_LEVEL=1" },
                                "--extension-release=: no host looks at CONFEXT_LEVEL= in a system "
                                "extension" },
                { LEAF_CONFEXT, { "SYSEXT_SCOPE=system" },
                                "--extension-release=: no host looks at SYSEXT_SCOPE= in a "
                                "configuration extension" },
                { LEAF_CONFEXT, { "EXTENSION_RELOAD_MANAGER=maybe" },
                                "--extension-release=: EXTENSION_RELOAD_MANAGER= is 'maybe', not yes "
                                "or no" },
                { LEAF_CONFEXT, { "EXTENSION_RESTART_UNITS=a.service b" },
                                "--extension-release=: EXTENSION_RESTART_UNITS= is 'a.service b', "
                                "not names of units" },
                { LEAF_CONFEXT, { "ARCHITECTURE=arm64" },
                                "--extension-release=: says ARCHITECTURE=arm64, but the image is "
                                "built for x86-64" },
                { LEAF_CONFEXT, { "NAME=$(id)" },
                                "--extension-release=, line 3: a value that is neither a plain word "
                                "nor a quoted text without escapes" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                Err e = {};

                assert_int_equal(write_fields(cases[i].type, cases[i].fields,
                                                 cases[i].fields[1] ? 2 : 1, &b, &e),
                                -EINVAL);
                assert_string_equal(e.text, cases[i].error);
        }
}

/* The same of a file that a tree brings. */
static void values_that_no_host_understands_are_refused(void **state) {
        Err e = {};

        (void) state;
        assert_int_equal(check(SPAN_LITERAL("ID=x\nSYSEXT_SCOPE=sytem\n"), &e), -EBADMSG);
        assert_string_equal(e.text, "file: SYSEXT_SCOPE= is 'sytem', not words out of system, "
                                    "portable and initrd");
        assert_int_equal(check_as(LEAF_CONFEXT, SPAN_LITERAL("ID=x\nSYSEXT_LEVEL=1\n"), NULL),
                        -EBADMSG);
        assert_int_equal(check_as(LEAF_CONFEXT, SPAN_LITERAL("ID=x\nCONFEXT_LEVEL=1\n"), NULL), 0);
        assert_int_equal(check(SPAN_LITERAL("ID=x\nEXTENSION_RESTART_UNITS=\n"), NULL), 0);
        assert_int_equal(check(SPAN_LITERAL("ID=x\nEXTENSION_RESTART_UNITS=a/b.service\n"), NULL),
                        -EBADMSG);
        assert_int_equal(check(SPAN_LITERAL("ID=x\nEXTENSION_RESTART_UNITS=.service\n"), NULL),
                        -EBADMSG);
}

static void a_nul_in_it_is_refused(void **state) {
        (void) state;
        assert_int_equal(check(SPAN_LITERAL("ID=_any\nX=a\0b\n"), NULL), -EBADMSG);
}

static void it_is_bounded(void **state) {
        _cleanup_(buf_done) Buf keys = BUF_UP_TO(1 << 20), value = BUF_UP_TO(1 << 20);
        Err e = {};

        (void) state;
        buf_string(&keys, "ID=_any\n");
        for (int i = 1; i < EXTENSION_RELEASE_KEYS_MAX; i++)
                buf_printf(&keys, "K%d=\n", i);
        assert_int_equal(check(buf_span(&keys), NULL), 0);
        buf_string(&keys, "ONE_MORE=\n");
        assert_int_equal(check(buf_span(&keys), &e), -EBADMSG);
        assert_string_equal(e.text, "file, line 129: too many keys");

        buf_string(&value, "ID=_any\nX=");
        for (int i = 0; i < STRING_MAX; i++)
                buf_byte(&value, 'x');
        assert_int_equal(check(buf_span(&value), NULL), 0);
        buf_byte(&value, 'x');
        assert_int_equal(check(buf_span(&value), NULL), -EBADMSG);

        buf_zeros(&value, EXTENSION_RELEASE_MAX);
        assert_int_equal(check(buf_span(&value), NULL), -E2BIG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_we_write_is_what_we_take),
                cmocka_unit_test(what_hosts_take_is_taken),
                cmocka_unit_test(what_no_host_takes_is_refused_with_its_line),
                cmocka_unit_test(what_was_asked_for_is_written_in_one_order),
                cmocka_unit_test(what_cannot_be_written_is_refused),
                cmocka_unit_test(values_that_no_host_understands_are_refused),
                cmocka_unit_test(a_nul_in_it_is_refused),
                cmocka_unit_test(it_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
