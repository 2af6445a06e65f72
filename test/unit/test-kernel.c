/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/start.h"

/* The claim kernel: a UKI started by firmware, judged by the leaf of its release. */

static void a_known_uki_is_proven(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        lay(&s);
        judge(&s);
        assert_said(&s, CLAIM_PROVEN, "UKI 'linux' 7, a known release; PCR 11 shows no phase");
        start_done(&s);
}

/* Whoever runs before it can measure a UKI that is not started. */
static void a_uki_leans_on_what_ran_before_it(void **state) {
        static const char measured[] = "if no other program measured it in its place";
        _cleanup_(buf_done) Buf vendor = BUF_UP_TO(4096);
        Start s;

        (void) state;
        firmlog_certificate(&vendor, "vendor");
        for (int row = 0; row < 3; row++) {
                start_begin(&s);
                s.boot.secure_boot = row == 2;
                s.boot.certificate = buf_span(&vendor);
                s.c.policy.boot.secure_boot = row == 0 ? SWITCH_ON : SWITCH_ANY;
                add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
                lay(&s);
                judge(&s);
                assert_said(&s, CLAIM_PROVEN, row == 2 ? "a known release" : measured);
                if (row == 0)
                        assert_said_last(&s, CLAIM_PROVEN, "in its place (firmware)");
                if (row == 1)
                        assert_said_last(&s, CLAIM_PROVEN, "in its place, as Secure Boot is off");
                if (row == 2)
                        assert_said_last(&s, CLAIM_PROVEN, "PCR 11 shows no phase");
                start_done(&s);
        }
}

/* As all that is quoted does on the TPM. */
static void a_uki_leans_on_the_tpm(void **state) {
        static const Claim claims[] = { CLAIM_FIRMWARE, CLAIM_KERNEL };
        Start s;

        (void) state;
        start_begin(&s);
        s.c.policy.boot.secure_boot = SWITCH_ANY;
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        lay(&s);
        s.c.forge.clock.restart_count++;
        s.c.policy.n_keys = 1; /* another one: zeros */
        judge(&s);
        for (size_t i = 0; i < ELEMENTS(claims); i++) {
                const char *reason = s.c.judgement.verdict.reasons[claims[i]];

                assert_int_equal(case_state(&s.c, claims[i]), CLAIM_PROVEN);
                assert_non_null(strstr(reason, "; by a key that policy does not name"));
                assert_non_null(strstr(reason, "resumed or restarted 1 times since"));
        }
        start_done(&s);
}

static void phases_are_told(void **state) {
        static const char *const words[] = { "enter-initrd", "leave-initrd", "sysinit", "ready" };
        Start s;

        (void) state;
        start_begin(&s);
        s.running = "root=x quiet\n";
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        lay(&s);
        for (size_t i = 0; i < ELEMENTS(words); i++)
                firmlog_extend(&s.c.forge.values, 11, words[i]);
        for (unsigned pcr = 0; pcr < 8; pcr++)
                firmlog_extend(&s.c.forge.values, pcr, "os-separator");
        firmlog_extend(&s.c.forge.values, 13, "os-separator");
        judge(&s);
        assert_said(&s, CLAIM_PROVEN,
                        "a known release, command line \"root=x quiet\"; PCR 11 shows enter-initrd:leave-initrd:sysinit:ready");
        assert_int_equal(case_state(&s.c, CLAIM_REGISTERS), CLAIM_PROVEN);

        firmlog_extend(&s.c.forge.values, 11, "something");
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "the logs do not replay to pcr:11");
        assert_refused(&s.c, CLAIM_REGISTERS, "do not replay to what was quoted of sha256:11");
        start_done(&s);
}

