/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "port/crypto.h"
#include "support/case.h"
#include "support/firmlog.h"
#include "verify/against.h"
#include "verify/report.h"
#include "verify/suggest.h"

/* The policy that is suggested is met by the evidence that it was made of, and not by another boot.
 */

static const HashAlg sha256 = HASH_SHA256;

typedef struct Start {
        Case c;
        FirmBoot boot;
        const char *line;
        Buf vendor, other; /* certificates */
        char *text;        /* the policy */
        size_t size;
} Start;

static void start_begin(Start *s) {
        *s = (Start){ .line = "root=x quiet", .vendor = BUF_UP_TO(4096), .other = BUF_UP_TO(4096) };
        firmlog_certificate(&s->vendor, "vendor");
        firmlog_certificate(&s->other, "other");
        s->boot = (FirmBoot){
                .secure_boot = true, .certificate = buf_span(&s->vendor), .cmdline = "root=x quiet"
        };
        case_begin(&s->c);
}

static void start_done(Start *s) {
        free(s->text);
        buf_done(&s->vendor);
        buf_done(&s->other);
        case_end(&s->c);
}

/* What a maker would have written of the UKI that firmlog_boot() starts. */
static void add_leaf(Case *c) {
        static const struct {
                const char *name;
                Span content;
        } sections[] = {
                { ".linux", SPAN_LITERAL("a kernel") },
                { ".osrel", SPAN_LITERAL("ID=debian\n") },
                { ".cmdline", SPAN_LITERAL("root=x quiet\0") },
                { ".initrd", SPAN_LITERAL("an initrd") },
        };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        Leaf leaf = {
                .type = LEAF_UKI, .name = SPAN_LITERAL("linux"), .version = SPAN_LITERAL("7")
        };

        for (size_t i = 0; i < ELEMENTS(sections); i++) {
                Digest d;

                assert_int_equal(hash_bytes(HASH_SHA256, sections[i].content, &d, NULL), 0);
                leaf.sections[leaf.n_sections].name = span_of(sections[i].name);
                memcpy(leaf.sections[leaf.n_sections++].sha256, d.bytes, 32);
        }
        leaf_write(&leaf, &text);
        assert_int_equal(releases_add(&c->releases, buf_span(&text), NULL), 0);
}

static void judge(Start *s) {
        _cleanup_(firmlog_done) FirmLog log = firmlog_new(&sha256, 1);

        firmlog_boot(&log, &s->boot);
        forge_take(&s->c.forge, &s->c.world);
        forge_firmware(&s->c.forge, &log);
        buf_done(&s->c.forge.line);
        buf_string(&s->c.forge.line, s->line);
        s->c.forge.signed_values = s->c.forge.values;
        case_judge(&s->c);
}

static void suggest_judged(Start *s) {
        Question q = case_question(&s->c);
        FILE *f = open_memstream(&s->text, &s->size);

        assert_non_null(f);
        assert_int_equal(report_suggest(&s->c.judgement, &q, f, NULL), 0);
        assert_int_equal(fclose(f), 0);
}

/* As avouch verify --suggest-policy does it. */
static void suggest(Start *s) {
        s->c.policy = policy_default();
        judge(s);
        assert_int_equal(policy_suggest(&s->c.judgement, &s->c.policy, NULL), 0);
        judge(s);
        suggest_judged(s);
}

static void apply(Start *s) {
        Err e = {};

        s->c.policy = policy_default();
        if (policy_apply((Span){ (const uint8_t *) s->text, s->size }, &s->c.policy, &e) < 0)
                fail_msg("%s:\n%s", e.text, s->text);
}

#define assert_has(s, words)                                                                       \
        do {                                                                                       \
                if (!strstr((s)->text, words))                                                     \
                        fail_msg("'%s' does not stand in:\n%s", words, (s)->text);                 \
        } while (0)

static void the_evidence_meets_what_it_suggests(void **state) {
        static const struct {
                bool insecure, credentials;
                const char *appended, *line, *has[5];
        } rows[] = {
                { .has = { "\n[Firmware]\nSecureBoot=yes\n", "\nCommandLine=root=x quiet\n",
                                  "\nCompanions=no\n",
                                  "\n# the platform key: its owner may change all the others\nPlatformKey=",
                                  "\n# what let programs start in this boot, and nothing else may\nAuthority=" } },
                { .insecure = true,
                                .has = { "# Secure Boot is OFF", "\nSecureBoot=no\n",
                                                "\nBank=sha256\n" } },
                { .appended = "debug",
                                .line = "root=x quiet debug",
                                .has = { "\nAppendedCommandLine=debug\n",
                                                "\nCommandLine=root=x quiet\n" } },
                { .credentials = true,
                                .has = { "\n# credentials, extensions or the like came beside it, of which only digests are known\nCompanions=yes\n" } },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Start s;

                start_begin(&s);
                add_leaf(&s.c);
                s.boot.secure_boot = !rows[i].insecure;
                s.boot.credentials = rows[i].credentials;
                s.boot.appended = rows[i].appended;
                if (rows[i].line)
                        s.line = rows[i].line;
                suggest(&s);
                assert_has(&s, "\nRequire=signature key fresh registers firmware kernel ");
                for (size_t n = 0; n < ELEMENTS(rows[i].has) && rows[i].has[n]; n++)
                        assert_has(&s, rows[i].has[n]);
                apply(&s);
                judge(&s);
                if (!verdict_trusted(&s.c.judgement.verdict))
                        fail_msg("row %zu is not trusted by:\n%s", i, s.text);
                start_done(&s);
        }
}

