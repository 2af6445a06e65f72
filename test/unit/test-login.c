/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "tools/login.h"

#define RULES(ret, e, ...)                                                                         \
        login_rules((int) (sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)),              \
                        (const char *[]){ __VA_ARGS__ }, ret, e)

static void what_nobody_says_is_careful(void **state) {
        LoginRules r;

        (void) state;
        assert_int_equal(login_rules(0, NULL, &r, NULL), 0);
        assert_int_equal(r.on_failure, LOGIN_CONSOLE);
        assert_int_equal(r.seconds, 3);
        assert_false(r.ask);
        assert_null(r.tpm);
        for (size_t i = 0; i < EVENT_KINDS; i++)
                assert_true(r.kinds[i]);
}

static void each_word_says_one_thing(void **state) {
        LoginRules r;

        (void) state;
        assert_int_equal(RULES(&r, NULL, "ask", "timeout=60", "on-tpm-failure=deny",
                                         "kinds=sudo,login", "program=/p", "tpm=device:/t"),
                        0);
        assert_true(r.ask);
        assert_int_equal(r.seconds, 60);
        assert_int_equal(r.on_failure, LOGIN_DENY);
        assert_string_equal(r.program, "/p");
        assert_string_equal(r.tpm, "device:/t");
        for (size_t i = 0; i < EVENT_KINDS; i++)
                assert_int_equal(r.kinds[i], strcmp(event_kinds[i], "sudo") == 0 ||
                                                             strcmp(event_kinds[i], "login") == 0);
}

static const struct {
        const char *word, *why;
} refused[] = {
        { "", "'' is no word of pam_avouch(8)" },
        { "asks", "'asks' is no word of pam_avouch(8)" },
        { "ask=yes", "'ask=yes' is no word of pam_avouch(8)" },
        { "on-tpm-failure", "'on-tpm-failure' is no word of pam_avouch(8)" },
        { "on-tpm-failure=", "on-tpm-failure=: there are console, deny and allow" },
        { "on-tpm-failure=Deny", "on-tpm-failure=Deny: there are console, deny and allow" },
        { "kinds=", "kinds=: there is no kind ''" },
        { "kinds=login,", "kinds=: there is no kind ''" },
        { "kinds=login,logins", "kinds=: there is no kind 'logins'" },
        { "timeout=0", "timeout=0: seconds, from 1 to 60" },
        { "timeout=61", "timeout=61: seconds, from 1 to 60" },
        { "timeout=3s", "timeout=3s: seconds, from 1 to 60" },
        { "timeout=-1", "timeout=-1: seconds, from 1 to 60" },
};

/* All else holds: "deny" is not lost with a slip behind or before it. */
static void a_word_that_is_none_is_named(void **state) {
        (void) state;
        for (size_t i = 0; i < 2 * sizeof(refused) / sizeof(refused[0]); i++) {
                const char *word = refused[i / 2].word, *deny = "on-tpm-failure=deny";
                LoginRules r;
                Err e = {};

                assert_int_equal(RULES(&r, &e, i % 2 ? word : deny, i % 2 ? deny : word), -EINVAL);
                assert_string_equal(e.text, refused[i / 2].why);
                assert_int_equal(r.on_failure, LOGIN_DENY);
                assert_int_equal(r.seconds, 3);
        }
}

static void the_first_of_two_slips_is_named(void **state) {
        LoginRules r;
        Err e = {};

        (void) state;
        assert_int_equal(RULES(&r, &e, "asks", "timeout=0"), -EINVAL);
        assert_string_equal(e.text, "'asks' is no word of pam_avouch(8)");
}

