/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "base/text.h"
#include "support/sysforge.h"
#include "support/testdata.h"
#include "verify/appraise.h"

/* A report that systemd signed, judged: forged ones, and genuine ones where they lie beside. */

typedef struct Bench {
        SysForge f;
        Policy policy;
        Releases releases;
        uint8_t nonce[33];
        size_t nonce_size;
        Judgement j;
} Bench;

static void begin(Bench *b) {
        *b = (Bench){ .policy = policy_default() };
        sysforge_new(&b->f);
        b->policy.n_keys = 1;
        b->policy.keys[0].size = 34;
        sysforge_name(&b->f, b->policy.keys[0].name);
        memset(b->nonce, 0x5a, sizeof(b->nonce));
}

static void end(Bench *b) {
        judgement_done(&b->j);
        releases_done(&b->releases);
        sysforge_done(&b->f);
}

static void judge_bytes(Bench *b, Span file) {
        Question q = {
                .nonce = { b->nonce, b->nonce_size }, .policy = &b->policy, .releases = &b->releases
        };

        judgement_done(&b->j);
        assert_int_equal(appraise(file, &q, &b->j, NULL), 0);
}

static void judge(Bench *b) {
        judge_bytes(b, sysforge_file(&b->f));
}

static ClaimState state_of(const Bench *b, Claim claim) {
        return verdict_state(&b->j.verdict, claim);
}

#define assert_state(b, claim, state, words)                                                       \
        do {                                                                                       \
                if (state_of(b, claim) != (state) ||                                               \
                                !strstr((b)->j.verdict.reasons[claim], words))                     \
                        fail_msg("%s: %s", claim_state_name(state_of(b, claim)),                   \
                                        (b)->j.verdict.reasons[claim]);                            \
        } while (0)

static void firmware_that_policy_refuses_is_told_here_too(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.policy.refused[b.policy.n_refused++].version = 2315977366801874944;
        judge(&b);
        assert_state(&b, CLAIM_KEY, CLAIM_NOT_PROVEN, "its TPM has firmware 0x20240125");
        end(&b);
}

static void an_honest_report_is_proven_as_far_as_it_goes(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        judge(&b);
        assert_true(b.j.report.readable && !b.j.readable);
        assert_state(&b, CLAIM_SIGNATURE, CLAIM_PROVEN, "6 attestations are signed by the key");
        assert_state(&b, CLAIM_KEY, CLAIM_PROVEN, "pinned by policy line 0");
        assert_state(&b, CLAIM_BOUND, CLAIM_PROVEN, "over this report");
        assert_state(&b, CLAIM_ATOMIC, CLAIM_PROVEN, "nobody else");
        assert_state(&b, CLAIM_REGISTERS, CLAIM_PROVEN,
                        "14 records replay to the quoted PCRs and 4 NvPCRs; of avouch's own register nothing is said");
        assert_state(&b, CLAIM_UNLOCK, CLAIM_PROVEN, "\"root\" by tpm2");
        assert_state(&b, CLAIM_FRESH, CLAIM_NOT_PROVEN, "answers no nonce");
        assert_state(&b, CLAIM_LAYERS, CLAIM_ABSENT, "does not tell");
        assert_state(&b, CLAIM_UNTOUCHED, CLAIM_ABSENT, "does not tell");
        assert_state(&b, CLAIM_KERNEL, CLAIM_ABSENT, "not judged");
        assert_state(&b, CLAIM_REPORT, CLAIM_ABSENT, "this is the report itself");
        assert_false(verdict_trusted(&b.j.verdict));
        b.policy.required = 1u << CLAIM_SIGNATURE | 1u << CLAIM_KEY | 1u << CLAIM_REGISTERS;
        judge(&b);
        assert_true(verdict_trusted(&b.j.verdict));
        assert_int_equal(b.j.report.n_others, 1);
        end(&b);
}

