/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/judgefaults.h"
#include "support/sdlog.h"
#include "support/start.h"

/* The claim kernel, where the kernel that runs was started by another one. */

enum { RECORDS_MAX = 3, SEGMENTS = 3 };

#define IMAGE "abababababababababababababababababababababababababababababababab"
#define OTHER "acacacacacacacacacacacacacacacacacacacacacacacacacacacacacacacac"
#define LINE "root=y calm"

/* What a kernel recorded before the next one was started. */
typedef struct Told {
        Event event;
        const char *name, *image;           /* image: NULL of an extension */
        bool has_line, other_line, no_line; /* no_line: the image has no section .cmdline */
} Told;

#define GOOD                                                                                       \
        { EVENT_LAYER_ACTIVATE, "next", IMAGE, true, false }

static void hex_of(const char *text, size_t size, char into[67]) {
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, (Span){ (const uint8_t *) text, size }, &d, NULL),
                        0);
        for (size_t i = 0; i < 32; i++)
                (void) snprintf(into + 2 * i, 3, "%02x", d.bytes[i]);
}

/* line: of its section .cmdline, with its NUL, as it lies in memory; NULL: it has none */
static void add_next_of(Case *c, const char *line) {
        char text[512], hex[67] = "";

        if (line)
                hex_of(line, strlen(line) + 1, hex);
        (void) snprintf(text, sizeof(text),
                        "avouch/release/v1\ntype uki\nname next\nversion 8\n"
                        "authenticode sha256:" IMAGE "\n%s%s%s",
                        line ? "section .cmdline sha256:" : "", hex, line ? "\n" : "");
        assert_int_equal(releases_add(&c->releases, span_of(text), NULL), 0);
}

static void add_next(Case *c) {
        add_next_of(c, LINE);
}

static void add_record(DraftLog *l, const char *boot, const Told *t) {
        char name[64], image[80], line[67], quoted[80];
        const char *text = t->other_line ? "root=y" : LINE;

        if (t->event == EVENT_GLASS_OPEN) {
                draft_log_add(l, t->event,
                                (const DraftChange[]){ { "boot", boot }, { "count", NULL },
                                                { "past", NULL }, {} });
                return;
        }
        if (!t->image) {
                draft_log_add(l, t->event,
                                (const DraftChange[]){ { "boot", boot }, { "identity", NULL },
                                                { "commandLine", NULL }, {} });
                return;
        }
        hex_of(text, t->no_line ? 0 : strlen(text) + 1, line);
        (void) snprintf(name, sizeof(name), "\"%s\"", t->name);
        (void) snprintf(image, sizeof(image), "\"%s\"", t->image);
        (void) snprintf(quoted, sizeof(quoted), "\"%s\"", line);
        draft_log_add(l, t->event,
                        (const DraftChange[]){ { "boot", boot }, { "class", "\"uki\"" },
                                        { "name", name }, { "version", "\"8\"" },
                                        { "rootHash", NULL }, { "signer", NULL },
                                        { "identity", image },
                                        { "commandLine", t->has_line ? quoted : NULL }, {} });
}

/* Segments that begin where the one before ended, each of a boot of its own. */
static void lay_segments(Start *s, const Told told[SEGMENTS][RECORDS_MAX], size_t n) {
        static const char *const boots[SEGMENTS] = { "\"00000000000000000000000000000001\"",
                "\"00000000000000000000000000000002\"", "\"00000000000000000000000000000003\"" };
        Digest sha1 = digest_zero(HASH_SHA1), end = digest_zero(HASH_SHA256);

        buf_done(&s->c.forge.log);
        for (size_t i = 0; i < n; i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                char start[DRAFT_START_MAX];

                draft_register_values(&sha1, &end, start);
                draft_log_add(&l, EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "start", start },
                                                { "why", i == 0 ? "\"boot\"" : "\"kexec\"" },
                                                { "boot", boots[i] }, { "count", NULL },
                                                { "history", NULL }, { "others", NULL },
                                                { "blinded", NULL }, {} });
                for (size_t k = 0; k < RECORDS_MAX && told[i][k].event != EVENT_INVALID; k++)
                        add_record(&l, boots[i], &told[i][k]);
                buf_bytes(i + 1 < n ? &s->c.forge.before : &s->c.forge.log, draft_log_bytes(&l));
                sha1 = draft_log_replay(&l, 0, sha1);
                end = draft_log_replay(&l, 1, end);
        }
        s->c.forge.values.digests[0][8] = end;
        s->c.forge.clock = (TpmClock){ .clock = 7, .reset_count = 7, .restart_count = 7 };
}

