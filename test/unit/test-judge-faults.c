/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/counted.h"
#include "support/draftlog.h"
#include "support/judgefaults.h"
#include "support/openssl.h"

/* What a machine says of itself is judged while every step of judging fails in turn. */

static void no_fault_gives_no_other_verdict(Case *c, bool for_ever) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Question q;
        Verdict v;

        case_judge(c); /* pins the key */
        forge_bundle(&c->forge, &b);
        q = case_question(c);
        judge_with_faults(&q, buf_span(&b), for_ever, &v);
}

static void no_bad_hash_gives_a_verdict(Case *c) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Question q;

        case_judge(c);
        forge_bundle(&c->forge, &b);
        q = case_question(c);
        judge_with_bad_hashes(&q, buf_span(&b));
}

static void an_honest_machine_is_not_called_a_liar(void **state) {
        Question q;
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        q = case_question(&c);
        report_with_faults(&c.judgement, &q);
        no_fault_gives_no_other_verdict(&c, false);
        no_fault_gives_no_other_verdict(&c, true);
        no_bad_hash_gives_a_verdict(&c);
        case_end(&c);
}

static void nor_one_with_another_kind_of_key(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_key(&c.forge, TPM_CURVE_NONE, HASH_SHA256);
        no_fault_gives_no_other_verdict(&c, false);
        no_bad_hash_gives_a_verdict(&c);
        case_end(&c);
}

static void nor_is_what_nobody_explains(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.values.digests[0][4].bytes[0] = 1;
        c.forge.signed_values = c.forge.values;
        no_fault_gives_no_other_verdict(&c, false);
        no_bad_hash_gives_a_verdict(&c);
        assert_refused(&c, CLAIM_REGISTERS, "sha256:4");
        case_end(&c);
}

/* With a firmware's log that replays, and a UKI that differs in a word. */
static void nor_is_one_that_tells_how_it_started(void **state) {
        static const HashAlg sha256 = HASH_SHA256;
        static const char leaf[] =
                        "avouch/release/v1\ntype uki\nname linux\n"
                        "section .cmdline sha256:"
                        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\n";
        _cleanup_(firmlog_done) FirmLog log = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf certificate = BUF_UP_TO(4096);
        Case c;

        (void) state;
        firmlog_certificate(&certificate, "vendor");
        firmlog_boot(&log, &(FirmBoot){ .secure_boot = true,
                                           .certificate = buf_span(&certificate),
                                           .cmdline = "x quiet" });
        case_begin(&c);
        assert_int_equal(releases_add(&c.releases, SPAN_LITERAL(leaf), NULL), 0);
        forge_firmware(&c.forge, &log);
        firmlog_extend(&c.forge.values, 11, "enter-initrd");
        c.forge.signed_values = c.forge.values;
        buf_string(&c.forge.line, "x quiet");
        no_fault_gives_no_other_verdict(&c, false);
        no_bad_hash_gives_a_verdict(&c);
        assert_int_equal(case_state(&c, CLAIM_FIRMWARE), CLAIM_PROVEN);
        assert_int_equal(case_state(&c, CLAIM_KERNEL), CLAIM_NOT_PROVEN);
        case_end(&c);
}

static void nor_is_one_with_a_counter_and_a_history(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        no_fault_gives_no_other_verdict(&m.c, false);
        no_bad_hash_gives_a_verdict(&m.c);
        counted_end(&m);
}

/* Unlocks in each of two segments, one of which policy does not allow. */
static void nor_is_one_whose_volumes_were_unlocked(void **state) {
        static const DraftChange by_hand[] = { { "method", "\"passphrase\"" }, { "human", "1" },
                { "count", NULL }, { "past", NULL }, {} };
        Digest sha1 = digest_zero(HASH_SHA1), sha256 = digest_zero(HASH_SHA256);
        Case c;

        (void) state;
        case_begin(&c);
        buf_done(&c.forge.log);
        for (int last = 0; last < 2; last++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();
                char start[DRAFT_START_MAX];

                draft_register_values(&sha1, &sha256, start);
                draft_log_add(&l, EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "start", start },
                                                { "why", last ? "\"kexec\"" : "\"boot\"" },
                                                { "count", NULL }, { "history", NULL },
                                                { "others", NULL }, { "blinded", NULL }, {} });
                draft_log_add(&l, EVENT_UNLOCK_OPEN, last ? NULL : by_hand);
                sha1 = draft_log_replay(&l, 0, sha1);
                sha256 = draft_log_replay(&l, 1, sha256);
                buf_bytes(last ? &c.forge.log : &c.forge.before, draft_log_bytes(&l));
        }
        c.forge.values.digests[0][8] = sha256;
        c.forge.signed_values = c.forge.values;
        c.forge.clock = (TpmClock){ .clock = 7, .reset_count = 7, .restart_count = 7 };
        no_fault_gives_no_other_verdict(&c, false);
        no_bad_hash_gives_a_verdict(&c);
        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_refused(&c, CLAIM_UNLOCK, "an earlier segment of avouch's log");
        case_end(&c);
}

static void a_liar_is_not_called_honest(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.sign_with_other = true;
        no_fault_gives_no_other_verdict(&c, false);
        c.forge.sign_with_other = false;
        c.forge.log.data[c.forge.log.size - 8] ^= 1;
        no_fault_gives_no_other_verdict(&c, false);
        case_end(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_machine_is_not_called_a_liar),
                cmocka_unit_test(nor_one_with_another_kind_of_key),
                cmocka_unit_test(nor_is_what_nobody_explains),
                cmocka_unit_test(nor_is_one_that_tells_how_it_started),
                cmocka_unit_test(nor_is_one_with_a_counter_and_a_history),
                cmocka_unit_test(nor_is_one_whose_volumes_were_unlocked),
                cmocka_unit_test(a_liar_is_not_called_honest),
        };

        if (!openssl_from_libc())
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