/* One thing is changed before it is signed, by whoever has the key; or in the text, by anybody. */
static const struct {
        const char *old, *new;
        Claim claim;
        const char *said;
} changed[] = {
        { "\"value\":\"y\"", "\"value\":\"z\"", CLAIM_BOUND, "another report" },
        { "\"mechanism\":\"tpm2\",\"sha256\":\"", "\"mechanism\":\"tpm2\",\"sha256\":\"ff",
                        CLAIM_BOUND, "without the report's SHA-256" },
        { "\"clock\":1000", "\"clock\":1001", CLAIM_SIGNATURE, "component 0 is not signed" },
        { "\"clock\":1002", "\"clock\":1001", CLAIM_SIGNATURE, "component 2 is not signed" },
        { "\"clock\":1005", "\"clock\":1006", CLAIM_SIGNATURE, "component 5 is not signed" },
        { "ATTEST_QUOTE", "ATTEST_NV", CLAIM_SIGNATURE, "an attestation of another type" },
        { "\"exclusiveSession\":\"YES\"", "\"exclusiveSession\":\"NO\"", CLAIM_SIGNATURE,
                        "component 5 is not signed" },
        { "\"pcrSelect\":[0,1,", "\"pcrSelect\":[0,2,1,", CLAIM_SIGNATURE, "one twice" },
        { "\"pcrSelect\":[0,1,", "\"pcrSelect\":[0,", CLAIM_SIGNATURE,
                        "component 0 is not signed" },
        { "\"authPolicy\":\"f532", "\"authPolicy\":\"f533", CLAIM_SIGNATURE,
                        "is not of the index that was certified" },
        { "{\\\"name\\\":\\\"x\\\"}", "{\\\"name\\\":\\\"y\\\"}", CLAIM_SIGNATURE,
                        "is not what was certified with it" },
        { "\"offset\":0", "\"offset\":1", CLAIM_SIGNATURE, "and not all of it" },
        { "\"dataSize\":32", "\"dataSize\":33", CLAIM_SIGNATURE, "not of the index" },
        { "login:root:", "login:eve::", CLAIM_UNTOUCHED, "does not tell" },
        { "enter-initrd", "leave-initrd", CLAIM_UNTOUCHED, "does not tell" },
        { "[{\"type\":\"pcr\"", "[{\"type\":\"rtmr\"", CLAIM_REGISTERS, "not known here" },
        { "\"mechanism\":\"tpm2\"", "\"mechanism\":\"tpm3\"", CLAIM_REGISTERS,
                        "not signed by a TPM" },
        { "\"mechanism\":\"plain\"", "\"mechanism\":\"tpm2\"", CLAIM_REGISTERS,
                        "two signatures of TPMs" },
        { "\"mechanism\":\"plain\"", "\"mechanism\":7", CLAIM_REGISTERS,
                        "without mechanism or data" },
        { "\"hash\":\"SHA256\",\"signatureR\"", "\"hash\":\"SHA1\",\"signatureR\"", CLAIM_SIGNATURE,
                        "a hash other than" },
        { "\"sessionDigest\":\"", "\"sessionDigest\":\"ff", CLAIM_SIGNATURE, "no hash's length" },
        { "\"nvIndex\":30474755", "\"nvIndex\":1", CLAIM_SIGNATURE,
                        "a handle that no NV index has" },
        { "{\"pcr\":11", "{\"pcr\":99", CLAIM_REGISTERS, "not the number of a register" },
        { "\"pcrSelect\":[{\"hash\":\"SHA256\"", "\"pcrSelect\":[{\"hash\":\"RSA\"",
                        CLAIM_SIGNATURE, "component 0 is not signed" },
};

static void a_changed_report_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(changed); i++) {
                bool mark = changed[i].claim == CLAIM_UNTOUCHED;
                Bench b;

                begin(&b);
                b.f.old = changed[i].old;
                b.f.new = changed[i].new;
                judge(&b);
                if (!strstr(b.j.verdict.reasons[changed[i].claim], changed[i].said))
                        fail_msg("%zu: %s", i, b.j.verdict.reasons[changed[i].claim]);
                if (state_of(&b, changed[i].claim) == CLAIM_PROVEN)
                        fail_msg("%zu is proven", i);
                if (mark) /* words that no digest covers: the rest stands */
                        assert_int_equal(state_of(&b, CLAIM_REGISTERS), CLAIM_PROVEN);
                else
                        assert_int_not_equal(state_of(&b, CLAIM_FRESH), CLAIM_PROVEN);
                end(&b);
        }
}

