/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/pcr.h"

enum { ALL = 0xffffff };

/* What a person writes, what it means, and how we write it. */
static const struct {
        const char *text;
        PcrSelection means;
        const char *ours;
} selections[] = {
        { "sha256:0", { { { 0x0b, 1 } }, 1 }, "sha256:0" },
        { "sha1:23", { { { 0x04, 1u << 23 } }, 1 }, "sha1:23" },
        { "sha256:0,1", { { { 0x0b, 3 } }, 1 }, "sha256:0,1" },
        { "sha256:0-2", { { { 0x0b, 7 } }, 1 }, "sha256:0-2" },
        { "sha256:2,1,0", { { { 0x0b, 7 } }, 1 }, "sha256:0-2" },
        { "sha256:7-7", { { { 0x0b, 1u << 7 } }, 1 }, "sha256:7" },
        { "sha256:0-15", { { { 0x0b, 0xffff } }, 1 }, "sha256:0-15" },
        { "sha256:0-23", { { { 0x0b, ALL } }, 1 }, "sha256:0-23" },
        { "sha256:all", { { { 0x0b, ALL } }, 1 }, "sha256:0-23" },
        { "sha384:0,2,4-6,8,9", { { { 0x0c, 0x375 } }, 1 }, "sha384:0,2,4-6,8,9" },
        { "sha256:1,1", { { { 0x0b, 2 } }, 1 }, "sha256:1" },
        /* banks stay in the order that was asked for */
        { "sha384:1+sha256:0", { { { 0x0c, 2 }, { 0x0b, 1 } }, 2 }, "sha384:1+sha256:0" },
        { "sha1:0+sha256:0+sha384:0+sha512:all",
                        { { { 0x04, 1 }, { 0x0b, 1 }, { 0x0c, 1 }, { 0x0d, ALL } }, 4 },
                        "sha1:0+sha256:0+sha384:0+sha512:0-23" },
};

static void a_selection_is_read_and_written(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(selections); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(128);
                PcrSelection s, again;

                assert_int_equal(pcr_selection_from_text(selections[i].text, &s, NULL), 0);
                assert_true(pcr_selection_equal(&s, &selections[i].means));
                pcr_selection_text(&s, &b);
                assert_true(span_is(buf_span(&b), selections[i].ours));
                assert_int_equal(pcr_selection_from_text(selections[i].ours, &again, NULL), 0);
                assert_true(pcr_selection_equal(&s, &again));
        }
}

