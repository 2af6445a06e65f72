/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "support/case.h"
#include "support/sdlog.h"

/* systemd's log as a part of evidence: what it explains of the quoted registers. */

/* The machine's registers are those that systemd extended; PCR 8 stays avouch's. */
static void take(Case *c, const SdLog *l) {
        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (pcr != WORLD_PCR)
                        c->forge.values.digests[0][pcr] = l->pcrs.digests[0][pcr];
        c->forge.signed_values = c->forge.values;
        buf_done(&c->forge.systemd_log);
        buf_bytes(&c->forge.systemd_log, buf_span(&l->log));
}

/* Both logs are of the boot in which this test runs. */
static void begin(Case *c, SdLog *l) {
        static char boot[33];

        case_begin(c);
        case_judge(c);
        for (size_t i = 0; i < 16; i++)
                (void) snprintf(boot + 2 * i, 3, "%02x", c->judgement.story.segment.chain.boot[i]);
        sd_new(l);
        l->boot = boot;
        sd_measure(l, sd_pcr11, "enter-initrd", "phase");
        sd_measure(l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        take(c, l);
}

static void end(Case *c, SdLog *l) {
        case_end(c);
        sd_done(l);
}

static void registers_that_systemd_explains_are_proven(void **state) {
        SdLog l;
        Case c;

        (void) state;
        begin(&c, &l);
        case_judge(&c);
        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
        assert_true(verdict_trusted(&c.judgement.verdict));
        assert_int_equal(c.judgement.systemd.n_records, 2);
        buf_done(&c.forge.systemd_log);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "no log here explains what was quoted of sha256:11,15");
        end(&c, &l);
}

static void registers_that_it_does_not_are_named(void **state) {
        SdLog l;
        Case c;

        (void) state;
        begin(&c, &l);
        sd_extend(&l, sd_pcr15, "somebody");
        take(&c, &l);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS,
                        "the logs do not replay to what was quoted of sha256:15");
        sd_write(&l, sd_pcr9, "os-separator", NULL, "os-separator");
        take(&c, &l);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "quoted of sha256:9,15:");
        end(&c, &l);

        /* a record of a register at reset that nobody extended */
        begin(&c, &l);
        sd_write(&l, (Register){ REGISTER_PCR, 12 }, "imds-userdata:x", NULL, "imds-userdata:x");
        take(&c, &l);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "quoted of sha256:12:");
        end(&c, &l);
}

static void a_log_of_another_boot_is_refused(void **state) {
        SdLog l;
        Case c;

        (void) state;
        begin(&c, &l);
        l.boot = SD_BOOT;
        sd_measure(&l, sd_pcr11, "leave-initrd", "phase");
        take(&c, &l);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "records of several boots");
        end(&c, &l);

        begin(&c, &l);
        sd_done(&l);
        sd_new(&l);
        sd_measure(&l, sd_pcr11, "leave-initrd", "phase");
        take(&c, &l);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "of another boot than avouch's");
        end(&c, &l);
}

static void an_unsigned_quote_proves_none_of_it(void **state) {
        SdLog l;
        Case c;

        (void) state;
        begin(&c, &l);
        c.forge.sign_with_other = true;
        case_judge(&c);
        assert_int_equal(case_state(&c, CLAIM_SIGNATURE), CLAIM_NOT_PROVEN);
        assert_int_equal(c.judgement.systemd.covered.n_banks, 0);
        end(&c, &l);
}

static void a_log_that_is_none_refutes(void **state) {
        SdLog l;
        Case c;

        (void) state;
        begin(&c, &l);
        buf_string(&l.log, "\x1e{");
        take(&c, &l);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS,
                        "record 2: systemd's log: the last record is not finished");
        end(&c, &l);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(registers_that_systemd_explains_are_proven),
                cmocka_unit_test(registers_that_it_does_not_are_named),
                cmocka_unit_test(a_log_of_another_boot_is_refused),
                cmocka_unit_test(an_unsigned_quote_proves_none_of_it),
                cmocka_unit_test(a_log_that_is_none_refutes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
