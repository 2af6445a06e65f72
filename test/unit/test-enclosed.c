/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/case.h"
#include "support/firmlog.h"
#include "support/judgefaults.h"
#include "support/openssl.h"
#include "support/sysforge.h"
#include "verify/report.h"
#include "wire/efievent.h"

/* A report that systemd signed, as a part of evidence: that it is of this machine and this boot is
 * what has to be shown. */

typedef struct Machine {
        Case c;
        SysForge s;
        char boot[33];
} Machine;

/* Registers, NvPCRs and log are what systemd made of them until now. */
static void measured(Machine *m) {
        Forge *f = &m->c.forge;
        SdLog *l = &m->s.l;

        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (pcr != WORLD_PCR)
                        f->values.digests[0][pcr] = l->pcrs.digests[0][pcr];
        f->signed_values = f->values;
        forge_drop_nvpcrs(f);
        for (size_t i = 0; i < l->n_nv; i++)
                forge_nvpcr(f,
                                (NvPublic){ .index = l->nv[i].index,
                                                .name_alg = HASH_SHA256,
                                                .attributes = l->nv[i].attributes,
                                                .policy = l->nv[i].policy,
                                                .size = l->nv[i].size },
                                l->nv[i].value);
        buf_done(&f->systemd_log);
        buf_bytes(&f->systemd_log, buf_span(&l->log));
}

/* systemd writes a report, of what was measured until now. */
static void reported(Machine *m) {
        buf_done(&m->c.forge.report);
        buf_bytes(&m->c.forge.report, sysforge_file(&m->s));
}

/* The machine starts. */
static void boot(Machine *m) {
        sd_done(&m->s.l);
        sd_new(&m->s.l);
        m->s.l.boot = m->boot;
        m->s.l.name_nvpcr = sd_name_nvpcr;
        sd_boot(&m->s.l);
}

/* Both TPMs are one: counts, clock and firmware of the world's. systemd's key is pinned, too. */
static void begin(Machine *m) {
        case_begin(&m->c);
        case_judge(&m->c);
        for (size_t i = 0; i < 16; i++)
                (void) snprintf(m->boot + 2 * i, 3, "%02x",
                                m->c.judgement.story.segment.chain.boot[i]);
        sysforge_new(&m->s);
        boot(m);
        m->s.reset = m->c.world.clock.reset_count;
        m->s.restart = m->c.world.clock.restart_count;
        m->s.firmware = 0x2024;
        m->c.policy.keys[1].size = 34;
        sysforge_name(&m->s, m->c.policy.keys[1].name);
        m->c.policy.keys[1].by.line = 4;
        m->c.policy.n_keys = 2;
        m->c.policy.required |= 1u << CLAIM_REPORT;
        measured(m);
        reported(m);
}

static void end(Machine *m) {
        case_end(&m->c);
        sysforge_done(&m->s);
}

static void judge(Machine *m) {
        case_judge(&m->c);
}

static void assert_proven(Machine *m, const char *words) {
        judge(m);
        if (case_state(&m->c, CLAIM_REPORT) != CLAIM_PROVEN ||
                        !strstr(m->c.judgement.verdict.reasons[CLAIM_REPORT], words))
                fail_msg("says '%s'", m->c.judgement.verdict.reasons[CLAIM_REPORT]);
        assert_true(verdict_trusted(&m->c.judgement.verdict));
}

#define assert_not_proven(m, words)                                                                \
        do {                                                                                       \
                judge(m);                                                                          \
                assert_refused(&(m)->c, CLAIM_REPORT, words);                                      \
        } while (0)

static void a_report_of_this_boot_is_proven(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        assert_proven(&m,
                        "made 4.706 s before the quote by the TPM's clock, over the same registers, "
                        "by another key (ECDSA P-256, sha256; pinned by policy line 4;");
        assert_proven(&m, "that both keys are in one TPM is your word");
        assert_proven(&m, "if the running system is what it says");
        assert_true(m.c.judgement.readable && m.c.judgement.report.readable);
        assert_null(strstr(m.c.judgement.verdict.reasons[CLAIM_REPORT], "nonce"));
        m.s.metric = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
        reported(&m);
        assert_proven(&m, "; the nonce stands in it");
        end(&m);
}

