/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "wire/sshauth.h"

#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIKiSOnQu/9WqSyhvNWEI0hjgXcOLcYMzyMU3yBLLgMSz"

static void each_method_with_its_key(void **state) {
        static const char text[] = "publickey ssh-ed25519 " KEY "\n"
                                   "publickey sk-ssh-ed25519@openssh.com AA==\n"
                                   "keyboard-interactive/pam\n";
        SshAuth a;

        (void) state;
        assert_int_equal(ssh_auth_parse(span_of(text), &a, NULL), 0);
        assert_int_equal(a.n_methods, 3);
        assert_true(span_is(a.methods[0].name, "publickey"));
        assert_true(span_is(a.methods[0].type, "ssh-ed25519"));
        assert_true(span_is(a.methods[0].key, KEY));
        assert_true(span_is(a.methods[1].type, "sk-ssh-ed25519@openssh.com"));
        assert_true(span_is(a.methods[1].key, "AA=="));
        assert_true(span_is(a.methods[2].name, "keyboard-interactive/pam"));
        assert_int_equal(a.methods[2].type.size, 0);
        assert_int_equal(a.methods[2].key.size, 0);

        /* the last line's end is no matter */
        assert_int_equal(ssh_auth_parse((Span){ (const uint8_t *) text, sizeof(text) - 2 }, &a,
                                         NULL),
                        0);
        assert_int_equal(a.n_methods, 3);
}

static const struct {
        const char *text;
        size_t at;
        const char *why;
} refused[] = {
        { "", 0, "empty" },
        { "\n", 0, "no name of a method" },
        { "password\n\n", 9, "no name of a method" },
        { " password\n", 0, "no name of a method" },
        { "pass\tword\n", 0, "no name of a method" },
        { "pass\x1bword\n", 0, "no name of a method" },
        { "password \n", 0, "more than a method, the type of a key, and the key" },
        { "publickey ssh-rsa\n", 0, "not the type of a key and the key" },
        { "publickey ssh-rsa \n", 0, "more than a method, the type of a key, and the key" },
        { "publickey  ssh-rsa AA==\n", 0, "more than a method, the type of a key, and the key" },
        { "publickey ssh_rsa AA==\n", 0, "not the type of a key and the key" },
        { "publickey ssh-rsa A_-A\n", 0, "a key that is not base64" },
        { "publickey ssh-rsa AA== x\n", 0, "more than a method, the type of a key, and the key" },
        { "a\nb\nc\nd\ne\nf\ng\nh\ni\n", 16, "more methods than there may be" },
        { "password\rpublickey\n", 0, "no name of a method" },
        /* one byte more than a word may have */
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 0,
                        "no name of a method" },
        { "a aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa A\n", 0,
                        "not the type of a key and the key" },
};

static void anything_else_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(refused); i++) {
                size_t size = strlen(refused[i].text);
                char expected[256];
                Err e = {};
                SshAuth a;

                (void) snprintf(expected, sizeof(expected),
                                "sshd's account of a login: malformed at byte %zu of %zu: %s",
                                refused[i].at, size, refused[i].why);
                assert_int_equal(ssh_auth_parse(span_of(refused[i].text), &a, &e), -EBADMSG);
                assert_string_equal(e.text, expected);
        }
}

static void a_byte_that_ends_a_string_ends_nothing_here(void **state) {
        SshAuth a;

        (void) state;
        assert_int_equal(ssh_auth_parse(SPAN_LITERAL("password\0more\n"), &a, NULL), -EBADMSG);
        assert_int_equal(ssh_auth_parse(SPAN_LITERAL("a b A\0A\n"), &a, NULL), -EBADMSG);
}

static void what_is_as_long_as_it_may_be_is_taken(void **state) {
        static char text[SSH_AUTH_MAX + 2] = "publickey ssh-rsa ";
        SshAuth a;

        (void) state;
        memset(text + strlen(text), 'A', SSH_AUTH_MAX - strlen(text));
        assert_int_equal(ssh_auth_parse(span_of(text), &a, NULL), 0);
        text[SSH_AUTH_MAX] = 'A';
        assert_int_equal(ssh_auth_parse(span_of(text), &a, NULL), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_method_with_its_key),
                cmocka_unit_test(anything_else_is_refused),
                cmocka_unit_test(a_byte_that_ends_a_string_ends_nothing_here),
                cmocka_unit_test(what_is_as_long_as_it_may_be_is_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