/* Whatever is other in the next boot is not what the policy demands. */
static void another_boot_does_not_meet_it(void **state) {
        for (unsigned i = 0; i < 5; i++) {
                Start s;

                (void) state;
                start_begin(&s);
                add_leaf(&s.c);
                suggest(&s);
                apply(&s);
                s.boot.secure_boot = i != 0;
                s.boot.certificate = i == 1 ? buf_span(&s.other) : s.boot.certificate;
                s.boot.appended = i == 2 ? "single" : NULL;
                s.boot.credentials = i == 3;
                s.boot.cmdline = i == 4 ? "root=x" : s.boot.cmdline;
                judge(&s);
                assert_false(verdict_trusted(&s.c.judgement.verdict));
                assert_int_equal(case_state(&s.c, i < 2 ? CLAIM_FIRMWARE : CLAIM_KERNEL),
                                CLAIM_NOT_PROVEN);
                start_done(&s);
        }
}

/* A kernel that nobody released is not demanded, and neither are its keys. */
static void what_is_not_proven_is_not_demanded(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        suggest(&s);
        assert_has(&s, "\n[Firmware]\n");
        assert_null(strstr(s.text, "[Kernel]"));
        assert_null(strstr(s.text, " kernel "));
        start_done(&s);
}

/* The machine says another line than that of its UKI: it does not become a key. */
static void a_line_that_nothing_proves_is_not_demanded(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        add_leaf(&s.c);
        s.line = "root=y";
        suggest(&s);
        assert_has(&s, "\n[Kernel]\n");
        assert_null(strstr(s.text, "CommandLine="));
        start_done(&s);
}

/* A line with what a policy file has no spelling for. */
static void a_line_that_no_policy_holds_is_left_out(void **state) {
        static char longest[COMMAND_LINE_MAX + 1];

        memset(longest, 'a', sizeof(longest));
        assert_true(policy_can_hold((Span){ (const uint8_t *) longest, COMMAND_LINE_MAX }));
        assert_false(policy_can_hold((Span){ (const uint8_t *) longest, COMMAND_LINE_MAX + 1 }));
        assert_false(policy_can_hold(SPAN_LITERAL("a\nb")));
        assert_false(policy_can_hold(SPAN_LITERAL("a\x7f")));
        assert_false(policy_can_hold(SPAN_LITERAL(" a")));
        assert_false(policy_can_hold(SPAN_LITERAL("a ")));
        assert_true(policy_can_hold(SPAN_LITERAL("a b=\"c\" #")));
        assert_true(policy_can_hold((Span){}));
        (void) state;
}

static void record_unlock(Start *s) {
        const Member members[] = {
                { .name = "volume", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("data") },
                { .name = "luks", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("b7d2") },
                { .name = "method", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("tpm2") },
                { .name = "human", .type = MEMBER_INTEGER, .number = 0 },
        };

        assert_int_equal(account_record(&s->c.account, EVENT_UNLOCK_OPEN, members,
                                         ELEMENTS(members), NULL),
                        0);
}

/* One boot's unlock is no reason to demand one of every boot. */
static void an_unlock_of_one_boot_is_not_demanded(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        record_unlock(&s);
        suggest(&s);
        assert_int_equal(case_state(&s.c, CLAIM_UNLOCK), CLAIM_PROVEN);
        assert_has(&s, "\n# Each unlock was one that policy allows.");
        assert_null(strstr(s.text, " unlock untouched"));
        start_done(&s);
}

static void an_unlock_of_two_boots_is(void **state) {
        for (unsigned same = 0; same < 2; same++) {
                Judgement before = {};
                Against a = { .before_by = &before, .same_boot = same };
                char *text = NULL;
                Question q;
                size_t size;
                Start s;
                FILE *f;

                (void) state;
                start_begin(&s);
                record_unlock(&s);
                judge(&s);
                q = case_question(&s.c);
                verdict_prove(&before.verdict, CLAIM_UNLOCK, "for this test");
                s.c.judgement.against = &a;
                f = open_memstream(&text, &size);
                assert_int_equal(report_suggest(&s.c.judgement, &q, f, NULL), 0);
                assert_int_equal(fclose(f), 0);
                assert_int_equal(!!strstr(text, " unlock untouched"), !same);
                free(text);
                start_done(&s);
        }
}

/* An id may be of one boot alone, and who logs in is no habit of a machine. */
static void of_what_systemd_tells_logins_are_not_demanded(void **state) {
        Start s;

        (void) state;
        start_begin(&s);
        suggest(&s);
        assert_null(strstr(s.text, "MachineId="));
        assert_null(strstr(s.text, "logged in"));
        start_done(&s);

        start_begin(&s);
        judge(&s);
        verdict_prove(&s.c.judgement.verdict, CLAIM_MACHINE_ID, "for this test");
        verdict_prove(&s.c.judgement.verdict, CLAIM_LOGIN, "for this test");
        memset(s.c.judgement.systemd.machine.id, 0xab, 16);
        suggest_judged(&s);
        assert_has(&s, "\n# where the machine keeps its id from boot to boot: MachineId=abababababababababababababababab\n");
        assert_has(&s, " machine-id ");
        assert_has(&s, "\n# Nobody logged in whom policy does not allow.");
        assert_null(strstr(s.text, " login "));
        start_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_evidence_meets_what_it_suggests),
                cmocka_unit_test(another_boot_does_not_meet_it),
                cmocka_unit_test(what_is_not_proven_is_not_demanded),
                cmocka_unit_test(a_line_that_nothing_proves_is_not_demanded),
                cmocka_unit_test(a_line_that_no_policy_holds_is_left_out),
                cmocka_unit_test(an_unlock_of_one_boot_is_not_demanded),
                cmocka_unit_test(an_unlock_of_two_boots_is),
                cmocka_unit_test(of_what_systemd_tells_logins_are_not_demanded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
