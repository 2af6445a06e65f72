/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "port/crypto.h"
#include "support/case.h"
#include "support/draftlog.h"
#include "support/sdlog.h"
#include "verify/root.h"
#include "wire/leaf.h"

/* The claim root: the image of the root file system, by the kernel's command line and by what
 * systemd 262 measured. */

#define LINE "quiet roothash=" SD_ROOT
#define OTHER "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"

static void add_image(Releases *to, LeafType type, const char *name, uint8_t byte) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        Leaf leaf = { .type = type,
                .name = span_of(name),
                .version = SPAN_LITERAL("12"),
                .has_root_hash = true };

        memset(leaf.root_hash, byte, sizeof(leaf.root_hash));
        leaf_write(&leaf, &text);
        assert_int_equal(releases_add(to, buf_span(&text), NULL), 0);
}

/* A machine of which the log and the command line are known, and the kernel is proven. */
typedef struct Bench {
        SdLog l;
        Policy policy;
        Releases releases;
        Verdict verdict;
        const char *line;
        bool unknown_kernel;
} Bench;

static void begin(Bench *b) {
        *b = (Bench){ .policy = policy_default() };
        sd_new(&b->l);
        add_image(&b->releases, LEAF_ROOT, "debian", 0xab);
        add_image(&b->releases, LEAF_SYSEXT, "tools", 0xcd);
        add_image(&b->releases, LEAF_USR, "particle", 0xef);
}

static void end(Bench *b) {
        sd_done(&b->l);
        releases_done(&b->releases);
}

static ClaimState judge(Bench *b) {
        Question q = { .policy = &b->policy, .releases = &b->releases };
        Replay replay = replay_begin(&b->l.pcrs.held);
        SystemdStory s;

        b->verdict = (Verdict){};
        assert_int_equal(
                        systemd_take(buf_span(&b->l.log), (Json){}, &b->verdict, &replay, &s, NULL),
                        0);
        memcpy(s.nv, b->l.nv, sizeof(s.nv));
        s.n_nv = b->l.n_nv;
        assert_int_equal(systemd_judge(&replay, &b->l.pcrs, (Span){}, &b->verdict, &s, NULL), 0);
        if (!b->unknown_kernel)
                verdict_prove(&b->verdict, CLAIM_KERNEL, "as told");
        assert_int_equal(judge_root(&s, span_of(b->line), &q, &b->verdict, NULL), 0);
        return verdict_state(&b->verdict, CLAIM_ROOT);
}

#define assert_says(b, words)                                                                      \
        do {                                                                                       \
                if (!strstr((b)->verdict.reasons[CLAIM_ROOT], words))                              \
                        fail_msg("says '%s'", (b)->verdict.reasons[CLAIM_ROOT]);                   \
        } while (0)

static void the_command_line_names_it(void **state) {
        static const struct {
                const char *line;
                ClaimState state;
                const char *said;
        } rows[] = {
                { LINE, CLAIM_PROVEN,
                                "root image 'debian' 12 (root hash abababababababab..., by the kernel's command line)" },
                { "roothash=" OTHER, CLAIM_NOT_PROVEN,
                                "(root hash cdcdcdcdcdcdcdcd..., by the kernel's command line) is release 'tools', which is a sysext" },
                { "roothash=0000000000000000000000000000000000000000000000000000000000000000",
                                CLAIM_NOT_PROVEN, "is no release that was handed over" },
                { "usrhash=" SD_ROOT, CLAIM_NOT_PROVEN, "is release 'debian', which is a root" },
                { "usrhash=efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef",
                                CLAIM_PROVEN,
                                "by the kernel's command line); of what else is in the root file system nothing is said" },
                { LINE " usrhash=efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef",
                                CLAIM_PROVEN, "line), usr image 'particle' 12 (root hash efef" },
                { LINE " usrhash=" OTHER, CLAIM_NOT_PROVEN, "the usr image (root hash cdcd" },
                { LINE " root=/dev/sda1", CLAIM_NOT_PROVEN, "names another device" },
                { LINE " systemd.verity=0", CLAIM_NOT_PROVEN, "does not say that the check is on" },
                { "quiet", CLAIM_ABSENT, "no root image is named" },
                { NULL, CLAIM_ABSENT, "no root image is named" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Bench b;

                begin(&b);
                b.line = rows[i].line;
                assert_int_equal(judge(&b), rows[i].state);
                assert_says(&b, rows[i].said);
                end(&b);
        }
}

static void systemd_names_it(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_boot(&b.l);
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        assert_says(&b, "root image 'debian' 12 (root hash abababababababab..., by record");
        /* both agree: then the command line is what is told */
        b.line = LINE;
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        assert_says(&b, "by the kernel's command line)");
        b.line = "roothash=" OTHER;
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "of systemd's log names another root image than the kernel's command line");
        end(&b);
}