/* A machine that began with a known UKI, whose log has these segments, runs "next" by now. */
static void begin(Start *s, const Told told[SEGMENTS][RECORDS_MAX], size_t n) {
        start_begin(s);
        s->running = LINE "\n";
        add_leaf(&s->c, "linux", "a kernel", "root=x quiet", NULL);
        add_next(&s->c);
        lay(s);
        lay_segments(s, told, n);
        s->c.policy.boot.secure_boot = SWITCH_ANY;
}

#define NAMELESS                                                                                   \
        "the running kernel was started by kexec: what was measured is of the one before, and no record says which was loaded"

static void what_was_recorded_when_it_was_loaded_is_proven(void **state) {
        static const struct {
                Told told[SEGMENTS][RECORDS_MAX];
                size_t n;
                ClaimState state, firmware;
                const char *said;
        } rows[] = {
                { { { GOOD } }, 2, CLAIM_PROVEN, CLAIM_PROVEN,
                                "UKI 'linux' 7, a known release; PCR 11 shows no phase; it started by kexec what runs now: UKI 'next' 8, a known release (record 1), command line \"" LINE
                                "\"" },
                { {}, 2, CLAIM_NOT_PROVEN, CLAIM_NOT_PROVEN, NAMELESS },
                /* looked at, and not loaded */
                { { { { EVENT_LAYER_ACTIVATE, "next", IMAGE, false, false } } }, 2,
                                CLAIM_NOT_PROVEN, CLAIM_NOT_PROVEN, NAMELESS },
                /* loaded, and taken away again */
                { { { GOOD, { EVENT_LAYER_DEACTIVATE, "next", IMAGE, true, false } } }, 2,
                                CLAIM_NOT_PROVEN, CLAIM_NOT_PROVEN, NAMELESS },
                /* recorded by the kernel that came after */
                { { {}, { GOOD } }, 2, CLAIM_NOT_PROVEN, CLAIM_NOT_PROVEN, NAMELESS },
                { { { { EVENT_LAYER_ACTIVATE, "next", OTHER, true, false } } }, 2, CLAIM_NOT_PROVEN,
                                CLAIM_PROVEN,
                                "what kexec started, UKI 'next' (record 1), is no release that was handed over" },
                { { { { EVENT_LAYER_ACTIVATE, "text", IMAGE, true, false } } }, 2, CLAIM_NOT_PROVEN,
                                CLAIM_PROVEN,
                                "what kexec started is release 'next' by its Authenticode digest, but its name differs in UKI 'text' (record 1)" },
                { { { { EVENT_LAYER_ACTIVATE, "next", IMAGE, true, true } } }, 2, CLAIM_NOT_PROVEN,
                                CLAIM_PROVEN,
                                "kexec started UKI 'next' (record 1) with another command line than that of its release" },
                /* the last one counts */
                { { { GOOD, { EVENT_LAYER_ACTIVATE, "next", OTHER, true, false } } }, 2,
                                CLAIM_NOT_PROVEN, CLAIM_PROVEN,
                                "UKI 'next' (record 2), is no release" },
                { { { { EVENT_LAYER_ACTIVATE, "next", OTHER, true, false }, GOOD } }, 2,
                                CLAIM_PROVEN, CLAIM_PROVEN, "a known release (record 2)" },
                /* an extension is no kernel, and takes none away */
                { { { GOOD, { .event = EVENT_LAYER_ACTIVATE } } }, 2, CLAIM_PROVEN, CLAIM_PROVEN,
                                "a known release (record 1)" },
                /* each kernel has to be named by the one before it */
                { { { GOOD }, { GOOD } }, 3, CLAIM_PROVEN, CLAIM_PROVEN, "UKI 'next' 8" },
                { { { GOOD } }, 3, CLAIM_NOT_PROVEN, CLAIM_NOT_PROVEN, NAMELESS },
                { { {}, { GOOD } }, 3, CLAIM_NOT_PROVEN, CLAIM_NOT_PROVEN, NAMELESS },
                /* by whom was it recorded */
                { { { { .event = EVENT_GLASS_OPEN }, GOOD } }, 2, CLAIM_PROVEN, CLAIM_PROVEN,
                                "opened at record 1: what came after is the word of whoever opened it" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Start s;

                begin(&s, rows[i].told, rows[i].n);
                judge(&s);
                assert_said(&s, rows[i].state, rows[i].said);
                assert_int_equal(case_state(&s.c, CLAIM_REGISTERS), CLAIM_PROVEN);
                assert_int_equal(case_state(&s.c, CLAIM_FIRMWARE), rows[i].firmware);
                start_done(&s);
        }
}

static const Told one[SEGMENTS][RECORDS_MAX] = { { GOOD } };

/* What the first kernel was does not matter less. */
static void the_first_kernel_has_to_be_proven_too(void **state) {
        Start s;

        (void) state;
        begin(&s, one, 2);
        releases_done(&s.c.releases);
        add_next(&s.c);
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN, "the UKI that was started is no release");
        start_done(&s);
}

