/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "support/case.h"
#include "support/testdata.h"
#include "verify/against.h"
#include "verify/boot.h"
#include "verify/reference.h"
#include "verify/report-against.h"

/* Genuine boots, where their evidence lies: firmware, systemd-stub, kernel and systemd of Debian,
 * with the PCR values that the machine had in the end. The quote over them is forged here, since
 * its key is not of the form that we pin. */

static const char *const boots[] = { "257-clean-sysext", "257-tampered-cmdline-signed",
        "262-clean-first", "262-luks-logins-report", "262-stub-extras", "262-sysext-refresh" };

/* PCR 10 is IMA's, whose log nobody reads here. 262 has NvPCRs. */
enum { FIRST_262 = 2, IMA = 1u << 10 };

static void read_values(Span text, PcrValues *values) {
        while (text.size > 0) {
                const uint8_t *end = memchr(text.data, '\n', text.size);
                size_t n = end ? (size_t) (end - text.data) : text.size;
                char line[128] = "", hex[80] = "";
                _cleanup_(buf_done) Buf b = BUF_UP_TO(32);
                unsigned pcr;
                Digest d;

                memcpy(line, text.data, n < sizeof(line) - 1 ? n : sizeof(line) - 1);
                if (sscanf(line, "sha256 %u %79s", &pcr, hex) == 2 && pcr < 16) {
                        assert_true(text_unhex_buf(span_of(hex), true, &b));
                        assert_true(digest_from(HASH_SHA256, buf_span(&b), &d));
                        assert_true(pcr_set(values, pcr, &d));
                }
                n += end ? 1 : 0;
                text = span_from(text, n);
        }
}

static bool load(const char *boot, const char *file, Buf *to) {
        char name[256];

        (void) snprintf(name, sizeof(name), "boots/%s/%s", boot, file);
        return testdata_read(name, to);
}

/* The next line; false at the end. */
static bool next_line(Span *text, char line[static 256]) {
        const uint8_t *end = memchr(text->data, '\n', text->size);
        size_t n = end ? (size_t) (end - text->data) : text->size;

        (void) snprintf(line, 256, "%.*s", (int) n, (const char *) text->data);
        n += end ? 1 : 0;
        *text = span_from(*text, n);
        return n > 0;
}

static void unhex(const char *hex, uint8_t to[static 32]) {
        assert_true(text_unhex(span_of(hex), to, 32));
}

/* {"nvindex" : N, "priority" : N, "value" : "HEX"} */
static void read_nv_value(const char *boot, uint32_t index, uint8_t to[static 32]) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(8192);
        char line[256], hex[65];
        uint32_t at = 0;
        Span rest;

        assert_true(load(boot, "an-nvpcrs.json", &text));
        rest = buf_span(&text);
        while (next_line(&rest, line)) {
                (void) sscanf(line, " \"nvindex\" : %u", &at);
                if (at == index && sscanf(line, " \"value\" : \"%64[0-9a-f]\"", hex) == 1) {
                        unhex(hex, to);
                        return;
                }
        }
        fail_msg("%s: no NvPCR 0x%x", boot, index);
}

/* The machine's NvPCRs, as tpm2_nvreadpublic shows their public areas. */
static void add_nvpcrs(Case *c, const char *boot) {
        static uint8_t values[NVPCRS_MAX][32], policies[NVPCRS_MAX][32];
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024);
        NvPublic public = { .name_alg = HASH_SHA256, .size = 32 };
        char line[256], hex[65];
        Span rest;

        assert_true(load(boot, "nv-public", &text));
        rest = buf_span(&text);
        while (next_line(&rest, line)) {
                size_t n = c->forge.n_nvpcrs;

                (void) sscanf(line, "0x%x:", &public.index);
                (void) sscanf(line, " value: 0x%x", &public.attributes);
                if (sscanf(line, " authorization policy: %64[0-9A-F]", hex) != 1 ||
                                (public.attributes & NV_TYPE) != NV_EXTEND)
                        continue;
                for (char *h = hex; *h; h++)
                        *h = (char) tolower(*h);
                unhex(hex, policies[n]);
                read_nv_value(boot, public.index, values[n]);
                public.policy = (Span){ policies[n], 32 };
                forge_nvpcr(&c->forge, public, (Span){ values[n], 32 });
        }
}