/* Whoever is root later can measure what he likes; but only behind what the initrd measured. */
static void a_later_word_does_not_count(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_boot(&b.l);
        sd_measure(&b.l, sd_nv(SD_VERITY), "verity:root:" SD_ROOT ":", "dm-verity");
        sd_measure(&b.l, sd_nv(SD_VERITY), "verity:tools:" OTHER ":", "dm-verity");
        assert_int_equal(judge(&b), CLAIM_PROVEN);
        sd_measure(&b.l, sd_nv(SD_VERITY), "verity:root:" OTHER ":", "dm-verity");
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "names another root image than record");
        end(&b);

        /* the first one hides: its words in the log are not what was measured */
        begin(&b);
        sd_nvpcr(&b.l, SD_VERITY, "verity");
        sd_measure(&b.l, sd_pcr9, "nvpcr-separator", "nvpcr-separator");
        sd_extend(&b.l, sd_nv(SD_VERITY), "verity:root:" OTHER ":");
        sd_write(&b.l, sd_nv(SD_VERITY), "verity:root:" OTHER ":", "dm-verity",
                        "verity:x:" OTHER ":");
        sd_measure(&b.l, sd_nv(SD_VERITY), "verity:root:" SD_ROOT ":", "dm-verity");
        assert_int_equal(judge(&b), CLAIM_ABSENT);
        end(&b);
}

static void a_record_elsewhere_does_not_count(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_nvpcr(&b.l, SD_LOGIN, "login");
        sd_measure(&b.l, sd_pcr9, "nvpcr-separator", "nvpcr-separator");
        sd_measure(&b.l, sd_nv(SD_LOGIN), "verity:root:" SD_ROOT ":", "dm-verity");
        sd_measure(&b.l, sd_pcr15, "verity:root:" SD_ROOT ":", "dm-verity");
        assert_int_equal(judge(&b), CLAIM_ABSENT);
        end(&b);

        /* an NvPCR that systemd did not introduce before it left the initrd */
        begin(&b);
        sd_define(&b.l, SD_VERITY);
        sd_measure(&b.l, sd_pcr9, "nvpcr-separator", "nvpcr-separator");
        sd_introduce(&b.l, SD_VERITY, "verity");
        sd_measure(&b.l, sd_nv(SD_VERITY), "verity:root:" SD_ROOT ":", "dm-verity");
        assert_int_equal(judge(&b), CLAIM_ABSENT);
        end(&b);
}

/* Whoever comes after the initrd could have added the NvPCR's Name to PCR 9. */
static void an_open_list_of_nvpcrs_names_nothing(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_nvpcr(&b.l, SD_VERITY, "verity");
        sd_measure(&b.l, sd_nv(SD_VERITY), "verity:root:" SD_ROOT ":", "dm-verity");
        assert_int_equal(judge(&b), CLAIM_ABSENT);
        end(&b);
}

static void it_leans_on_the_kernel(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.unknown_kernel = true;
        b.line = LINE;
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "which kernel and initrd acted on that is not proven (kernel)");
        b.line = NULL;
        sd_boot(&b.l);
        assert_int_equal(judge(&b), CLAIM_NOT_PROVEN);
        assert_says(&b, "not proven (kernel)");
        end(&b);
}

static void policy_may_name_it(void **state) {
        static const struct {
                const char *lines;
                ClaimState state;
        } rows[] = {
                { "RootHash=" OTHER "\n", CLAIM_PROVEN },
                { "RootHash=" SD_ROOT "\n", CLAIM_NOT_PROVEN },
                { "RootHash=" SD_ROOT "\nRootHash=" OTHER "\n", CLAIM_PROVEN },
                { "RootHash=" OTHER "\nRootHash=\n", CLAIM_NOT_PROVEN },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char text[256];
                Bench b;

                begin(&b);
                releases_done(&b.releases);
                b.line = "roothash=" OTHER;
                (void) snprintf(text, sizeof(text), "[Release]\n%s", rows[i].lines);
                assert_int_equal(policy_apply(span_of(text), &b.policy, NULL), 0);
                assert_int_equal(judge(&b), rows[i].state);
                if (rows[i].state == CLAIM_PROVEN)
                        assert_says(&b, "root image that policy names (root hash cdcdcdcdcdcdcdcd");
                end(&b);
        }
}

/* The whole way: firmware's log, the UKI's leaf, the image's leaf. */

#define ITS_ROOT "cececececececececececececececececececececececececececececececece"
#define ITS_LINE "quiet roothash=" ITS_ROOT

typedef struct Start {
        FirmLog log;
        FirmBoot boot;
        Case c;
} Start;