/* A leaf may have values of PCR 11 alone. */
static void a_foretold_value_is_enough(void **state) {
        Digest value, other = digest_zero(HASH_SHA256);

        (void) state;
        for (unsigned wrong = 0; wrong < 2; wrong++) {
                Start s;

                start_begin(&s);
                lay(&s);
                firmlog_extend(&s.c.forge.values, 11, "enter-initrd");
                firmlog_extend(&s.c.forge.values, 11, "leave-initrd");
                value = s.c.forge.values.digests[0][11];
                add_leaf(&s.c, "linux", "", "", wrong ? &other : &value);
                judge(&s);
                assert_said(&s, wrong ? CLAIM_NOT_PROVEN : CLAIM_PROVEN,
                                wrong ? "is no release that was handed over" : "UKI 'linux' 7");
                start_done(&s);
        }
        /* the same value, but before its phases */
        for (unsigned early = 0; early < 2; early++) {
                Start s;

                start_begin(&s);
                lay(&s);
                value = s.c.forge.values.digests[0][11];
                add_leaf(&s.c, "linux", "", "", &value);
                judge(&s);
                assert_said(&s, CLAIM_NOT_PROVEN, "is no release that was handed over");
                start_done(&s);
        }
}

static void what_differs_is_named(void **state) {
        static const struct {
                const char *kernel, *cmdline, *running, *known, *said;
        } rows[] = {
                { "another kernel", "root=x quiet", NULL, "",
                                "release 'linux' 7: its .linux differs" },
                { "a kernel", "root=x", NULL, "", "release 'linux' 7: its command line differs" },
                { "a kernel", "root=x", "root=x quiet\n", "",
                                "its command line differs: \"quiet\" was added" },
                { "a kernel", "quiet", "root=x quiet", "", "differs: \"root=x\" was added" },
                { "a kernel", "root=x loud", "root=x quiet", "", "differs: \"root=x quiet\"" },
                { "a kernel", "root=x loud", "root=x quiet", "root=x loud",
                                "differs: \"quiet\" stands where \"loud\" belongs" },
                { "a kernel", "root=x", "root=x other", "", "its command line differs" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Start s;

                start_begin(&s);
                s.running = rows[i].running;
                (void) snprintf(s.c.policy.boot.command_line, sizeof(s.c.policy.boot.command_line),
                                "%s", rows[i].known);
                add_leaf(&s.c, "other", "third kernel", "third line", NULL);
                add_leaf(&s.c, "linux", rows[i].kernel, rows[i].cmdline, NULL);
                lay(&s);
                judge(&s);
                assert_said_last(&s, CLAIM_NOT_PROVEN, rows[i].said);
                start_done(&s);
        }
}

static void policy_may_name_the_command_line(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        s.running = "root=x quiet";
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        lay(&s);
        (void) snprintf(s.c.policy.boot.command_line, sizeof(s.c.policy.boot.command_line), "%s",
                        "root=x quiet");
        judge(&s);
        assert_said(&s, CLAIM_PROVEN, "a known release");
        (void) snprintf(s.c.policy.boot.command_line, sizeof(s.c.policy.boot.command_line), "%s",
                        "root=x quiet audit=1");
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "is not the one of policy: \"audit=1\" is missing");
        start_done(&s);
}

static void no_release_proves_nothing(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        lay(&s);
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "is no release that was handed over");
        start_done(&s);
}