static void what_the_key_did_not_sign_together_is_not_bound(void **state) {
        for (unsigned left_out = 1; left_out <= 5; left_out++) {
                Bench b;

                (void) state;
                begin(&b);
                b.f.left_out = left_out;
                judge(&b);
                assert_state(&b, CLAIM_SIGNATURE, CLAIM_PROVEN, "5 attestations");
                assert_state(&b, CLAIM_BOUND, CLAIM_NOT_PROVEN, "not those of the audit session");
                assert_state(&b, CLAIM_ATOMIC, CLAIM_NOT_PROVEN, "not this report's");
                if (left_out == 1)
                        assert_state(&b, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "does not replay");
                end(&b);
        }
}

static void each_attestation_must_be_signed(void **state) {
        (void) state;
        for (unsigned i = 1; i <= 6; i++) {
                char words[64];
                Bench b;

                begin(&b);
                b.f.unsigned_ = i;
                judge(&b);
                (void) snprintf(words, sizeof(words), "component %u is not signed", i - 1);
                assert_state(&b, CLAIM_SIGNATURE, CLAIM_NOT_PROVEN, words);
                assert_state(&b, CLAIM_KEY, CLAIM_NOT_PROVEN, "nothing here is signed");
                assert_state(&b, CLAIM_BOUND, CLAIM_NOT_PROVEN, "not signed");
                assert_state(&b, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "not signed");
                assert_int_not_equal(state_of(&b, CLAIM_UNLOCK), CLAIM_PROVEN);
                end(&b);
        }
}

static void an_audit_of_another_report_is_refused(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.f.other_report = true;
        judge(&b);
        assert_state(&b, CLAIM_SIGNATURE, CLAIM_PROVEN, "");
        assert_state(&b, CLAIM_BOUND, CLAIM_NOT_PROVEN, "over another report");
        end(&b);
}

static void one_run_of_the_tpm(void **state) {
        (void) state;
        for (unsigned i = 2; i <= 6; i++) {
                Bench b;

                begin(&b);
                b.f.other_run = i;
                judge(&b);
                assert_state(&b, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "another run of the TPM");
                end(&b);
        }
}

static void one_boot_of_the_tpm(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.f.other_reset = 3;
        judge(&b);
        assert_state(&b, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "component 2 is of another run");
        end(&b);
}

/* What whoever has the key can sign, and is none the less no evidence. */
static void what_attests_nothing_is_malformed(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.f.pcrs = 0;
        judge(&b);
        assert_state(&b, CLAIM_SIGNATURE, CLAIM_NOT_PROVEN, "a selection without a PCR");
        end(&b);

        begin(&b);
        b.f.l.nv[3].value.size = 31;
        judge(&b);
        assert_state(&b, CLAIM_SIGNATURE, CLAIM_NOT_PROVEN, "and not all of it");
        end(&b);

        begin(&b);
        b.f.attributes |= 1u << 31;
        judge(&b);
        assert_state(&b, CLAIM_SIGNATURE, CLAIM_NOT_PROVEN, "attributes without a meaning");
        end(&b);
}

/* The digest that the record of the signature has beside the data. */
static void the_report_is_the_one_that_the_record_names(void **state) {
        static const char mark[] = "\"mechanism\":\"tpm2\",\"sha256\":\"";
        uint8_t *at;
        Bench b;

        (void) state;
        begin(&b);
        (void) sysforge_file(&b.f);
        at = memmem(b.f.file.data, b.f.file.size, mark, strlen(mark));
        assert_non_null(at);
        at[strlen(mark)] = at[strlen(mark)] == '0' ? '1' : '0';
        judge_bytes(&b, buf_span(&b.f.file));
        assert_state(&b, CLAIM_BOUND, CLAIM_NOT_PROVEN, "over another report");
        end(&b);
}

/* Firmware's records, as systemd-pcrlock has them: what was not extended does not count. */
static void firmwares_records_are_replayed_too(void **state) {
        Bench b;

        (void) state;
        for (int i = 0; i < 2; i++) {
                begin(&b);
                if (i == 0)
                        sd_extend(&b.f.l, (Register){ REGISTER_PCR, 4 }, "event");
                sd_write(&b.f.l, (Register){ REGISTER_PCR, 4 }, "event", "marked", "x");
                b.f.old = "\"content_type\":\"systemd\",\"content\":{\"string\":\"x\",";
                b.f.new = i == 0 ? "\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":\"EV_IPL\","
                                 : "\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":\"EV_NO_ACTION\",";
                judge(&b);
                assert_state(&b, CLAIM_REGISTERS, CLAIM_PROVEN, "15 records");
                end(&b);
        }
}