static void boot_begin(Start *b, const char *cmdline) {
        static const HashAlg sha256 = HASH_SHA256;
        const struct {
                const char *name;
                Span content;
        } sections[] = {
                { ".linux", SPAN_LITERAL("a kernel") },
                { ".osrel", SPAN_LITERAL("ID=debian\n") },
                { ".cmdline", { (const uint8_t *) cmdline, strlen(cmdline) + 1 } },
                { ".initrd", SPAN_LITERAL("an initrd") },
        };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        Leaf leaf = {
                .type = LEAF_UKI, .name = SPAN_LITERAL("linux"), .version = SPAN_LITERAL("7")
        };

        *b = (Start){ .boot.cmdline = cmdline };
        case_begin(&b->c);
        for (size_t i = 0; i < ELEMENTS(sections); i++) {
                Digest d;

                assert_int_equal(hash_bytes(HASH_SHA256, sections[i].content, &d, NULL), 0);
                leaf.sections[leaf.n_sections].name = span_of(sections[i].name);
                memcpy(leaf.sections[leaf.n_sections++].sha256, d.bytes, 32);
        }
        leaf_write(&leaf, &text);
        assert_int_equal(releases_add(&b->c.releases, buf_span(&text), NULL), 0);
        add_image(&b->c.releases, LEAF_ROOT, "debian", 0xce);
        b->log = firmlog_new(&sha256, 1);
        b->c.policy.required = 1u << CLAIM_ROOT;
}

static void boot_end(Start *b) {
        firmlog_done(&b->log);
        case_end(&b->c);
}

static ClaimState boot_judge(Start *b, const char *running) {
        firmlog_done(&b->log);
        b->log = firmlog_new((const HashAlg[]){ HASH_SHA256 }, 1);
        firmlog_boot(&b->log, &b->boot);
        forge_firmware(&b->c.forge, &b->log);
        buf_done(&b->c.forge.line);
        if (running)
                buf_string(&b->c.forge.line, running);
        case_judge(&b->c);
        return case_state(&b->c, CLAIM_ROOT);
}

static void a_boot_names_its_root(void **state) {
        Start b;

        (void) state;
        boot_begin(&b, ITS_LINE);
        assert_int_equal(boot_judge(&b, ITS_LINE "\n"), CLAIM_PROVEN);
        assert_true(verdict_trusted(&b.c.judgement.verdict));
        /* the text is not in the evidence; policy may have it */
        assert_int_equal(boot_judge(&b, NULL), CLAIM_ABSENT);
        (void) snprintf(b.c.policy.boot.command_line, sizeof(b.c.policy.boot.command_line),
                        ITS_LINE);
        assert_int_equal(boot_judge(&b, NULL), CLAIM_PROVEN);
        b.c.policy.boot.command_line[0] = '\0';
        /* a text that was never measured */
        assert_int_equal(boot_judge(&b, "roothash=" ITS_ROOT), CLAIM_ABSENT);
        /* what stands beside an addon is not the whole of it */
        b.boot.appended = "roothash=" ITS_ROOT;
        (void) snprintf(b.c.policy.boot.appended, sizeof(b.c.policy.boot.appended),
                        "roothash=" ITS_ROOT);
        assert_int_equal(boot_judge(&b, ITS_LINE " roothash=" ITS_ROOT), CLAIM_PROVEN);
        assert_int_equal(boot_judge(&b, ITS_LINE), CLAIM_ABSENT);
        boot_end(&b);
}

/* PCR 9 is not in the quote: then the UKI's own line counts, if nothing was added to it. */
static void the_images_own_line_is_enough(void **state) {
        Start b;

        (void) state;
        boot_begin(&b, ITS_LINE);
        (void) boot_judge(&b, ITS_LINE);
        b.c.forge.values.held.banks[0].mask &= ~(1u << 9);
        b.c.forge.selection = b.c.forge.asked = b.c.forge.values.held;
        b.c.forge.signed_values = b.c.forge.values;
        case_judge(&b.c);
        assert_int_equal(case_state(&b.c, CLAIM_ROOT), CLAIM_PROVEN);
        buf_done(&b.c.forge.line);
        buf_string(&b.c.forge.line, "roothash=" ITS_ROOT);
        case_judge(&b.c);
        assert_int_equal(case_state(&b.c, CLAIM_ROOT), CLAIM_ABSENT);
        boot_end(&b);
}

static void another_kernel_names_nothing(void **state) {
        Start b;

        (void) state;
        boot_begin(&b, ITS_LINE);
        b.boot.cmdline = ITS_LINE " init=/bin/sh";
        assert_int_equal(boot_judge(&b, ITS_LINE " init=/bin/sh"), CLAIM_NOT_PROVEN);
        boot_end(&b);
}