static const struct {
        const char *service, *kind;
} services[] = {
        { "sshd", "login" },
        { "login", "login" },
        { "gdm-password", "login" },
        { "lightdm", "login" },
        { "sudo", "sudo" },
        { "sudo-i", "sudo" },
        { "su", "sudo" },
        { "su-l", "sudo" },
        { "systemd-run0", "sudo" },
        { "polkit-1", "sudo" },
        { "greetd", "login" },
        { "lxdm", "login" },
        { "xdm", "login" },
        { "xrdp-sesman", "login" },
        { "something", "other" },
        { "", "other" },
        { NULL, "other" },
        { "cron", NULL },
        { "systemd-user", NULL },
        { "gdm-launch-environment", NULL },
        { "lightdm-greeter", NULL },
        { "runuser-l", NULL },
};

static void a_service_says_what_a_session_is(void **state) {
        (void) state;
        for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
                int kind = login_kind(&(Login){ .service = services[i].service });

                if (services[i].kind)
                        assert_string_equal(event_kinds[kind], services[i].kind);
                else
                        assert_int_equal(kind, -1);
        }
}

static const struct {
        const char *service, *rhost;
        bool remote;
        const char *tty, *seat;
} places[] = {
        { "login", NULL, false },
        { "login", "", false },
        { "login", "gate.example", true },
        { "sudo", NULL, false },
        { "sshd", NULL, true },
        { "sshd", "localhost", true }, /* anybody can come to it from there */
        { "cockpit", "", true },
        { "xrdp-sesman", NULL, true },                /* which tells PAM of no host */
        { "login", NULL, false, "/dev/pts/3", NULL }, /* machinectl shell .host */
        { "sudo", NULL, false, "/dev/pts/3", NULL },
        { "gdm-password", NULL, false, NULL, NULL },
        /* who is not known says where its people are, or they are taken to be anywhere */
        { NULL, NULL, true, NULL, NULL },
        { "", NULL, true, "", "" },
        { "gnome-remote-desktop", NULL, true, NULL, NULL },
        { "something", NULL, true, ":10", NULL },
        { "something", NULL, true, "ssh", NULL },
        { "something", NULL, true, "pts/0", NULL },
        { "something", NULL, true, "/dev/pts/0", NULL },
        { "something", NULL, true, "tty", NULL }, /* whichever it is */
        { "something", NULL, true, "ttyp0", NULL },
        { "something", NULL, true, "tty12/../pts/0", NULL },
        { "something", NULL, true, "/dev//dev/tty1", NULL },
        { "something", NULL, true, "hvc", NULL },
        { "something", NULL, false, "tty1", NULL },
        { "something", NULL, false, "/dev/tty12", NULL },
        { "something", NULL, false, "console", NULL },
        { "something", NULL, false, "/dev/ttyS0", NULL },
        { "something", NULL, false, "ttyAMA0", NULL },
        { "something", NULL, false, "hvc0", NULL },
        { "something", NULL, false, NULL, "seat0" },
        { "something", "gate.example", true, "tty1", "seat0" },
        { "sshd", NULL, true, "tty1", "seat0" },
};

static void the_console_is_where_nothing_says_otherwise(void **state) {
        static const LoginFailure failures[] = { LOGIN_CONSOLE, LOGIN_DENY, LOGIN_ALLOW };

        (void) state;
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                const Login l = { .service = places[i].service,
                        .rhost = places[i].rhost,
                        .tty = places[i].tty,
                        .seat = places[i].seat };

                if (login_is_remote(&l) != places[i].remote)
                        fail_msg("place %zu is taken for %s", i,
                                        places[i].remote ? "the console" : "remote");
                for (size_t k = 0; k < 3; k++)
                        assert_int_equal(login_may_pass(&(LoginRules){ .on_failure = failures[k] },
                                                         &l),
                                        failures[k] == LOGIN_ALLOW ||
                                                        (failures[k] == LOGIN_CONSOLE &&
                                                                        !places[i].remote));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_nobody_says_is_careful),
                cmocka_unit_test(each_word_says_one_thing),
                cmocka_unit_test(a_word_that_is_none_is_named),
                cmocka_unit_test(the_first_of_two_slips_is_named),
                cmocka_unit_test(a_service_says_what_a_session_is),
                cmocka_unit_test(the_console_is_where_nothing_says_otherwise),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
