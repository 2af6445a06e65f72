/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "image/release.h"
#include "wire/limits.h"

static void what_we_write_is_what_we_take(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

        (void) state;
        release_write("arm64", &b);
        assert_true(span_is(buf_span(&b), "ID=_any\nARCHITECTURE=arm64\n"));
        assert_int_equal(release_check(buf_span(&b), "made", "arm64", NULL), 0);
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

                if (release_check(span_of(cases[i]), "file", "x86-64", &e) < 0)
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

                assert_true(release_check(span_of(cases[i].text), "file", "x86-64", &e) < 0);
                assert_string_equal(e.text, cases[i].error);
        }
}

static void a_nul_in_it_is_refused(void **state) {
        (void) state;
        assert_int_equal(release_check(SPAN_LITERAL("ID=_any\nX=a\0b\n"), "file", "x86-64", NULL),
                        -EBADMSG);
}

static void it_is_bounded(void **state) {
        _cleanup_(buf_done) Buf keys = BUF_UP_TO(1 << 20), value = BUF_UP_TO(1 << 20);
        Err e = {};

        (void) state;
        buf_string(&keys, "ID=_any\n");
        for (int i = 1; i < EXTENSION_RELEASE_KEYS_MAX; i++)
                buf_printf(&keys, "K%d=\n", i);
        assert_int_equal(release_check(buf_span(&keys), "file", "x86-64", NULL), 0);
        buf_string(&keys, "ONE_MORE=\n");
        assert_int_equal(release_check(buf_span(&keys), "file", "x86-64", &e), -EBADMSG);
        assert_string_equal(e.text, "file, line 129: too many keys");

        buf_string(&value, "ID=_any\nX=");
        for (int i = 0; i < STRING_MAX; i++)
                buf_byte(&value, 'x');
        assert_int_equal(release_check(buf_span(&value), "file", "x86-64", NULL), 0);
        buf_byte(&value, 'x');
        assert_int_equal(release_check(buf_span(&value), "file", "x86-64", NULL), -EBADMSG);

        buf_zeros(&value, EXTENSION_RELEASE_MAX);
        assert_int_equal(release_check(buf_span(&value), "file", "x86-64", NULL), -E2BIG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_we_write_is_what_we_take),
                cmocka_unit_test(what_hosts_take_is_taken),
                cmocka_unit_test(what_no_host_takes_is_refused_with_its_line),
                cmocka_unit_test(a_nul_in_it_is_refused),
                cmocka_unit_test(it_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