/* systemd's log, of the boot that the forged log of avouch is of: no digest is over that. */
static void add_systemd_log(Case *c, const char *boot) {
        static const char before[] = "\"bootId\":\"";
        Buf *log = &c->forge.systemd_log;
        char id[33];

        case_judge(c);
        for (size_t i = 0; i < 16; i++)
                (void) snprintf(id + 2 * i, 3, "%02x", c->judgement.story.segment.chain.boot[i]);
        assert_true(load(boot, "tpm2-measure.log", log));
        for (size_t i = 0; i + sizeof(before) + 32 < log->size; i++)
                if (memcmp(log->data + i, before, sizeof(before) - 1) == 0)
                        memcpy(log->data + i + sizeof(before) - 1, id, 32);
}

/* Lays a boot on the table: all but what other logs explain. False where it is not there. */
static bool lay(Case *c, const char *boot, uint32_t left_out) {
        _cleanup_(buf_done) Buf values = BUF_UP_TO(8192);
        const Digest own = c->forge.values.digests[0][8];
        PcrValues v = {};

        if (!load(boot, "binary_bios_measurements", &c->forge.firmware))
                return false;
        add_systemd_log(c, boot);
        assert_true(load(boot, "pcrs-sysfs", &values));
        assert_true(load(boot, "cmdline", &c->forge.line));
        read_values(buf_span(&values), &v);
        v.digests[0][8] = own; /* untouched in all of them */
        v.held.banks[0].mask &= ~left_out;
        c->forge.values = c->forge.signed_values = v;
        c->forge.selection = c->forge.asked = v.held;
        return true;
}

/* The leaf of the UKI that was started, by what was measured. */
static void add_leaf(Case *c, const char *boot) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(FIRMWARE_LOG_MAX), text = BUF_UP_TO(LEAF_MAX);
        Leaf leaf = {
                .type = LEAF_UKI, .name = SPAN_LITERAL("debian"), .version = SPAN_LITERAL("1")
        };
        Boot b;

        assert_true(load(boot, "binary_bios_measurements", &log));
        assert_int_equal(boot_read(buf_span(&log), HASH_SHA256, &b, NULL), 0);
        assert_true(b.n_sections > 5);
        for (size_t i = 0; i < b.n_sections; i++) {
                leaf.sections[leaf.n_sections].name = span_of(b.sections[i].name);
                memcpy(leaf.sections[leaf.n_sections++].sha256, b.sections[i].digest.bytes, 32);
        }
        leaf_write(&leaf, &text);
        assert_int_equal(releases_add(&c->releases, buf_span(&text), NULL), 0);
}

static void begin(Case *c) {
        case_begin(c);
        c->policy.required = 1u << CLAIM_REGISTERS | 1u << CLAIM_FIRMWARE | 1u << CLAIM_KERNEL;
}

#define assert_claim(c, claim, expected, words)                                                    \
        do {                                                                                       \
                const char *reason_ = (c)->judgement.verdict.reasons[claim];                       \
                                                                                                   \
                if (case_state(c, claim) != (expected) || !strstr(reason_, words))                 \
                        fail_msg("%s %s: '%s', not '%s'", claim_name(claim),                       \
                                        claim_state_name(case_state(c, claim)), reason_, words);   \
        } while (0)

static void each_boot_replays(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(boots); i++) {
                Case c;

                begin(&c);
                if (lay(&c, boots[i], IMA)) {
                        if (i >= FIRST_262)
                                add_nvpcrs(&c, boots[i]);
                        case_judge(&c);
                        assert_claim(&c, CLAIM_REGISTERS, CLAIM_PROVEN, "records replay");
                        assert_claim(&c, CLAIM_FIRMWARE, CLAIM_PROVEN,
                                        "Secure Boot on, programs let in by CN=mkosi of root (");
                        assert_claim(&c, CLAIM_KERNEL, CLAIM_NOT_PROVEN, "is no release");
                        assert_claim(&c, CLAIM_PHASE, CLAIM_PROVEN,
                                        "enter-initrd, leave-initrd, sysinit, ready");
                        assert_claim(&c, CLAIM_MACHINE_ID, CLAIM_PROVEN, "as the system read it");
                        assert_int_equal(c.judgement.systemd.n_nv, i >= FIRST_262 ? 4 : 0);
                        for (size_t n = 0; n < c.judgement.systemd.n_nv; n++)
                                assert_null(c.judgement.systemd.nv[n].fault);
                }
                case_end(&c);
        }
}

/* Without systemd's log its phases and separators are known all the same; not what else it
 * measures: machine id, NvPCRs. */
