/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/case.h"
#include "support/judgefaults.h"
#include "support/openssl.h"
#include "support/sysforge.h"

/* What systemd measured is judged while every step of judging fails in turn. */

static void no_fault_gives_no_other_verdict(const Question *q, Span bytes, Claim proven) {
        Verdict v;

        judge_with_faults(q, bytes, false, &v);
        judge_with_bad_hashes(q, bytes);
        assert_int_equal(verdict_state(&v, proven), CLAIM_PROVEN);
}

static void a_report_of_systemd(void **state) {
        Policy policy = policy_default();
        Releases releases = {};
        uint8_t nonce[16] = { 0x5a };
        Question q = { .nonce = { nonce, 16 }, .policy = &policy, .releases = &releases };
        SysForge f;

        (void) state;
        sysforge_new(&f);
        f.metric = "5a000000000000000000000000000000";
        sd_measure(&f.l, sd_nv(SD_CRYPTSETUP), "cryptsetup-keyslot:v2:2222:tpm2:1", "keyslot");
        sd_extend(&f.l, sd_pcr15, "the HMAC");
        sd_write(&f.l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
        policy.systemd.logins[policy.systemd.n_logins++] = SPAN_LITERAL("root");
        memset(policy.boot.root_hashes[policy.boot.n_root_hashes++].sha256, 0xab, 32);
        no_fault_gives_no_other_verdict(&q, sysforge_file(&f), CLAIM_UNLOCK);
        no_fault_gives_no_other_verdict(&q, sysforge_file(&f), CLAIM_LOGIN);
        no_fault_gives_no_other_verdict(&q, sysforge_file(&f), CLAIM_VERITY);
        f.metric = "the nonce is not here";
        no_fault_gives_no_other_verdict(&q, sysforge_file(&f), CLAIM_BOUND);
        sysforge_done(&f);
}

static void a_log_of_systemd_in_evidence(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Question q;
        SdLog l;
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        sd_new(&l);
        l.boot = NULL;
        sd_measure(&l, sd_pcr11, "enter-initrd", "phase");
        sd_measure(&l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        c.forge.values.digests[0][11] = l.pcrs.digests[0][11];
        c.forge.values.digests[0][15] = l.pcrs.digests[0][15];
        c.forge.signed_values = c.forge.values;
        buf_bytes(&c.forge.systemd_log, buf_span(&l.log));
        forge_quote(&c.forge);
        forge_bundle(&c.forge, &b);
        q = case_question(&c);
        no_fault_gives_no_other_verdict(&q, buf_span(&b), CLAIM_REGISTERS);
        sd_done(&l);
        case_end(&c);
}

static void what_is_told_of_it_is_whole_or_none(void **state) {
        Policy policy = policy_default();
        Releases releases = {};
        Question q = { .policy = &policy, .releases = &releases };
        Judgement j;
        SysForge f;

        (void) state;
        sysforge_new(&f);
        assert_int_equal(appraise(sysforge_file(&f), &q, &j, NULL), 0);
        report_with_faults(&j, &q);
        judgement_done(&j);
        sysforge_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_report_of_systemd),
                cmocka_unit_test(a_log_of_systemd_in_evidence),
                cmocka_unit_test(what_is_told_of_it_is_whole_or_none),
        };

        if (!openssl_from_libc())
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