static void without_one_nothing_is_said(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        buf_done(&m.c.forge.report);
        judge(&m);
        assert_int_equal(case_state(&m.c, CLAIM_REPORT), CLAIM_ABSENT);
        assert_string_equal(m.c.judgement.verdict.reasons[CLAIM_REPORT],
                        "the evidence has no report of systemd");
        end(&m);
}

/* The machine goes on between the report and the quote, and its log tells how. */
static void a_report_may_be_older_than_the_quote(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        sd_measure(&m.s.l, sd_nv(SD_LOGIN), "login:eve:{}", "login");
        measured(&m);
        assert_proven(&m, "");
        sd_measure(&m.s.l, sd_pcr15, "file-system:/var::::::", "filesystem");
        sd_measure(&m.s.l, sd_nv(SD_VERITY), "verity:usr:" SD_ROOT ":", "dm-verity");
        measured(&m);
        assert_proven(&m, "");

        /* without the log, what was before is nobody's word; what is now, the quote tells */
        buf_done(&m.c.forge.systemd_log);
        assert_not_proven(&m, "the registers that it quotes are not those of the quote beside it");
        reported(&m);
        judge(&m);
        assert_int_equal(case_state(&m.c, CLAIM_REPORT), CLAIM_PROVEN);
        end(&m);
}

/* Events of firmware stand in the report before systemd's records, and here in a log of their own.
 */
static void what_firmware_measured_came_before(void **state) {
        static const HashAlg sha256 = HASH_SHA256;
        static const Register pcr4 = { REGISTER_PCR, 4 };
        FirmLog log = firmlog_new(&sha256, 1);
        Machine m;

        (void) state;
        begin(&m);
        sd_done(&m.s.l);
        sd_new(&m.s.l);
        m.s.l.boot = NULL;
        sd_measure(&m.s.l, pcr4, "event", "marked");
        sd_measure(&m.s.l, sd_pcr11, "enter-initrd", "phase");
        m.s.old = "\"content_type\":\"systemd\",\"content\":{\"string\":\"event\",";
        m.s.new = "\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":\"EV_IPL\",";
        reported(&m);
        sd_measure(&m.s.l, sd_pcr11, "leave-initrd", "phase");
        measured(&m);
        (void) firmlog_add(&log, 4, EV_IPL, SPAN_LITERAL("event"));
        firmlog_write(&log, &m.c.forge.firmware);
        buf_done(&m.c.forge.systemd_log);
        sd_done(&m.s.l);
        sd_write(&m.s.l, sd_pcr11, "enter-initrd", "phase", "enter-initrd");
        sd_write(&m.s.l, sd_pcr11, "leave-initrd", "phase", "leave-initrd");
        buf_bytes(&m.c.forge.systemd_log, buf_span(&m.s.l.log));
        assert_proven(&m, "");
        firmlog_done(&log);
        end(&m);
}

/* What the log says of before counts where it leads to what is quoted now. */
static void a_log_that_is_not_proven_tells_nothing_of_before(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        sd_extend(&m.s.l, sd_pcr15, "somebody");
        measured(&m);
        assert_not_proven(&m, "the registers that it quotes are not those of the quote beside it");
        end(&m);

        begin(&m);
        sd_extend(&m.s.l, sd_nv(SD_LOGIN), "somebody");
        measured(&m);
        assert_not_proven(&m, "the NvPCR 0x01d10203 that it certifies is not the one");
        end(&m);
}

/* Everything agrees but what was measured. */
static void a_report_of_another_machine_is_found(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        sd_measure(&m.s.l, sd_pcr15, "file-system:/var::::::", "filesystem");
        reported(&m);
        measured(&m);
        assert_proven(&m, "");
        boot(&m);
        sd_measure(&m.s.l, sd_pcr15, "file-system:/opt::::::", "filesystem");
        measured(&m);
        assert_not_proven(&m, "the registers that it quotes are not those of the quote beside it");
        boot(&m); /* and one that has more records than the log here */
        measured(&m);
        assert_not_proven(&m, "the registers that it quotes are not those of the quote beside it");
        end(&m);

        begin(&m);
        sd_measure(&m.s.l, sd_nv(SD_LOGIN), "login:eve:{}", "login");
        reported(&m);
        boot(&m);
        sd_measure(&m.s.l, sd_nv(SD_LOGIN), "login:bob:{}", "login");
        measured(&m);
        assert_not_proven(&m, "the NvPCR 0x01d10203 that it certifies is not the one");
        end(&m);
}

