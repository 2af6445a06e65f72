/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sdclaim.h"

#include "base/text.h"
#include "port/crypto.h"
#include "verify/bootrow.h"
#include "verify/phase.h"

/* The claim phase, and the ways that a boot can go. */

static int judge_told(const SystemdStory *s, const Question *q, Verdict *v) {
        judge_phase(s, NULL, false, q, v);
        return 0;
}

static int judge_kexec_too(const SystemdStory *s, const Question *q, Verdict *v) {
        judge_phase(s, NULL, true, q, v);
        return 0;
}

static void enter(SdClaim *c, const char *words) {
        char word[32];

        for (size_t n; *words; words += n + (words[n] == ' ')) {
                n = strcspn(words, " ");
                memcpy(word, words, n);
                word[n] = '\0';
                sd_measure(&c->l, sd_pcr11, word, "phase");
        }
}

static const char ordinary[] = "enter-initrd, leave-initrd, sysinit, ready";

static void an_ordinary_boot_is_told(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_PROVEN,
                        "the boot went through enter-initrd, leave-initrd, sysinit, ready");
        sdclaim_policy(&c, "[Phase]\nReached=ready\n");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_PROVEN, ordinary);
        sdclaim_policy(&c, "[Phase]\nReached=shutdown\n");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN,
                        "did not come to \"shutdown\": enter-initrd");
        sdclaim_policy(&c, "[Phase]\nReached=\n");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_PROVEN, ordinary);
        sdclaim_end(&c);
}

/* A disk that was lent to another machine, a machine that forgot everything: policy has to name it.
 */
static void what_is_out_of_the_ordinary_is_named(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        enter(&c, "factory-reset");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN,
                        "the machine went into \"factory-reset\", which policy does not allow");
        sdclaim_policy(&c, "[Phase]\nAllow=factory-reset\n");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN, "into \"enter-initrd\"");
        sdclaim_policy(&c,
                        "[Phase]\nAllow=enter-initrd leave-initrd sysinit\nAllow=ready factory-reset\n");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_PROVEN, "ready, factory-reset");
        sdclaim_end(&c);
}

static void phases_have_an_order(void **state) {
        static const char *const wrong[] = { "leave-initrd", "final", "ready",
                "storage-target-mode-start", "shutdown leave-initrd" };
        SdClaim c;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                sdclaim_begin(&c);
                sdclaim_policy(&c,
                                "[Phase]\nAllow=enter-initrd leave-initrd sysinit ready shutdown final "
                                "storage-target-mode-start\n");
                enter(&c, wrong[i]);
                assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN,
                                "stands where no boot of systemd's goes (enter-initrd, leave-initrd");
                sdclaim_end(&c);
        }
}

static void a_second_boot_needs_a_kernel_that_was_recorded(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sdclaim_policy(&c, "[Phase]\nReached=ready\n");
        enter(&c, "enter-initrd");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN, "the phases of 2 boots");
        assert_judged(&c, judge_kexec_too, CLAIM_PHASE, CLAIM_NOT_PROVEN,
                        "did not come to \"ready\"");
        enter(&c, "leave-initrd sysinit ready");
        assert_judged(&c, judge_kexec_too, CLAIM_PHASE, CLAIM_PROVEN, "ready, enter-initrd");
        sdclaim_end(&c);
}

static void user_space_alone_may_start_anew(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        enter(&c, "shutdown final sysinit ready");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_PROVEN,
                        "final, sysinit, ready; user space was started anew 1 times (soft-reboot)");
        sdclaim_end(&c);
}

/* A record whose words are not known could be any phase. */
static void what_is_no_phase_refutes(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_extend(&c.l, sd_pcr11, "factory-reset");
        sd_write(&c.l, sd_pcr11, "factory-reset", "phase", "something");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN,
                        "record 14 of systemd's log put something into pcr:11 that is no phase");
        sdclaim_end(&c);

        sdclaim_begin(&c);
        sd_extend(&c.l, sd_pcr11, "factory-reset");
        sd_write(&c.l, sd_pcr11, "factory-reset", "phase", "shutdown");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN, "that is no phase");
        sdclaim_end(&c);

        sdclaim_begin(&c);
        sd_measure(&c.l, sd_pcr11, "of somebody else", NULL);
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN, "that is no phase");
        sdclaim_end(&c);
}