static void an_appended_line_is_named(void **state) {
        static const struct {
                const char *allowed;
                ClaimState state;
                const char *said;
        } rows[] = {
                { "", CLAIM_NOT_PROVEN,
                                "\"systemd.debug_shell\" was added to the command line from outside" },
                { "systemd.debug_shell", CLAIM_PROVEN, "a known release" },
                { "systemd.debug_shell=1", CLAIM_NOT_PROVEN, "\"systemd.debug_shell\" was added" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Start s;

                start_begin(&s);
                s.boot.appended = "systemd.debug_shell";
                add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
                lay(&s);
                (void) snprintf(s.c.policy.boot.appended, sizeof(s.c.policy.boot.appended), "%s",
                                rows[i].allowed);
                judge(&s);
                assert_said(&s, rows[i].state, rows[i].said);
                start_done(&s);
        }
}

/* The log calls an appended command line a credential. */
static void a_command_line_cannot_pass_for_a_credential(void **state) {
        _cleanup_(buf_done) Buf name = BUF_UP_TO(256);
        FirmEvent *event;
        Start s;

        (void) state;
        start_begin(&s);
        s.boot.appended = "init=/bin/sh";
        s.running = "root=x quiet init=/bin/sh";
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        lay(&s);
        s.c.policy.boot.companions = true;
        event = &s.log.events[firmlog_find(&s.log, 12, EV_IPL, 0)];
        firmlog_utf16(&name, "Credentials initrd", true);
        memcpy(event->data, name.data, name.size);
        event->size = name.size;
        buf_done(&s.c.forge.firmware);
        firmlog_write(&s.log, &s.c.forge.firmware);
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "not started with the command line of its UKI");
        /* nor does it help to claim another line */
        buf_done(&s.c.forge.line);
        buf_string(&s.c.forge.line, "root=x quiet");
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "cannot be told");
        start_done(&s);
}

/* What the running system extends into PCR 9 comes after the kernel's own event. */
static void a_later_line_does_not_count(void **state) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(256);
        Start s;

        (void) state;
        start_begin(&s);
        s.boot.credentials = true;
        s.running = "root=x";
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        s.c.policy.boot.companions = true;
        lay(&s);
        firmlog_utf16(&line, "root=x", true);
        firmlog_add_tag(&s.log, 9, 0x8f3b22ed, "LOADED_IMAGE::LoadOptions", buf_span(&line));
        forge_firmware(&s.c.forge, &s.log);
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "cannot be told");
        start_done(&s);
}

/* PCR 9 that does not replay says nothing of the command line. */
static void a_line_in_a_register_that_does_not_replay_does_not_count(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        s.boot.credentials = true;
        s.running = "root=x quiet";
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        s.c.policy.boot.companions = true;
        lay(&s);
        s.c.forge.values.digests[0][9].bytes[0] ^= 1;
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "cannot be told");
        start_done(&s);
}