static void without_systemds_log_some_is_guessed(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(boots); i++) {
                Case c;

                begin(&c);
                if (lay(&c, boots[i], IMA | 1u << 15 | (i >= FIRST_262 ? 1u << 9 : 0))) {
                        buf_done(&c.forge.systemd_log);
                        case_judge(&c);
                        assert_claim(&c, CLAIM_REGISTERS, CLAIM_PROVEN, "records replay");
                        assert_claim(&c, CLAIM_FIRMWARE, CLAIM_PROVEN, "Secure Boot on");
                        assert_claim(&c, CLAIM_PHASE, CLAIM_PROVEN,
                                        "enter-initrd, leave-initrd, sysinit, ready");
                }
                case_end(&c);
        }
}

static void what_other_logs_explain_is_named(void **state) {
        Case c;

        (void) state;
        begin(&c);
        if (lay(&c, "262-clean-first", 0)) {
                case_judge(&c);
                assert_claim(&c, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "quoted of sha256:10 (");
                buf_done(&c.forge.systemd_log);
                case_judge(&c);
                assert_claim(&c, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "quoted of sha256:9:");
        }
        case_end(&c);
}

/* Two volumes, and that is all that was unlocked; one of them by what can be told to anybody. And
 * two users. */
static void unlocks_and_logins_are_proven(void **state) {
        Case c;

        (void) state;
        begin(&c);
        if (lay(&c, "262-luks-logins-report", IMA)) {
                add_nvpcrs(&c, "262-luks-logins-report");
                case_judge(&c);
                assert_claim(&c, CLAIM_UNLOCK, CLAIM_NOT_PROVEN,
                                "volume \"v2\" by passphrase, recovery key or key file (slot 0)");
                c.policy.allowed_methods = UINT32_MAX;
                case_judge(&c);
                assert_claim(&c, CLAIM_UNLOCK, CLAIM_PROVEN, "2 unlocked, each as policy allows");
                assert_claim(&c, CLAIM_LOGIN, CLAIM_NOT_PROVEN,
                                "\"root\" logged in, whom policy does not allow");
                c.policy.systemd.logins[0] = SPAN_LITERAL("root");
                c.policy.systemd.logins[1] = SPAN_LITERAL("nobody");
                c.policy.systemd.n_logins = 2;
                case_judge(&c);
                assert_claim(&c, CLAIM_LOGIN, CLAIM_PROVEN, "\"root\", \"nobody\"");
        }
        case_end(&c);
}

/* PCR 9 replays with 257, which has no NvPCRs: so the whole command line is proven. */
static void the_clean_boot_is_the_release(void **state) {
        Case c;

        (void) state;
        begin(&c);
        if (lay(&c, "257-clean-sysext", IMA)) {
                add_leaf(&c, "257-clean-sysext");
                case_judge(&c);
                assert_claim(&c, CLAIM_KERNEL, CLAIM_PROVEN,
                                "UKI 'debian' 1, a known release, command line \"roothash=91fb");
                assert_claim(&c, CLAIM_KERNEL, CLAIM_PROVEN,
                                "PCR 11 shows enter-initrd:leave-initrd:sysinit:ready");
        }
        case_end(&c);
}

static void the_tampered_boot_is_named_by_its_word(void **state) {
        Case c;

        (void) state;
        begin(&c);
        if (lay(&c, "257-tampered-cmdline-signed", IMA)) {
                add_leaf(&c, "257-clean-sysext");
                case_judge(&c);
                assert_claim(&c, CLAIM_KERNEL, CLAIM_NOT_PROVEN,
                                "the UKI is not release 'debian' 1: its command line differs: \"attest.tampered=1\" was added");
                assert_claim(&c, CLAIM_FIRMWARE, CLAIM_PROVEN, "Secure Boot on");
        }
        case_end(&c);
}

static void what_came_beside_the_uki_is_named(void **state) {
        Case c;

        (void) state;
        begin(&c);
        if (lay(&c, "262-stub-extras", IMA)) {
                add_leaf(&c, "262-stub-extras");
                case_judge(&c);
                assert_claim(&c, CLAIM_KERNEL, CLAIM_NOT_PROVEN,
                                "\"attest.addon=1\" was added to the command line from outside of the UKI");
                (void) snprintf(c.policy.boot.appended, sizeof(c.policy.boot.appended),
                                "attest.addon=1");
                case_judge(&c);
                assert_claim(&c, CLAIM_KERNEL, CLAIM_NOT_PROVEN, "something came beside the UKI");
        }
        case_end(&c);
}

