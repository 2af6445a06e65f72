/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "support/case.h"
#include "support/firmlog.h"
#include "support/sdlog.h"

/* A machine that firmware started and that systemd measures on: registers begin in one log and go
 * on in the other. */

#define PHASES "enter-initrd:leave-initrd:sysinit:ready"

static const HashAlg sha256 = HASH_SHA256;

typedef struct Joined {
        FirmLog firm;
        SdLog sd;
        Buf certificate;
        char boot[33];
        Case c;
} Joined;

/* PCR 8 stays avouch's. */
static void take(Joined *j) {
        Forge *f = &j->c.forge;

        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (pcr != WORLD_PCR)
                        f->values.digests[0][pcr] = j->sd.pcrs.digests[0][pcr];
        f->signed_values = f->values;
        buf_done(&f->systemd_log);
        buf_bytes(&f->systemd_log, buf_span(&j->sd.log));
}

/* A release that is known by its PCR 11 alone: what it foretells holds in these phases. */
static void add_leaf(Joined *j) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(LEAF_MAX);
        Leaf leaf = {
                .type = LEAF_UKI, .name = SPAN_LITERAL("linux"), .version = SPAN_LITERAL("7")
        };

        leaf.pcrs[leaf.n_pcrs++] =
                        (LeafPcr){ HASH_SHA256, SPAN_LITERAL(PHASES), j->sd.pcrs.digests[0][11] };
        leaf_write(&leaf, &text);
        assert_int_equal(releases_add(&j->c.releases, buf_span(&text), NULL), 0);
}

static void add_nvpcrs(Joined *j) {
        for (size_t i = 0; i < j->sd.n_nv; i++) {
                const NvPcr *nv = &j->sd.nv[i];

                forge_nvpcr(&j->c.forge,
                                (NvPublic){ .index = nv->index,
                                                .name_alg = HASH_SHA256,
                                                .attributes = nv->attributes,
                                                .policy = nv->policy,
                                                .size = nv->size },
                                nv->value);
        }
}

static void begin(Joined *j) {
        Case *c = &j->c;

        *j = (Joined){ .firm = firmlog_new(&sha256, 1), .certificate = BUF_UP_TO(4096) };
        case_begin(c);
        case_judge(c);
        for (size_t i = 0; i < 16; i++)
                (void) snprintf(j->boot + 2 * i, 3, "%02x",
                                c->judgement.story.segment.chain.boot[i]);
        c->policy.required = 1u << CLAIM_REGISTERS | 1u << CLAIM_FIRMWARE | 1u << CLAIM_KERNEL |
                             1u << CLAIM_UNLOCK;
        firmlog_certificate(&j->certificate, "vendor");
        firmlog_boot(&j->firm, &(FirmBoot){ .secure_boot = true,
                                               .certificate = buf_span(&j->certificate),
                                               .cmdline = "root=x quiet" });
        forge_firmware(&c->forge, &j->firm);
        sd_new(&j->sd);
        j->sd.boot = j->boot;
        j->sd.name_nvpcr = sd_name_nvpcr;
        memcpy(j->sd.pcrs.digests[0], c->forge.values.digests[0],
                        16 * sizeof(j->sd.pcrs.digests[0][0]));
        for (unsigned pcr = 0; pcr < 8; pcr++)
                sd_measure(&j->sd, (Register){ REGISTER_PCR, pcr }, "os-separator", "os-separator");
        sd_boot(&j->sd);
        add_leaf(j);
        add_nvpcrs(j);
        take(j);
}

static void end(Joined *j) {
        firmlog_done(&j->firm);
        sd_done(&j->sd);
        buf_done(&j->certificate);
        case_end(&j->c);
}

#define assert_claim(j, claim, words)                                                              \
        do {                                                                                       \
                const char *reason_ = (j)->c.judgement.verdict.reasons[claim];                     \
                                                                                                   \
                if (case_state(&(j)->c, claim) != CLAIM_PROVEN || !strstr(reason_, words))         \
                        fail_msg("%s %s: '%s', not '%s'", claim_name(claim),                       \
                                        claim_state_name(case_state(&(j)->c, claim)), reason_,     \
                                        words);                                                    \
        } while (0)

static void both_logs_together_prove_a_boot(void **state) {
        Joined j;

        (void) state;
        begin(&j);
        case_judge(&j.c);
        assert_claim(&j, CLAIM_REGISTERS, "records replay");
        assert_claim(&j, CLAIM_FIRMWARE, "Secure Boot on");
        assert_claim(&j, CLAIM_KERNEL, "a known release; PCR 11 shows " PHASES);
        assert_claim(&j, CLAIM_UNLOCK, "1 unlocked, each as policy allows");
        assert_true(verdict_trusted(&j.c.judgement.verdict));
        assert_int_equal(j.c.judgement.systemd.n_nv, 4);
        for (size_t i = 0; i < 4; i++)
                assert_null(j.c.judgement.systemd.nv[i].fault);
        end(&j);
}