/* An NvPCR of another Name is another one, whatever it holds; what is certified in the report alone
 * is the report's word. */
static void an_nvpcr_is_the_one_that_is_certified_here(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        m.c.forge.nvpcrs[1].public.attributes ^= NV_ORDERLY;
        assert_not_proven(&m, "the NvPCR 0x01d10200 that it certifies is not the one");
        end(&m);

        begin(&m);
        forge_drop_nvpcrs(&m.c.forge);
        judge(&m);
        assert_int_equal(case_state(&m.c, CLAIM_REPORT), CLAIM_PROVEN);
        end(&m);
}

static void a_report_of_another_run_of_the_tpm_is_found(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        m.s.reset++;
        reported(&m);
        assert_not_proven(&m, "it is of another run of a TPM (reset 4, restart 0) than the quote "
                              "(reset 3, restart 0)");
        m.s.reset--;
        m.s.restart++;
        reported(&m);
        assert_not_proven(&m, "it is of another run of a TPM (reset 3, restart 1)");
        m.s.restart--;
        m.s.firmware++;
        reported(&m);
        assert_not_proven(&m, "it is of a TPM with firmware 0x0000000000002025");
        m.s.firmware--;
        m.s.clock = 5711 - 5;
        reported(&m);
        assert_proven(&m, "made 0.000 s before");
        m.s.clock++;
        reported(&m);
        assert_not_proven(&m, "it is younger than the quote");
        end(&m);
}

/* After a kexec, registers and counts are what they were. */
static void a_report_of_another_boot_is_found(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        m.s.l.boot = SD_BOOT;
        sd_measure(&m.s.l, sd_pcr15, "file-system:/var::::::", "filesystem");
        measured(&m);
        assert_not_proven(&m, "its records are of another boot than those of systemd's log");
        end(&m);
}

/* What a report that is judged alone has to prove. */
static void a_report_has_to_hold_by_itself(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        m.s.unsigned_ = 6;
        reported(&m);
        assert_not_proven(&m, "not proven (signature): component 5 is not signed");
        m.s.unsigned_ = 0;
        m.s.other_report = true;
        reported(&m);
        assert_not_proven(&m, "not proven (bound): the signature is over another report");
        m.s.other_report = false;
        m.s.exclusive = false;
        reported(&m);
        assert_not_proven(&m, "not proven (atomic): somebody else used the TPM");
        m.s.exclusive = true;
        m.s.other_digest = true;
        reported(&m);
        assert_not_proven(&m, "not proven (registers): the event log does not replay");
        m.s.other_digest = false;
        reported(&m);
        m.c.policy.n_keys = 1;
        assert_not_proven(&m, "not proven (key): AK unknown");
        end(&m);
}

/* Its records are not signed: they are read again only where the report holds. */
static void records_that_are_none_are_no_failure(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        m.s.old = "{\"pcr\":11";
        m.s.new = "{\"pcr\":99";
        reported(&m);
        assert_not_proven(&m, "not proven (registers): record 0: systemd's log: malformed");
        end(&m);
}

static void the_quote_beside_it_has_to_be_signed(void **state) {
        Machine m;

        (void) state;
        begin(&m);
        m.c.forge.sign_with_other = true;
        assert_not_proven(&m, "the quote beside it is not signed");
        end(&m);
}

/* One that does not hold is no matter of the other claims. */
static void what_is_no_report_refutes_this_claim_alone(void **state) {
        Verdict without;
        Machine m;
        Span whole;

        (void) state;
        begin(&m);
        whole = sysforge_file(&m.s);
        buf_done(&m.c.forge.report);
        judge(&m);
        without = m.c.judgement.verdict;
        for (size_t n = 1; n < whole.size; n += n < 100 ? 7 : 1501) {
                buf_done(&m.c.forge.report);
                buf_bytes(&m.c.forge.report, (Span){ whole.data, n });
                assert_not_proven(&m, "systemd's report: ");
                assert_false(m.c.judgement.report.readable);
                for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                        if (claim != CLAIM_REPORT)
                                assert_string_equal(m.c.judgement.verdict.reasons[claim],
                                                without.reasons[claim]);
                assert_int_equal(m.c.judgement.verdict.proven, without.proven);
        }
        end(&m);
}