static void a_log_that_is_not_proven_names_nothing(void **state) {
        Start s;

        (void) state;
        begin(&s, one, 2);
        s.c.forge.values.digests[0][8].bytes[0] ^= 1;
        judge(&s);
        assert_said(&s, CLAIM_NOT_PROVEN,
                        "what kexec started is named by a log that is not proven (registers)");
        start_done(&s);
}

/* Policy's command line is that of each kernel. */
static void policy_may_name_the_command_line(void **state) {
        static const struct {
                const char *first, *policy, *running;
                ClaimState state;
                const char *said;
        } rows[] = {
                { LINE, LINE, "", CLAIM_PROVEN, "command line \"" LINE "\"" },
                { LINE, LINE, "root=z", CLAIM_PROVEN, "command line \"" LINE "\"" },
                { "root=z", "root=z", LINE, CLAIM_NOT_PROVEN,
                                "the command line that kexec started its kernel with is not the one of policy" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Start s;

                start_begin(&s);
                s.boot.cmdline = rows[i].first;
                s.running = rows[i].running;
                add_leaf(&s.c, "linux", "a kernel", rows[i].first, NULL);
                add_next(&s.c);
                lay(&s);
                lay_segments(&s, one, 2);
                (void) snprintf(s.c.policy.boot.command_line, sizeof(s.c.policy.boot.command_line),
                                "%s", rows[i].policy);
                judge(&s);
                assert_said(&s, rows[i].state, rows[i].said);
                start_done(&s);
        }
}

/* Then no byte is what was hashed. */
static void an_image_may_have_no_command_line(void **state) {
        static const Told bare[SEGMENTS][RECORDS_MAX] = {
                { { EVENT_LAYER_ACTIVATE, "next", IMAGE, true, false, true } }
        };

        (void) state;
        for (size_t i = 0; i < 4; i++) {
                Start s;

                begin(&s, i & 1 ? bare : one, 2);
                releases_done(&s.c.releases);
                add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
                add_next_of(&s.c, i & 2 ? NULL : LINE);
                judge(&s);
                if (i == 0 || i == 3)
                        assert_said(&s, CLAIM_PROVEN, "UKI 'next' 8, a known release");
                else
                        assert_said(&s, CLAIM_NOT_PROVEN, "with another command line than that");
                start_done(&s);
        }
}

/* Whatever fails while it is judged: the same verdict, or none. */
static void it_is_judged_or_not(void **state) {
        (void) state;
        for (size_t i = 0; i < 2; i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
                Question q;
                Verdict v;
                Start s;

                begin(&s, one, 2);
                releases_done(&s.c.releases);
                add_leaf(&s.c, "linux", "a kernel", "root=x quiet", NULL);
                add_next_of(&s.c, i == 0 ? LINE : NULL);
                if (i == 0)
                        (void) snprintf(s.c.policy.boot.command_line,
                                        sizeof(s.c.policy.boot.command_line), "%s", LINE);
                judge(&s);
                forge_bundle(&s.c.forge, &b);
                q = case_question(&s.c);
                judge_with_faults(&q, buf_span(&b), false, &v);
                judge_with_bad_hashes(&q, buf_span(&b));
                start_done(&s);
        }
}

/* Both kernels measured into what neither of them emptied. */
static void systemd_logs_of_both_kernels_are_one(void **state) {
        static const char *const other = "00000000000000000000000000000009";

        (void) state;
        for (size_t i = 0; i < 3; i++) {
                const char *const boots[] = { "00000000000000000000000000000001",
                        i == 1 ? other : "00000000000000000000000000000002" };
                SdLog l;
                Start s;

                begin(&s, one, i == 2 ? 1 : 2);
                s.c.policy.required = 1u << CLAIM_REGISTERS;
                sd_new(&l);
                for (size_t k = 0; k < ELEMENTS(boots); k++) {
                        l.boot = boots[k];
                        sd_measure(&l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
                }
                s.c.forge.values.digests[0][15] = l.pcrs.digests[0][15];
                buf_bytes(&s.c.forge.systemd_log, buf_span(&l.log));
                judge(&s);
                if (i == 0)
                        assert_int_equal(case_state(&s.c, CLAIM_REGISTERS), CLAIM_PROVEN);
                else
                        assert_refused(&s.c, CLAIM_REGISTERS,
                                        i == 1 ? "systemd's log is of another boot than avouch's"
                                               : "records of several boots");
                sd_done(&l);
                start_done(&s);
        }
}

/* systemd 252 measures the phases of both into PCR 11, and keeps no log. */
static void the_phases_of_both_kernels_are_followed(void **state) {
        static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit", "ready",
                "shutdown", "final", "enter-initrd", "leave-initrd", "sysinit", "ready" };
        const Told told[SEGMENTS][RECORDS_MAX] = { { GOOD } };

        (void) state;
        for (size_t n = 1; n <= 2; n++) {
                Start s;

                begin(&s, told, n);
                s.c.policy.required |= 1u << CLAIM_REGISTERS;
                for (size_t i = 0; i < ELEMENTS(phases); i++) {
                        firmlog_extend(&s.c.forge.values, 11, phases[i]);
                        judge(&s);
                        assert_int_equal(s.c.judgement.explained.n_boots, i < 6 ? 1 : 2);
                        if (n == 2 || i < 6)
                                assert_int_equal(case_state(&s.c, CLAIM_REGISTERS), CLAIM_PROVEN);
                        else
                                assert_refused(&s.c, CLAIM_REGISTERS,
                                                "PCR 11 shows the phases of two boots");
                }
                assert_string_equal(s.c.judgement.explained.phases,
                                "enter-initrd:leave-initrd:sysinit:ready:shutdown:final:enter-initrd:leave-initrd:sysinit:ready");
                assert_said(&s, CLAIM_PROVEN, "UKI 'linux' 7, a known release");
                firmlog_extend(&s.c.forge.values, 11, "debug");
                judge(&s);
                assert_int_equal(s.c.judgement.explained.n_boots, 0);
                assert_refused(&s.c, CLAIM_REGISTERS, "sha256:11");
                start_done(&s);
        }
}

/* Nobody has to shut the first one down. */
static void a_kernel_may_be_started_from_any_phase(void **state) {
        static const char *const phases[] = { "enter-initrd", "leave-initrd", "enter-initrd" };
        const Told told[SEGMENTS][RECORDS_MAX] = { { GOOD } };
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);
        Question q;
        Start s;

        (void) state;
        begin(&s, told, 2);
        for (size_t i = 0; i < ELEMENTS(phases); i++)
                firmlog_extend(&s.c.forge.values, 11, phases[i]);
        judge(&s);
        assert_int_equal(s.c.judgement.explained.n_boots, 2);
        assert_string_equal(
                        s.c.judgement.explained.phases, "enter-initrd:leave-initrd:enter-initrd");
        forge_bundle(&s.c.forge, &bytes);
        q = case_question(&s.c);
        judge_with_bad_hashes(&q, buf_span(&bytes));
        start_done(&s);
}

