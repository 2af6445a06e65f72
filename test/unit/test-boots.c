/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "base/text.h"
#include "support/case.h"
#include "support/testdata.h"
#include "verify/boot.h"

/* Genuine boots, where their evidence lies: firmware, systemd-stub, kernel and systemd of Debian,
 * with the PCR values that the machine had in the end. The quote over them is forged here, since
 * its key is not of the form that we pin. */

static const char *const boots[] = { "257-clean-sysext", "257-tampered-cmdline-signed",
        "262-clean-first", "262-luks-logins-report", "262-stub-extras", "262-sysext-refresh" };

/* What the userspace log explains, and the firmware's does not: PCR 9 (NvPCRs, from 259 on), 10
 * (IMA) and 15 (machine id). */
enum { FIRST_262 = 2 };

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
                text = (Span){ text.data + n, text.size - n };
        }
}

static bool load(const char *boot, const char *file, Buf *to) {
        char name[256];

        (void) snprintf(name, sizeof(name), "boots/%s/%s", boot, file);
        return testdata_read(name, to);
}

/* Lays a boot on the table: all but what other logs explain. False where it is not there. */
static bool lay(Case *c, const char *boot, uint32_t left_out) {
        _cleanup_(buf_done) Buf values = BUF_UP_TO(8192);
        const Digest own = c->forge.values.digests[0][8];
        PcrValues v = {};

        if (!load(boot, "binary_bios_measurements", &c->forge.firmware))
                return false;
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
                uint32_t others = 1u << 10 | 1u << 15 | (i >= FIRST_262 ? 1u << 9 : 0);
                Case c;

                begin(&c);
                if (lay(&c, boots[i], others)) {
                        case_judge(&c);
                        assert_claim(&c, CLAIM_REGISTERS, CLAIM_PROVEN, "records replay");
                        assert_claim(&c, CLAIM_FIRMWARE, CLAIM_PROVEN,
                                        "Secure Boot on, programs let in by CN=mkosi of root (");
                        assert_claim(&c, CLAIM_KERNEL, CLAIM_NOT_PROVEN, "is no release");
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
                assert_claim(&c, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "sha256:9");
                c.forge.values.held.banks[0].mask &= ~(1u << 9);
                c.forge.selection = c.forge.asked = c.forge.values.held;
                case_judge(&c);
                assert_claim(&c, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "quoted of sha256:10,15");
        }
        case_end(&c);
}

/* PCR 9 replays with 257, which has no NvPCRs: so the whole command line is proven. */
static void the_clean_boot_is_the_release(void **state) {
        Case c;

        (void) state;
        begin(&c);
        if (lay(&c, "257-clean-sysext", 1u << 10 | 1u << 15)) {
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
        if (lay(&c, "257-tampered-cmdline-signed", 1u << 10 | 1u << 15)) {
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
        if (lay(&c, "262-stub-extras", 1u << 9 | 1u << 10 | 1u << 15)) {
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_boot_replays),
                cmocka_unit_test(what_other_logs_explain_is_named),
                cmocka_unit_test(the_clean_boot_is_the_release),
                cmocka_unit_test(the_tampered_boot_is_named_by_its_word),
                cmocka_unit_test(what_came_beside_the_uki_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