static void people_and_programs_are_told_whose_it_is(void **state) {
        _cleanup_(buf_done) Buf json = BUF_UP_TO(BUNDLE_MAX);
        char *text = NULL;
        size_t size;
        Question q;
        Machine m;
        FILE *f;

        (void) state;
        begin(&m);
        judge(&m);
        q = case_question(&m.c);
        f = open_memstream(&text, &size);
        assert_non_null(f);
        report_people(&m.c.judgement, &q, f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(strncmp(text, "Evidence made ", 14), 0);
        assert_non_null(strstr(text, "\nA report of systemd, made Sun 2026-11-22 11:25:12 UTC"));
        assert_null(strstr(text, "not judged by this version: systemd-report"));
        assert_int_equal(report_json(&m.c.judgement, &q, &json, NULL), 0);
        buf_byte(&json, 0);
        assert_non_null(strstr((const char *) json.data, "\"report\":{\"attestationKey\":\"000b"));
        assert_non_null(strstr((const char *) json.data, "\"notJudged\":[]"));
        free(text);
        end(&m);
}

/* The policy that is suggested pins the key of the evidence, and demands no report. */
static void a_suggested_policy_is_of_the_evidence(void **state) {
        char *text = NULL, *key;
        size_t size;
        Question q;
        Machine m;
        FILE *f;

        (void) state;
        begin(&m);
        judge(&m);
        q = case_question(&m.c);
        f = open_memstream(&text, &size);
        assert_non_null(f);
        assert_int_equal(report_suggest(&m.c.judgement, &q, f, NULL), 0);
        assert_int_equal(fclose(f), 0);
        key = strstr(text, "AttestationKey=000b");
        assert_non_null(key);
        for (size_t i = 0; i < 32; i++) {
                char hex[3];

                (void) snprintf(hex, sizeof(hex), "%02x", m.c.forge.ak_name[2 + i]);
                assert_int_equal(strncmp(key + 19 + 2 * i, hex, 2), 0);
        }
        assert_null(strstr(text, " report"));
        free(text);
        end(&m);
}

static void no_fault_gives_another_verdict(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Machine m;
        Question q;
        Verdict v;

        (void) state;
        begin(&m);
        judge(&m);
        q = case_question(&m.c);
        forge_bundle(&m.c.forge, &b);
        judge_with_faults(&q, buf_span(&b), false, &v);
        assert_int_equal(verdict_state(&v, CLAIM_REPORT), CLAIM_PROVEN);
        judge_with_bad_hashes(&q, buf_span(&b));
        end(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_report_of_this_boot_is_proven),
                cmocka_unit_test(without_one_nothing_is_said),
                cmocka_unit_test(a_report_may_be_older_than_the_quote),
                cmocka_unit_test(what_firmware_measured_came_before),
                cmocka_unit_test(a_log_that_is_not_proven_tells_nothing_of_before),
                cmocka_unit_test(a_report_of_another_machine_is_found),
                cmocka_unit_test(an_nvpcr_is_the_one_that_is_certified_here),
                cmocka_unit_test(a_report_of_another_run_of_the_tpm_is_found),
                cmocka_unit_test(a_report_of_another_boot_is_found),
                cmocka_unit_test(a_report_has_to_hold_by_itself),
                cmocka_unit_test(records_that_are_none_are_no_failure),
                cmocka_unit_test(the_quote_beside_it_has_to_be_signed),
                cmocka_unit_test(what_is_no_report_refutes_this_claim_alone),
                cmocka_unit_test(people_and_programs_are_told_whose_it_is),
                cmocka_unit_test(a_suggested_policy_is_of_the_evidence),
                cmocka_unit_test(no_fault_gives_another_verdict),
        };

        if (!openssl_from_libc())
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