static void of_a_kernel_that_another_one_started_nothing_is_known(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Start b;

        (void) state;
        boot_begin(&b, ITS_LINE);
        draft_log_add(&l, EVENT_PHASE_GENESIS, (const DraftChange[]){ { "why", "\"kexec\"" }, {} });
        (void) boot_judge(&b, ITS_LINE);
        buf_done(&b.c.forge.log);
        buf_bytes(&b.c.forge.log, draft_log_bytes(&l));
        b.c.forge.values.digests[0][8] = draft_log_replay(&l, 1, digest_zero(HASH_SHA256));
        b.c.forge.signed_values = b.c.forge.values;
        case_judge(&b.c);
        assert_refused(&b.c, CLAIM_ROOT, "started by kexec");
        boot_end(&b);
}

/* What woke from hibernation was started in another boot; what is quoted brought it back. */
static void of_a_system_that_woke_from_hibernation_nothing_is_known(void **state) {
        _cleanup_(draft_log_done) DraftLog l = draft_log();
        Start b;

        (void) state;
        boot_begin(&b, ITS_LINE);
        draft_log_add(&l, EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ { "why", "\"resume\"" }, {} });
        (void) boot_judge(&b, ITS_LINE);
        buf_done(&b.c.forge.log);
        buf_bytes(&b.c.forge.log, draft_log_bytes(&l));
        b.c.forge.values.digests[0][8] = draft_log_replay(&l, 1, digest_zero(HASH_SHA256));
        b.c.forge.signed_values = b.c.forge.values;
        case_judge(&b.c);
        assert_refused(&b.c, CLAIM_ROOT, "resuming from hibernation");
        assert_refused(&b.c, CLAIM_KERNEL, "resuming from hibernation");
        boot_end(&b);
}

/* Nor has systemd's log anything to say of the registers: it began in the boot before. */
static void what_systemd_logged_before_hibernation_is_left_aside(void **state) {
        static const char *const whys[] = { "\"boot\"", "\"resume\"" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(whys); i++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                SdLog systemd;
                Start b;

                boot_begin(&b, ITS_LINE);
                b.c.forge.clock = (TpmClock){ .clock = 7, .reset_count = 7, .restart_count = 7 };
                sd_new(&systemd);
                sd_write(&systemd, sd_pcr11, "enter-initrd", "phase", "enter-initrd");
                sd_write(&systemd, sd_pcr11, "leave-initrd", "phase", "leave-initrd");
                l.n_banks = 1;
                l.banks[0] = HASH_SHA256;
                draft_log_add(&l, EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "start", "{\"sha256\":\"" ZEROS_64 "\"}" },
                                                { "others", NULL }, { "blinded", NULL },
                                                { "count", NULL }, { "history", NULL },
                                                { "missing", NULL }, { "skipped", NULL },
                                                { "why", whys[i] }, {} });
                (void) boot_judge(&b, ITS_LINE);
                buf_done(&b.c.forge.log);
                buf_bytes(&b.c.forge.log, draft_log_bytes(&l));
                buf_bytes(&b.c.forge.systemd_log, buf_span(&systemd.log));
                b.c.forge.values.digests[0][8] = draft_log_replay(&l, 0, digest_zero(HASH_SHA256));
                firmlog_extend(&b.c.forge.values, 11, "enter-initrd");
                b.c.forge.signed_values = b.c.forge.values;
                case_judge(&b.c);
                if (i == 0)
                        assert_refused(&b.c, CLAIM_REGISTERS, "sha256:11");
                else
                        assert_int_equal(case_state(&b.c, CLAIM_REGISTERS), CLAIM_PROVEN);
                assert_int_equal(!!strstr(b.c.judgement.verdict.reasons[CLAIM_REGISTERS],
                                                 "systemd's log is left aside"),
                                i);
                assert_string_equal(b.c.judgement.explained.phases, i == 0 ? ":" : "enter-initrd");
                sd_done(&systemd);
                boot_end(&b);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_command_line_names_it),
                cmocka_unit_test(systemd_names_it),
                cmocka_unit_test(a_later_word_does_not_count),
                cmocka_unit_test(a_record_elsewhere_does_not_count),
                cmocka_unit_test(an_open_list_of_nvpcrs_names_nothing),
                cmocka_unit_test(it_leans_on_the_kernel),
                cmocka_unit_test(policy_may_name_it),
                cmocka_unit_test(a_boot_names_its_root),
                cmocka_unit_test(the_images_own_line_is_enough),
                cmocka_unit_test(another_kernel_names_nothing),
                cmocka_unit_test(of_a_kernel_that_another_one_started_nothing_is_known),
                cmocka_unit_test(of_a_system_that_woke_from_hibernation_nothing_is_known),
                cmocka_unit_test(what_systemd_logged_before_hibernation_is_left_aside),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