static void neither_does_alone(void **state) {
        Joined j;

        (void) state;
        begin(&j);
        j.c.forge.n_nvpcrs = 0;
        buf_done(&j.c.forge.systemd_log);
        case_judge(&j.c);
        assert_refused(&j.c, CLAIM_REGISTERS, "do not replay to what was quoted of sha256:9");
        take(&j);
        buf_done(&j.c.forge.firmware);
        case_judge(&j.c);
        assert_refused(&j.c, CLAIM_REGISTERS,
                        "do not replay to what was quoted of sha256:0-7,9,11");
        end(&j);
}

/* The log tells of NvPCRs that nobody certified. */
static void what_is_not_certified_is_not_proven(void **state) {
        Joined j;

        (void) state;
        begin(&j);
        j.c.forge.n_nvpcrs = 0;
        case_judge(&j.c);
        assert_claim(&j, CLAIM_REGISTERS, "records replay");
        assert_refused(&j.c, CLAIM_UNLOCK, "no proven NvPCR is over it");
        end(&j);
}

/* What systemd knows to measure is not guessed where it keeps a log. */
static void nothing_is_guessed_beside_a_log(void **state) {
        Joined j;

        (void) state;
        begin(&j);
        sd_extend(&j.sd, (Register){ REGISTER_PCR, 13 }, "os-separator");
        take(&j);
        case_judge(&j.c);
        assert_refused(&j.c, CLAIM_REGISTERS, "quoted of sha256:13");
        assert_int_equal(case_state(&j.c, CLAIM_KERNEL), CLAIM_NOT_PROVEN);
        end(&j);
}

/* Nor do NvPCRs, and events of firmware that were not measured, say what is in a PCR. */
static void what_extends_no_pcr_hides_nothing(void **state) {
        Joined j;

        (void) state;
        begin(&j);
        sd_define(&j.sd, 0x1d1022b); /* its number ends as 11 does */
        sd_measure(&j.sd, sd_nv(0x1d1022b), "something", NULL);
        buf_string(&j.sd.log,
                        "\x1e{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" SD_ROOT
                        "\"}],\"content_type\":\"pcclient_std\",\"content\":{\"event_type\":\"EV_NO_ACTION\"}}\n");
        take(&j);
        case_judge(&j.c);
        assert_claim(&j, CLAIM_REGISTERS, "records replay");
        assert_claim(&j, CLAIM_KERNEL, "a known release; PCR 11 shows " PHASES);
        end(&j);
}

/* An event that was taken out of the firmware's log can be told behind it, and the registers
 * replay. What is judged of firmware and kernel then has a hole. */
static void what_is_none_of_systemds_is_not_hidden_in_its_log(void **state) {
        static const struct {
                unsigned pcr;
                Claim claim;
                const char *words, *says;
        } moved[] = {
                { 4, CLAIM_FIRMWARE, "a boot loader",
                                "systemd\'s log put something into pcr:4 that systemd does not measure" },
                { 7, CLAIM_FIRMWARE, "an authority",
                                "systemd\'s log put something into pcr:7 that systemd does not measure" },
                { 7, CLAIM_FIRMWARE, "ready",
                                "systemd\'s log put something into pcr:7 that systemd does not measure" }, /* at home in PCR 11 */
                { 11, CLAIM_KERNEL, ".linux",
                                "systemd's log put something into pcr:11 that systemd does not measure" },
                { 12, CLAIM_KERNEL, "another command line",
                                "systemd's log put something into pcr:12 that systemd does not measure" },
                { 13, CLAIM_KERNEL, "an extension",
                                "systemd's log put something into pcr:13 that systemd does not measure" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(moved); i++) {
                Joined j;

                begin(&j);
                sd_measure(&j.sd, (Register){ REGISTER_PCR, moved[i].pcr }, moved[i].words, NULL);
                take(&j);
                case_judge(&j.c);
                assert_claim(&j, CLAIM_REGISTERS, "records replay");
                assert_refused(&j.c, moved[i].claim, moved[i].says);
                end(&j);
        }
}

/* A digest that the log lacks in one bank would be left out of all that follows. */
static void a_bank_that_lacks_a_digest_explains_nothing(void **state) {
        Joined j;

        (void) state;
        begin(&j);
        j.firm.events[firmlog_find(&j.firm, 4, 4, 0)].left_out = 1;
        buf_done(&j.c.forge.firmware);
        firmlog_write(&j.firm, &j.c.forge.firmware);
        case_judge(&j.c);
        assert_refused(&j.c, CLAIM_REGISTERS, "of the firmware log has no sha256 digest");
        end(&j);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_logs_together_prove_a_boot),
                cmocka_unit_test(neither_does_alone),
                cmocka_unit_test(what_is_not_certified_is_not_proven),
                cmocka_unit_test(nothing_is_guessed_beside_a_log),
                cmocka_unit_test(what_extends_no_pcr_hides_nothing),
                cmocka_unit_test(what_is_none_of_systemds_is_not_hidden_in_its_log),
                cmocka_unit_test(a_bank_that_lacks_a_digest_explains_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
