/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sdbench.h"

#include "verify/nvpcr.h"

/* Which NvPCRs prove something: facts of whoever has the owner's authorisation. */

static void an_nvpcr_must_be_introduced_before_the_separator(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        sd_nvpcr(&b.l, 0x1d10210, "late");
        sd_measure(&b.l, sd_nv(0x1d10210), "login:eve:{}", "login");
        sd_bench_judge(&b);
        assert_fault(&b, 0x1d10210, "not in PCR 9 before nvpcr-separator");
        assert_fault(&b, SD_LOGIN, "none");
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 1);
        assert_int_equal(b.verdict.refuted, 0);
        sd_bench_end(&b);

        b = (SdBench){};
        sd_new(&b.l);
        sd_nvpcr(&b.l, SD_LOGIN, "login");
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "nothing closed the list");
        sd_bench_end(&b);
}

/* The same index, made anew with other attributes or another policy: its Name differs. */
static void an_nvpcr_must_have_the_name_that_was_introduced(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        b.l.nv[3].name[5] ^= 1;
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "the Name of another index");
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_VERITY), 1);
        sd_bench_end(&b);
}

static void a_pcr_9_that_is_not_proven_introduces_nothing(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        b.l.pcrs.digests[0][9].bytes[0] ^= 1;
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "PCR 9 is not proven");
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 0);
        sd_bench_end(&b);
}

static void an_nvpcr_must_be_as_systemd_makes_it(void **state) {
        static const uint8_t other[32] = { 1 };
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        for (unsigned bit = 0; bit < 32; bit++) {
                uint32_t attribute = UINT32_C(1) << bit;

                b.l.nv[3].attributes ^= attribute;
                sd_bench_judge(&b);
                assert_fault(&b, SD_LOGIN,
                                attribute == (uint32_t) NVPCR_ORDERLY ? "none" : "attributes");
                b.l.nv[3].attributes ^= attribute;
        }
        b.l.nv[3].size = 64;
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "32 bytes");
        b.l.nv[3].size = 32;
        b.l.nv[3].value.size = 31;
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "does not replay");
        b.l.nv[3].value.size = 32;
        b.l.nv[3].policy.size = 0;
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "no policy guards");
        b.l.nv[3].policy.size = 32;
        b.policy_size = 32;
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "another policy");
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 0);
        memcpy(b.policy, b.l.nv[3].policy.data, 32);
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "none");
        b.l.nv[3].policy.data = other;
        sd_bench_judge(&b);
        assert_fault(&b, SD_LOGIN, "another policy");
        sd_bench_end(&b);
}

static void an_nvpcr_that_is_not_certified_proves_nothing(void **state) {
        SdBench b;

        (void) state;
        sd_bench_begin(&b);
        b.l.n_nv = 3; /* all but login */
        sd_bench_judge(&b);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_LOGIN), 0);
        assert_int_equal(sd_bench_proven(&b, SYSTEMD_KEYSLOT), 1);
        assert_int_equal(b.verdict.refuted, 0);
        sd_bench_end(&b);
}

static void nv_indices_are_bounded(void **state) {
        SdBench b;

        (void) state;
        for (unsigned over = 0; over < 2; over++) {
                b = (SdBench){};
                sd_new(&b.l);
                for (uint32_t i = 0; i < NVPCRS_MAX + over; i++)
                        sd_write(&b.l, sd_nv(SD_HARDWARE + i), "x", NULL, "x");
                sd_bench_judge(&b);
                assert_int_equal(b.verdict.refuted >> CLAIM_REGISTERS & 1, over);
                sd_bench_end(&b);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_nvpcr_must_be_introduced_before_the_separator),
                cmocka_unit_test(an_nvpcr_must_have_the_name_that_was_introduced),
                cmocka_unit_test(a_pcr_9_that_is_not_proven_introduces_nothing),
                cmocka_unit_test(an_nvpcr_must_be_as_systemd_makes_it),
                cmocka_unit_test(an_nvpcr_that_is_not_certified_proves_nothing),
                cmocka_unit_test(nv_indices_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