/* And so those of user space that was started anew (systemctl soft-reboot of systemd 254): by the
 * same kernel. registers and phase agree about that. */
static void a_soft_reboot_is_no_second_kernel(void **state) {
        static const char *const phases[] = { "enter-initrd", "leave-initrd", "sysinit", "ready",
                "shutdown", "final", "sysinit", "ready", "shutdown" };
        const Told told[SEGMENTS][RECORDS_MAX] = { { GOOD } };
        const char *said;
        Start s;

        (void) state;
        begin(&s, told, 1);
        s.c.policy.required |= 1u << CLAIM_REGISTERS;
        for (size_t i = 0; i < ELEMENTS(phases); i++) {
                firmlog_extend(&s.c.forge.values, 11, phases[i]);
                judge(&s);
                assert_int_equal(s.c.judgement.explained.n_boots, 1);
                assert_int_equal(case_state(&s.c, CLAIM_REGISTERS), CLAIM_PROVEN);
                assert_int_equal(case_state(&s.c, CLAIM_PHASE), CLAIM_PROVEN);
                said = s.c.judgement.verdict.reasons[CLAIM_PHASE];
                assert_int_equal(strstr(said, "(soft-reboot)") != NULL, i >= 6);
        }
        start_done(&s);

        /* before its end, none is started anew */
        begin(&s, told, 1);
        s.c.policy.required |= 1u << CLAIM_REGISTERS;
        for (size_t i = 0; i < 8; i++)
                if (i != 5)
                        firmlog_extend(&s.c.forge.values, 11, phases[i]);
        judge(&s);
        assert_int_equal(s.c.judgement.explained.n_boots, 2);
        assert_refused(&s.c, CLAIM_REGISTERS, "PCR 11 shows the phases of two boots");
        assert_int_equal(case_state(&s.c, CLAIM_PHASE), CLAIM_NOT_PROVEN);
        start_done(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_recorded_when_it_was_loaded_is_proven),
                cmocka_unit_test(the_first_kernel_has_to_be_proven_too),
                cmocka_unit_test(a_log_that_is_not_proven_names_nothing),
                cmocka_unit_test(policy_may_name_the_command_line),
                cmocka_unit_test(an_image_may_have_no_command_line),
                cmocka_unit_test(it_is_judged_or_not),
                cmocka_unit_test(systemd_logs_of_both_kernels_are_one),
                cmocka_unit_test(the_phases_of_both_kernels_are_followed),
                cmocka_unit_test(a_kernel_may_be_started_from_any_phase),
                cmocka_unit_test(a_soft_reboot_is_no_second_kernel),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