static void who_else_used_the_tpm_is_said(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.f.exclusive = false;
        judge(&b);
        assert_state(&b, CLAIM_BOUND, CLAIM_PROVEN, "");
        assert_state(&b, CLAIM_ATOMIC, CLAIM_NOT_PROVEN, "somebody else used the TPM");
        end(&b);
}

static void a_log_that_does_not_replay_is_refused(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        sd_write(&b.f.l, sd_pcr15, "file-system:/::::::", NULL, "file-system:/::::::");
        judge(&b);
        assert_state(&b, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "does not replay to the quoted PCRs");
        assert_state(&b, CLAIM_BOUND, CLAIM_PROVEN, "");
        end(&b);

        begin(&b);
        b.f.other_digest = true;
        judge(&b);
        assert_state(&b, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "does not replay to the quoted PCRs");
        end(&b);

        begin(&b);
        sd_write(&b.f.l, sd_nv(SD_LOGIN), "login:eve:{}", NULL, "login:eve:{}");
        judge(&b);
        assert_state(&b, CLAIM_REGISTERS, CLAIM_NOT_PROVEN, "certified NvPCR login");
        end(&b);
}

/* A TPM that firmware started from locality 3 or 4. */
static void pcr_0_may_begin_with_its_locality(void **state) {
        (void) state;
        for (uint8_t locality = 0; locality < 6; locality++) {
                bool fits = locality == 0 || locality == 3 || locality == 4;
                Bench b;

                begin(&b);
                b.f.l.pcrs.digests[0][0].bytes[31] = locality;
                sd_measure(&b.f.l, (Register){ REGISTER_PCR, 0 }, "os-separator", "os-separator");
                judge(&b);
                assert_int_equal(state_of(&b, CLAIM_REGISTERS),
                                fits ? CLAIM_PROVEN : CLAIM_NOT_PROVEN);
                end(&b);
        }
}

/* Whoever asks has the nonce put into the report. */
static void a_nonce_in_the_signed_report_makes_it_fresh(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.nonce_size = 16;
        judge(&b);
        assert_state(&b, CLAIM_FRESH, CLAIM_NOT_PROVEN, "nowhere in the signed report");
        b.f.metric = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\\n";
        judge(&b);
        assert_state(&b, CLAIM_FRESH, CLAIM_PROVEN, "by a file of the machine");
        b.nonce_size = 17;
        judge(&b);
        assert_state(&b, CLAIM_FRESH, CLAIM_NOT_PROVEN, "nowhere in the signed report");
        b.nonce_size = 15;
        judge(&b);
        assert_state(&b, CLAIM_FRESH, CLAIM_NOT_PROVEN, "answers no nonce");
        b.nonce_size = 33;
        judge(&b);
        assert_state(&b, CLAIM_FRESH, CLAIM_NOT_PROVEN, "answers no nonce");
        b.nonce_size = 16;
        b.f.other_report = true;
        judge(&b);
        assert_state(&b, CLAIM_FRESH, CLAIM_NOT_PROVEN, "not signed (bound)");
        end(&b);
}

static void the_key_is_judged_as_any_other(void **state) {
        Bench b;

        (void) state;
        begin(&b);
        b.policy.keys[0].name[33] ^= 1;
        judge(&b);
        assert_state(&b, CLAIM_KEY, CLAIM_NOT_PROVEN, "AK unknown");
        b.policy.keys[0].name[33] ^= 1;
        b.policy.keys[0].size = 33;
        judge(&b);
        assert_state(&b, CLAIM_KEY, CLAIM_NOT_PROVEN, "AK unknown");
        end(&b);

        begin(&b);
        b.f.attributes = 0x40072; /* not restricted */
        sysforge_name(&b.f, b.policy.keys[0].name);
        judge(&b);
        assert_state(&b, CLAIM_KEY, CLAIM_NOT_PROVEN, "signs anything it is given");
        end(&b);
}

