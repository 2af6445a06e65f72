/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "verify/policy.h"

#define A_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B_64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void what_is_demanded_of_a_start_is_read(void **state) {
        Policy p = policy_default();

        (void) state;
        p.file = "boot.policy";
        assert_int_equal(policy_apply(SPAN_LITERAL("[Firmware]\n"
                                                   "SecureBoot=any\n"
                                                   "PlatformKey=" A_64 "\n"
                                                   "Authority=" A_64 "\n"
                                                   "Authority=" B_64 "\n"
                                                   "Revoked=" B_64 "\n"
                                                   "OptionROMs=no\n"
                                                   "[Kernel]\n"
                                                   "CommandLine=root=x quiet\n"
                                                   "AppendedCommandLine=a=1\n"
                                                   "Companions=yes\n"),
                                         &p, NULL),
                        0);
        assert_int_equal(p.boot.secure_boot, SWITCH_ANY);
        assert_int_equal(p.boot.n_platform_keys, 1);
        assert_int_equal(p.boot.platform_keys[0].sha256[31], 0xaa);
        assert_int_equal(p.boot.n_authorities, 2);
        assert_int_equal(p.boot.authorities[1].sha256[0], 0xbb);
        assert_int_equal(p.boot.n_revoked, 1);
        assert_int_equal(p.boot.revoked[0].line, 6);
        assert_string_equal(p.boot.revoked[0].file, "boot.policy");
        assert_false(p.boot.option_roms);
        assert_string_equal(p.boot.command_line, "root=x quiet");
        assert_string_equal(p.boot.appended, "a=1");
        assert_true(p.boot.companions);

        assert_int_equal(
                        policy_apply(SPAN_LITERAL("[Firmware]\nSecureBoot=no\nAuthority=\nOptionROMs=yes\n"
                                                  "[Kernel]\nCommandLine=\nCompanions=no\n"),
                                        &p, NULL),
                        0);
        assert_int_equal(p.boot.secure_boot, SWITCH_OFF);
        assert_int_equal(p.boot.n_authorities, 0);
        assert_true(p.boot.option_roms);
        assert_string_equal(p.boot.command_line, "");
        assert_false(p.boot.companions);
        assert_int_equal(policy_apply(SPAN_LITERAL("[Firmware]\nSecureBoot=yes\n"), &p, NULL), 0);
        assert_int_equal(p.boot.secure_boot, SWITCH_ON);
}

static void nothing_said_is_strict(void **state) {
        Policy p = policy_default();

        (void) state;
        assert_int_equal(p.boot.secure_boot, SWITCH_ON);
        assert_true(p.boot.option_roms);
        assert_false(p.boot.companions);
        assert_string_equal(p.boot.appended, "");
}

static void what_is_wrong_is_refused(void **state) {
        static const struct {
                const char *text, *said;
        } rows[] = {
                { "[Firmware]\nSecureBoot=on\n", "line 2: SecureBoot=on: yes, no, or any" },
                { "[Firmware]\nSecureBoot=\n", "yes, no, or any" },
                { "[Firmware]\nOptionROMs=1\n", "line 2: OptionROMs=1: yes, or no" },
                { "[Firmware]\nPlatformKey=aa\n", "a SHA-256 hash is 64 hex digits" },
                { "[Firmware]\nAuthority=A" A_64 "\n", "a SHA-256 hash is 64 hex digits" },
                { "[Firmware]\nRevoked=x\n", "a SHA-256 hash is 64 hex digits" },
                { "[Release]\nRootHash=x\n", "a SHA-256 hash is 64 hex digits" },
                { "[Kernel]\nCompanions=\n", "yes, or no" },
                { "[Kernel]\nSecureBoot=yes\n", "SecureBoot" },
                { "[Kernel]\nCommandline=x\n", "did you mean 'CommandLine'?" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Policy p = policy_default();
                Err e = {};

                assert_int_equal(policy_apply(span_of(rows[i].text), &p, &e), -EINVAL);
                if (!strstr(e.text, rows[i].said))
                        fail_msg("%s: %s", rows[i].text, e.text);
        }
}

static void there_are_limits(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(POLICY_MAX);
        Policy p = policy_default();

        (void) state;
        buf_string(&text, "[Firmware]\n");
        for (unsigned i = 0; i < POLICY_HASHES_MAX; i++)
                buf_string(&text, "Revoked=" A_64 "\n");
        assert_int_equal(policy_apply(buf_span(&text), &p, NULL), 0);
        assert_int_equal(p.boot.n_revoked, POLICY_HASHES_MAX);
        assert_int_equal(policy_apply(SPAN_LITERAL("[Firmware]\nRevoked=" A_64 "\n"), &p, NULL),
                        -EINVAL);

        for (size_t n = 0; n < 4; n++) {
                size_t more = n % 2;

                buf_done(&text);
                buf_printf(&text, "[Kernel]\n%sCommandLine=", n < 2 ? "" : "Appended");
                for (size_t i = 0; i < COMMAND_LINE_MAX + more; i++)
                        buf_byte(&text, 'x');
                assert_int_equal(policy_apply(buf_span(&text), &p, NULL), more ? -EINVAL : 0);
        }
        assert_int_equal(strlen(p.boot.command_line), COMMAND_LINE_MAX);
        assert_int_equal(strlen(p.boot.appended), COMMAND_LINE_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_demanded_of_a_start_is_read),
                cmocka_unit_test(nothing_said_is_strict),
                cmocka_unit_test(what_is_wrong_is_refused),
                cmocka_unit_test(there_are_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