static void what_is_no_selection_is_refused_with_its_reason(void **state) {
        static const struct {
                const char *text, *about;
        } cases[] = {
                { "", "banks are" },
                { "7", "banks are" },
                { "sha257:0", "banks are" },
                { "SHA256:0", "banks are" },
                { ":0", "banks are" },
                { "sha256:0+", "banks are" },
                { "+sha256:0", "banks are" },
                { "sha256:0++sha1:0", "banks are" },
                { "sha256:0 +sha1:0", "PCRs are" },
                { "sha256", "PCRs are" },
                { "sha256:", "PCRs are" },
                { "sha256:24", "PCRs are" },
                { "sha256:0-24", "PCRs are" },
                { "sha256:4294967296", "PCRs are" },
                { "sha256:-1", "PCRs are" },
                { "sha256:1-", "PCRs are" },
                { "sha256:2-1", "PCRs are" },
                { "sha256:1-2-3", "PCRs are" },
                { "sha256:0,", "PCRs are" },
                { "sha256:,0", "PCRs are" },
                { "sha256:0,,1", "PCRs are" },
                { "sha256:0 1", "PCRs are" },
                { "sha256:00", "PCRs are" },
                { "sha256:a", "PCRs are" },
                { "sha256:ALL", "PCRs are" },
                { "sha256:0:1", "PCRs are" },
                { "sha256:0+sha256:1", "bank sha256 stands twice" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                PcrSelection s = { .n_banks = 77 };
                Err e = {};

                assert_int_equal(pcr_selection_from_text(cases[i].text, &s, &e), -EINVAL);
                if (!strstr(e.text, cases[i].about))
                        fail_msg("'%s' is refused with: %s", cases[i].text, e.text);
                assert_int_equal(s.n_banks, 77);
        }
}

static void a_bank_that_we_do_not_know_is_written_by_its_number(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
        PcrSelection s = { { { 0x0012, 1 } }, 1 };

        (void) state;
        pcr_selection_text(&s, &b);
        assert_true(span_is(buf_span(&b), "0x0012:0"));
}

static void selections_are_equal_bank_by_bank(void **state) {
        const PcrSelection a = { { { 0x0b, 1 }, { 0x0c, 2 } }, 2 };
        const PcrSelection others[] = {
                { { { 0x0b, 1 } }, 1 },
                { { { 0x0b, 1 }, { 0x0c, 3 } }, 2 },
                { { { 0x0b, 1 }, { 0x0d, 2 } }, 2 },
                { { { 0x0c, 2 }, { 0x0b, 1 } }, 2 },
                {},
        };
        PcrSelection same = a;

        (void) state;
        same.banks[2] = (PcrBank){ 0x0d, 7 }; /* beyond its banks */
        assert_true(pcr_selection_equal(&a, &same));
        for (size_t i = 0; i < ELEMENTS(others); i++)
                assert_false(pcr_selection_equal(&a, &others[i]));
}

static void what_is_selected_is_told_by_bank_and_number(void **state) {
        const PcrSelection s = { { { 0x0b, 1 }, { 0x0c, ALL | 1u << 30 } }, 2 };

        (void) state;
        assert_true(pcr_selected(&s, 0x0b, 0));
        assert_false(pcr_selected(&s, 0x0b, 1));
        assert_true(pcr_selected(&s, 0x0c, 23));
        assert_false(pcr_selected(&s, 0x0c, 24));
        assert_false(pcr_selected(&s, 0x0c, 30)); /* there is no such PCR, whatever the bits say */
        assert_false(pcr_selected(&s, 0x0c, 64));
        assert_false(pcr_selected(&s, 0x0d, 0));
}

static void values_are_kept_by_bank_and_number(void **state) {
        static const HashAlg banks[] = { HASH_SHA256, HASH_SHA1, HASH_SHA384, HASH_SHA512 };
        Digest d = digest_zero(HASH_SHA256), other = digest_zero((HashAlg) 0x0012);
        PcrValues v = {};

        (void) state;
        assert_null(pcr_value(&v, HASH_SHA256, 0));
        for (unsigned i = 0; i < ELEMENTS(banks); i++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr += 23) {
                        d = digest_zero(banks[i]);
                        d.bytes[0] = (uint8_t) (16 * i + pcr);
                        assert_true(pcr_set(&v, pcr, &d));
                        assert_false(pcr_set(&v, pcr, &d)); /* it is there already */
                }
        assert_false(pcr_set(&v, 24, &d));
        assert_false(pcr_set(&v, 0, &other)); /* no room for another bank */
        assert_int_equal(v.held.n_banks, 4);
        for (unsigned i = 0; i < ELEMENTS(banks); i++) {
                assert_int_equal(pcr_value(&v, (uint16_t) banks[i], 23)->bytes[0], 16 * i + 23);
                assert_int_equal(pcr_value(&v, (uint16_t) banks[i], 0)->alg, banks[i]);
                assert_null(pcr_value(&v, (uint16_t) banks[i], 1));
        }
        assert_null(pcr_value(&v, HASH_SHA256, 24));
}

static void after_a_reset_the_dynamic_registers_are_all_ones(void **state) {
        (void) state;
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                bool dynamic = pcr >= 17 && pcr <= 22;
                Digest zeros = digest_zero(HASH_SHA256), ones = zeros, none = {};

                memset(ones.bytes, 0xff, ones.size);
                assert_int_equal(pcr_at_reset(pcr, &zeros), !dynamic);
                assert_int_equal(pcr_at_reset(pcr, &ones), dynamic);
                assert_false(pcr_at_reset(pcr, &none)); /* a value that was never seen */
                zeros.bytes[31] = 1;
                ones.bytes[31] = 1;
                assert_false(pcr_at_reset(pcr, &zeros));
                assert_false(pcr_at_reset(pcr, &ones));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_selection_is_read_and_written),
                cmocka_unit_test(what_is_no_selection_is_refused_with_its_reason),
                cmocka_unit_test(a_bank_that_we_do_not_know_is_written_by_its_number),
                cmocka_unit_test(selections_are_equal_bank_by_bank),
                cmocka_unit_test(what_is_selected_is_told_by_bank_and_number),
                cmocka_unit_test(values_are_kept_by_bank_and_number),
                cmocka_unit_test(after_a_reset_the_dynamic_registers_are_all_ones),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