static void every_prefix_is_refused(void **state) {
        Bench b;
        Span file;

        (void) state;
        begin(&b);
        file = sysforge_file(&b.f);
        for (size_t n = 1; n < file.size; n += n < 400 ? 1 : 101) {
                judge_bytes(&b, (Span){ file.data, n });
                assert_int_equal(b.j.verdict.proven, 0);
                assert_false(b.j.report.readable);
        }
        judge_bytes(&b, (Span){ file.data,
                                        (size_t) ((uint8_t *) memchr(file.data, '\n', file.size) -
                                                        file.data) +
                                                        1 });
        assert_state(&b, CLAIM_SIGNATURE, CLAIM_NOT_PROVEN, "nobody signed it");
        end(&b);
}

static void genuine_reports_are_proven_and_changed_ones_are_not(void **state) {
        static const char *const paths[] = { "systemd-262/report-signed-262.1.jsonseq",
                "boots/262-luks-logins-report/report-signed2.json" };
        static const struct {
                const char *old;
                uint8_t new;
                Claim claim;
        } spoils[] = {
                { "\"metrics\"", 'M', CLAIM_BOUND },
                { "\"clock\":", ' ', CLAIM_SIGNATURE },
                { "\"sha256\",\"digest\":\"", '\"', CLAIM_REGISTERS },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(paths); i++) {
                _cleanup_(buf_done) Buf file = BUF_UP_TO(BUNDLE_MAX);
                Span bytes = testdata_or_skip(paths[i], &file);
                Bench b;

                begin(&b);
                judge_bytes(&b, bytes);
                assert_state(&b, CLAIM_SIGNATURE, CLAIM_PROVEN, "ECDSA P-384, sha384");
                assert_state(&b, CLAIM_BOUND, CLAIM_PROVEN, "");
                assert_state(&b, CLAIM_ATOMIC, CLAIM_PROVEN, "");
                assert_state(&b, CLAIM_REGISTERS, CLAIM_PROVEN, "and 4 NvPCRs");
                for (size_t n = 0; n < b.j.systemd.n_nv; n++)
                        assert_null(b.j.systemd.nv[n].fault);
                b.policy.keys[0].size = b.j.report.ak_name_size;
                memcpy(b.policy.keys[0].name, b.j.report.ak_name, b.j.report.ak_name_size);
                judge_bytes(&b, bytes);
                assert_state(&b, CLAIM_KEY, CLAIM_PROVEN, "pinned");
                for (size_t s = 0; s < ELEMENTS(spoils); s++) {
                        uint8_t *at = memmem(
                                        file.data, file.size, spoils[s].old, strlen(spoils[s].old));
                        uint8_t *place, was;

                        assert_non_null(at);
                        place = s == 0 ? at + 1 : at + strlen(spoils[s].old);
                        was = *place;
                        *place = s == 0 ? spoils[s].new : was == '1' ? '2' : '1';
                        judge_bytes(&b, bytes);
                        assert_int_not_equal(state_of(&b, spoils[s].claim), CLAIM_PROVEN);
                        *place = was;
                }
                end(&b);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_report_is_proven_as_far_as_it_goes),
                cmocka_unit_test(firmware_that_policy_refuses_is_told_here_too),
                cmocka_unit_test(a_changed_report_is_refused),
                cmocka_unit_test(what_the_key_did_not_sign_together_is_not_bound),
                cmocka_unit_test(each_attestation_must_be_signed),
                cmocka_unit_test(an_audit_of_another_report_is_refused),
                cmocka_unit_test(one_run_of_the_tpm),
                cmocka_unit_test(one_boot_of_the_tpm),
                cmocka_unit_test(what_attests_nothing_is_malformed),
                cmocka_unit_test(the_report_is_the_one_that_the_record_names),
                cmocka_unit_test(firmwares_records_are_replayed_too),
                cmocka_unit_test(who_else_used_the_tpm_is_said),
                cmocka_unit_test(a_log_that_does_not_replay_is_refused),
                cmocka_unit_test(pcr_0_may_begin_with_its_locality),
                cmocka_unit_test(a_nonce_in_the_signed_report_makes_it_fresh),
                cmocka_unit_test(the_key_is_judged_as_any_other),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(genuine_reports_are_proven_and_changed_ones_are_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