/* A record of firmware's, as a CEL log has it. */
static void put_firmware(SdClaim *c, const char *words, Buf *to) {
        Digest d;

        sd_extend(&c->l, sd_pcr11, words);
        assert_int_equal(hash_bytes(HASH_SHA256, span_of(words), &d, NULL), 0);
        buf_string(to, "{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"");
        text_hex(to, digest_span(&d));
        buf_string(to, "\"}],\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":\"EV_IPL\"}}");
}

/* In an array of CEL records, as systemd's report has it, what the firmware measured stands before:
 * what is called so behind the first phase could be any phase. */
static void what_firmware_measured_comes_first(void **state) {
        for (int late = 0; late < 2; late++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(SYSTEMD_LOG_MAX);
                static JsonToken tokens[2048];
                SdClaim c;

                (void) state;
                sdclaim_begin(&c);
                sd_done(&c.l);
                sd_new(&c.l);
                buf_byte(&text, '[');
                put_firmware(&c, "section", &text);
                sd_boot(&c.l);
                for (size_t i = 0; i < c.l.log.size; i++)
                        buf_byte(&text, c.l.log.data[i] == 0x1e ? ',' : c.l.log.data[i]);
                if (late) {
                        buf_byte(&text, ',');
                        put_firmware(&c, "factory-reset", &text);
                }
                buf_byte(&text, ']');
                assert_int_equal(json_parse(buf_span(&text), JSON_FOREIGN, tokens, ELEMENTS(tokens),
                                                 "cel", &c.records, NULL),
                                0);
                assert_judged(&c, judge_told, CLAIM_PHASE, late ? CLAIM_NOT_PROVEN : CLAIM_PROVEN,
                                late ? "record 15 of systemd's log put something" : ordinary);
                sdclaim_end(&c);
        }
}

static void where_there_is_no_phase_nothing_is_claimed(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_done(&c.l);
        sd_new(&c.l);
        sd_measure(&c.l, sd_pcr11, "of somebody else", NULL);
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_ABSENT,
                        "no proven record tells of a phase");
        sdclaim_end(&c);
}

/* Nobody can add a phase that the register does not have. */
static void the_register_has_to_hold_them(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        sd_write(&c.l, sd_pcr11, "shutdown", "phase", "shutdown");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_ABSENT,
                        "no proven record tells of a phase");
        sdclaim_end(&c);

        sdclaim_begin(&c); /* nor in a bank that is not quoted */
        c.l.pcrs.held.n_banks = 1;
        c.l.banks = "sha384";
        sd_write(&c.l, sd_pcr11, "shutdown", "phase", "shutdown");
        sdclaim_policy(&c, "[Phase]\nReached=shutdown\n");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN, "did not come to");
        sdclaim_end(&c);
}

static void phases_are_bounded(void **state) {
        SdClaim c;

        (void) state;
        sdclaim_begin(&c);
        for (size_t i = 4; i < STORY_PHASES_MAX; i += 4)
                enter(&c, "shutdown final sysinit ready");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_PROVEN, "anew 7 times");
        enter(&c, "shutdown");
        assert_judged(&c, judge_told, CLAIM_PHASE, CLAIM_NOT_PROVEN, "more than 32 phases");
        sdclaim_end(&c);
}

/* Where systemd keeps no log, what was found by trying counts as far as it is signed. */
static void phases_may_be_found_by_trying(void **state) {
        Explained x = { .has_log = true,
                .n_boots = 1,
                .phases = "enter-initrd:leave-initrd",
                .which = { .banks = { { HASH_SHA256, 1u << 11 } }, .n_banks = 1 } };
        Policy policy = policy_default();
        Question q = { .policy = &policy };
        SystemdStory none = {};
        Verdict v = {};

        (void) state;
        judge_phase(&none, &x, false, &q, &v);
        assert_int_equal(verdict_state(&v, CLAIM_PHASE), CLAIM_ABSENT);
        verdict_prove(&v, CLAIM_SIGNATURE, "for this test");
        judge_phase(&none, &x, false, &q, &v);
        assert_string_equal(
                        v.reasons[CLAIM_PHASE], "the boot went through enter-initrd, leave-initrd");
        assert_true(verdict_proven(&v, CLAIM_PHASE));

        v.proven = 1u << CLAIM_SIGNATURE;
        x.which.banks[0].alg = HASH_SHA1;
        judge_phase(&none, &x, false, &q, &v);
        assert_int_equal(verdict_state(&v, CLAIM_PHASE), CLAIM_ABSENT);
        x.which.banks[0].alg = HASH_SHA256;
        x.n_boots = 0;
        judge_phase(&none, &x, false, &q, &v);
        assert_int_equal(verdict_state(&v, CLAIM_PHASE), CLAIM_ABSENT);
        judge_phase(&none, NULL, false, &q, &v);
        assert_int_equal(verdict_state(&v, CLAIM_PHASE), CLAIM_ABSENT);
}

static void ways_are_followed_row_by_row(void **state) {
        BootWay w;

        (void) state;
        for (size_t i = 0; i < BOOT_ROWS; i++) {
                w = (BootWay){};
                for (size_t n = 0; boot_rows[i][n]; n++)
                        assert_true(boot_way_step(&w, span_of(boot_rows[i][n])));
                assert_int_equal(w.n_boots, 1);
                assert_false(boot_way_step(&w, SPAN_LITERAL("leave-initrd")));
                assert_false(boot_way_step(&w, (Span){}));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_ordinary_boot_is_told),
                cmocka_unit_test(what_is_out_of_the_ordinary_is_named),
                cmocka_unit_test(phases_have_an_order),
                cmocka_unit_test(a_second_boot_needs_a_kernel_that_was_recorded),
                cmocka_unit_test(user_space_alone_may_start_anew),
                cmocka_unit_test(what_is_no_phase_refutes),
                cmocka_unit_test(what_firmware_measured_comes_first),
                cmocka_unit_test(where_there_is_no_phase_nothing_is_claimed),
                cmocka_unit_test(the_register_has_to_hold_them),
                cmocka_unit_test(phases_are_bounded),
                cmocka_unit_test(phases_may_be_found_by_trying),
                cmocka_unit_test(ways_are_followed_row_by_row),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