/* Judges a boot; false where it is not there. */
static bool judged(Case *c, const char *boot) {
        begin(c);
        if (!lay(c, boot, IMA))
                return false;
        if (strncmp(boot, "262", 3) == 0)
                add_nvpcrs(c, boot);
        case_judge(c);
        return true;
}

/* Both are begun, whichever is not there: both are ended. */
static bool both_judged(Case *a, const char *boot_a, Case *b, const char *boot_b) {
        bool first = judged(a, boot_a);

        return judged(b, boot_b) && first;
}

/* What changed between two genuine boots, as it is told to people; NULL where they are not there.
 */
static char *compared(const char *old, const char *new) {
        Case before, now;
        Against a = {};
        char *said = NULL;
        size_t size = 0;
        FILE *f;

        if (both_judged(&before, old, &now, new)) {
                assert_int_equal(against_take(&before.judgement, &now.judgement, &a, NULL), 0);
                f = open_memstream(&said, &size);
                assert_non_null(f);
                report_against(&a, f);
                assert_int_equal(fclose(f), 0);
                against_done(&a);
        }
        case_end(&before);
        case_end(&now);
        return said;
}

static void what_changed_between_two_boots_is_named(void **state) {
        static const struct {
                const char *old, *new, *tells[6];
        } pairs[] = {
                { "257-clean-sysext", "257-tampered-cmdline-signed",
                                { "  command line: new: attest.tampered=1\n",
                                                "  UKI section: .cmdline: its content differs, was " } },
                { "262-clean-first", "262-stub-extras",
                                { "  command line from outside the UKI: new: \"attest.addon=1\"" } },
                { "262-clean-first", "262-luks-logins-report",
                                { "  login: new: first login of user \"nobody\"\n",
                                                "  unlock: new: volume \"v2\" unlocked by passphrase, recovery key or key file, slot 0\n" } },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(pairs); i++) {
                char *said = compared(pairs[i].old, pairs[i].new);

                for (size_t n = 0; said && n < ELEMENTS(pairs[i].tells) && pairs[i].tells[n]; n++)
                        if (!strstr(said, pairs[i].tells[n]))
                                fail_msg("'%s' does not stand in:\n%s", pairs[i].tells[n], said);
                free(said);
        }
}

/* The clean boot vouches for itself, and the other is named by what differs. */
static void a_genuine_boot_is_golden(void **state) {
        static const struct {
                const char *boot;
                ClaimState state;
                const char *said;
        } rows[] = {
                { "257-clean-sysext", CLAIM_PROVEN, "the UKI is as in golden evidence 'clean'" },
                { "257-tampered-cmdline-signed", CLAIM_NOT_PROVEN,
                                "other than golden evidence 'clean': command line: new: attest.tampered=1" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(buf_done) Buf golden = BUF_UP_TO(BUNDLE_MAX), now = BUF_UP_TO(BUNDLE_MAX);
                _cleanup_(references_done) References references = {};
                Case clean, c;

                if (both_judged(&clean, "257-clean-sysext", &c, rows[i].boot)) {
                        Question q = case_question(&c);

                        q.references = &references;
                        forge_bundle(&clean.forge, &golden);
                        forge_bundle(&c.forge, &now);
                        assert_int_equal(references_add_golden(&references, "clean",
                                                         buf_span(&golden), NULL),
                                        0);
                        judgement_done(&c.judgement);
                        assert_int_equal(appraise(buf_span(&now), &q, &c.judgement, NULL), 0);
                        assert_claim(&c, CLAIM_KERNEL, rows[i].state, rows[i].said);
                        assert_claim(&c, CLAIM_FIRMWARE, CLAIM_PROVEN,
                                        "as in golden evidence 'clean'");
                }
                case_end(&clean);
                case_end(&c);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_boot_replays),
                cmocka_unit_test(without_systemds_log_some_is_guessed),
                cmocka_unit_test(what_other_logs_explain_is_named),
                cmocka_unit_test(unlocks_and_logins_are_proven),
                cmocka_unit_test(the_clean_boot_is_the_release),
                cmocka_unit_test(the_tampered_boot_is_named_by_its_word),
                cmocka_unit_test(what_came_beside_the_uki_is_named),
                cmocka_unit_test(what_changed_between_two_boots_is_named),
                cmocka_unit_test(a_genuine_boot_is_golden),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