/* The stub measures the one that it chose. */
static void which_device_tree_it_was_is_told(void **state) {
        static const struct {
                const char *tree;
                ClaimState is;
                const char *said;
        } rows[] = {
                { "another tree", CLAIM_PROVEN, "a known release, with .dtbauto 2 of 2; PCR 11" },
                { "no such tree", CLAIM_NOT_PROVEN,
                                "the UKI is not release 'linux' 7: its .dtbauto differs" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Start s;

                start_begin(&s);
                add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
                lay(&s);
                firmlog_add_section(&s.log, ".dtbauto", span_of(rows[i].tree));
                forge_firmware(&s.c.forge, &s.log);
                judge(&s);
                assert_said(&s, rows[i].is, rows[i].said);
                start_done(&s);
        }
}

static void the_order_of_sections_is_held(void **state) {
        (void) state;
        for (unsigned row = 0; row < 6; row++) {
                static const char *const said[] = { "the content of another section",
                        "no section of a UKI", "not what was measured",
                        "the content of section .initrd was not measured", "no section of a UKI",
                        "is not release" };
                size_t first;
                Start s;

                start_begin(&s);
                add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
                lay(&s);
                first = firmlog_find(&s.log, 11, EV_IPL, 0);
                if (row == 0)
                        firmlog_swap(&s.log, first + 1, first + 2);
                if (row == 1)
                        s.log.events[first].type = EV_EVENT_TAG;
                if (row == 2)
                        s.log.events[first].digests[0].bytes[0] ^= 1;
                if (row == 3)
                        firmlog_remove(&s.log, firmlog_find(&s.log, 11, EV_IPL, 7));
                if (row == 4)
                        (void) firmlog_add(&s.log, 11, EV_IPL, SPAN_LITERAL("x"));
                if (row == 5)
                        firmlog_add_section(&s.log, ".more", SPAN_LITERAL("more"));
                forge_firmware(&s.c.forge, &s.log);
                judge(&s);
                assert_said(&s, CLAIM_NOT_PROVEN, said[row]);
                start_done(&s);
        }
}

#define ROOT_LINE "root=x roothash=" HEX_64

static void what_is_no_uki_is_named(void **state) {
        _cleanup_(buf_done) Buf line = BUF_UP_TO(256);
        Start s;

        (void) state;
        start_begin(&s);
        s.boot.cmdline = NULL;
        lay(&s);
        judge(&s);
        assert_said_last(&s, CLAIM_NOT_PROVEN, "no UKI was measured in PCR 11");
        s.c.policy.registers[0].index = 15; /* GRUB has PCR 8 */
        firmlog_utf16(&line, ROOT_LINE, true);
        firmlog_add_tag(&s.log, 9, 0x8f3b22ed, "LOADED_IMAGE::LoadOptions", buf_span(&line));
        buf_string(&s.c.forge.line, ROOT_LINE);
        (void) firmlog_add_of(&s.log, 8, EV_IPL, SPAN_LITERAL("kernel_cmdline: /vmlinuz root=x\0"),
                        SPAN_LITERAL("/vmlinuz root=x"));
        (void) firmlog_add_of(&s.log, 8, EV_IPL, SPAN_LITERAL("kernel_cmdline: /vmlinuz root=y\0"),
                        SPAN_LITERAL("/vmlinuz root=z"));
        forge_firmware(&s.c.forge, &s.log);
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "GRUB started a kernel by the line \"/vmlinuz root=x\"");
        assert_int_equal(case_state(&s.c, CLAIM_ROOT), CLAIM_ABSENT); /* it is no UKI's line */
        start_done(&s);
}

static void without_a_log_nothing_is_said(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        judge(&s);
        assert_said(&s, CLAIM_ABSENT, "the evidence has no firmware log");
        assert_int_equal(case_state(&s.c, CLAIM_FIRMWARE), CLAIM_ABSENT);
        start_done(&s);
}

static void registers_that_are_not_quoted_prove_nothing(void **state) {
        char said[64];
        Start s;

        (void) state;
        for (unsigned pcr = 11; pcr <= 13; pcr++) {
                start_begin(&s);
                add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
                lay(&s);
                s.c.forge.values.held.banks[0].mask &= ~(1u << pcr);
                s.c.forge.selection = s.c.forge.asked = s.c.forge.values.held;
                judge(&s);
                (void) snprintf(said, sizeof(said), "pcr:%u is not quoted in a bank", pcr);
                assert_said(&s, CLAIM_NOT_PROVEN, said);
                start_done(&s);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_known_uki_is_proven),
                cmocka_unit_test(a_uki_leans_on_what_ran_before_it),
                cmocka_unit_test(a_uki_leans_on_the_tpm),
                cmocka_unit_test(phases_are_told),
                cmocka_unit_test(a_foretold_value_is_enough),
                cmocka_unit_test(what_differs_is_named),
                cmocka_unit_test(policy_may_name_the_command_line),
                cmocka_unit_test(no_release_proves_nothing),
                cmocka_unit_test(an_appended_line_is_named),
                cmocka_unit_test(a_command_line_cannot_pass_for_a_credential),
                cmocka_unit_test(a_later_line_does_not_count),
                cmocka_unit_test(a_line_in_a_register_that_does_not_replay_does_not_count),
                cmocka_unit_test(which_device_tree_it_was_is_told),
                cmocka_unit_test(the_order_of_sections_is_held),
                cmocka_unit_test(what_is_no_uki_is_named),
                cmocka_unit_test(without_a_log_nothing_is_said),
                cmocka_unit_test(registers_that_are_not_quoted_prove_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
