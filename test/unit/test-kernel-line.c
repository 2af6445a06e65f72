/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/start.h"

/* The claim kernel: the command line, and what came beside the UKI. */

/* What came beside the UKI as a digest can be anything: where policy takes it, the whole command
 * line has to be known. */
static void companions_need_the_whole_line(void **state) {
        static const struct {
                bool allowed, credentials, extensions;
                const char *running, *appended, *may_append;
                ClaimState state;
                const char *said;
        } rows[] = {
                { false, true, false, NULL, NULL, "", CLAIM_NOT_PROVEN,
                                "something came beside the UKI" },
                { false, false, true, NULL, NULL, "", CLAIM_NOT_PROVEN,
                                "something came beside the UKI" },
                { true, true, false, NULL, NULL, "", CLAIM_NOT_PROVEN,
                                "the kernel's command line is not proven" },
                { true, true, true, "root=x quiet", NULL, "", CLAIM_PROVEN, "a known release" },
                { true, true, false, "root=x quiet a=1", "a=1", "a=1", CLAIM_PROVEN,
                                "a known release" },
                { true, true, false, "root=x", NULL, "", CLAIM_NOT_PROVEN,
                                "the kernel's command line is not proven" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Start s;

                start_begin(&s);
                s.running = rows[i].running;
                s.boot.appended = rows[i].appended;
                s.boot.credentials = rows[i].credentials;
                s.boot.extensions = rows[i].extensions;
                add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
                lay(&s);
                s.c.policy.boot.companions = rows[i].allowed;
                (void) snprintf(s.c.policy.boot.appended, sizeof(s.c.policy.boot.appended), "%s",
                                rows[i].may_append);
                judge(&s);
                assert_said(&s, rows[i].state, rows[i].said);
                start_done(&s);
        }
}

static void what_is_not_signed_proves_nothing(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        lay(&s);
        s.c.forge.sign_with_other = true;
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "the quoted values are not signed");
        start_done(&s);
}

/* What policy lets be added need not be there. */
static void nothing_needs_to_be_appended(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        lay(&s);
        (void) snprintf(s.c.policy.boot.appended, sizeof(s.c.policy.boot.appended), "a=1");
        judge(&s);
        assert_said(&s, CLAIM_PROVEN, "a known release");
        start_done(&s);
}

/* systemd-stub hands blanks on for line feeds. Where nothing came beside the UKI, its section is
 * enough. */
static void a_line_may_be_spelled_as_the_stub_hands_it_on(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        s.boot.cmdline = "root=x\nquiet";
        s.running = "root=x quiet";
        add_leaf(&s.c, "linux", "a kernel", "root=x\nquiet", NULL);
        lay(&s);
        firmlog_rehash(&s.log, &s.log.events[firmlog_find(&s.log, 9, EV_EVENT_TAG, 0)],
                        SPAN_LITERAL("r\0o\0o\0t\0=\0x\0 \0q\0u\0i\0e\0t\0\0\0"));
        forge_firmware(&s.c.forge, &s.log);
        judge(&s);
        assert_said(&s, CLAIM_PROVEN, "a known release, command line \"root=x quiet\"");
        start_done(&s);
}

/* More than a reason has room for, once it is escaped. */
static void a_line_without_end_is_refused_all_the_same(void **state) {
        char line[131] = {};
        Start s;

        (void) state;
        memset(line, '"', sizeof(line) - 1);
        start_begin(&s);
        s.boot.appended = line;
        add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
        lay(&s);
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, ": ... was added to the command line from outside");
        start_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(companions_need_the_whole_line),
                cmocka_unit_test(what_is_not_signed_proves_nothing),
                cmocka_unit_test(nothing_needs_to_be_appended),
                cmocka_unit_test(a_line_without_end_is_refused_all_the_same),
                cmocka_unit_test(a_line_may_be_spelled_as_the_stub_hands_it_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
