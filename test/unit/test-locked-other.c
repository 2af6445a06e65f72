/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/locked.h"

/* What components of systemd-pcrlock are held against, and what is told where they do not fit. */

/* What firmware only wrote down is expected of nobody. */
static void what_was_not_measured_does_not_count(void **state) {
        Locked l;

        (void) state;
        locked_whole(&l);
        (void) firmlog_add(&l.log, 0, EV_NO_ACTION, SPAN_LITERAL("nothing was measured"));
        (void) firmlog_add(&l.log, UINT32_MAX, EV_NO_ACTION, SPAN_LITERAL("of no register"));
        take_firmware(&l);
        run_system(&l, 1);
        judge(&l);
        assert_claim(&l, CLAIM_FIRMWARE, CLAIM_PROVEN, "as 7 pcrlock components expect");
        locked_done(&l);
}

/* The older kernel is tried last, and differs earlier. */
static void the_variant_that_fits_best_is_told(void **state) {
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        put_all(&l);
        put_events(&l, "650-kernel.pcrlock.d/6.1.pcrlock", KERNEL);
        put_word(&l, "650-kernel.pcrlock.d/6.2.pcrlock", KERNEL, "an older kernel");
        load(&l);
        l.boot.cmdline = "root=x";
        start(&l);
        run_system(&l, 1);
        judge(&l);
        assert_claim(&l, CLAIM_KERNEL, CLAIM_NOT_PROVEN,
                        "'650-kernel' expects not what was measured in pcr:11: content of section");
        locked_done(&l);
}

static void put_text(Locked *l, const char *name, const char *text) {
        folder_write(&l->folder, name, span_of(text));
}

/* Of the bank that is judged by, it expects nothing that could be met. */
static void a_record_without_that_bank_fits_nothing(void **state) {
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        put_text(&l, "100-sha1.pcrlock",
                        "{\"records\":[{\"pcr\":0,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"cd0fdb4531a6ec41be2753ba042637d6e5f7f256\"}]}]}");
        load(&l);
        run_system(&l, 1);
        judge(&l);
        assert_claim(&l, CLAIM_FIRMWARE, CLAIM_NOT_PROVEN,
                        "pcrlock component '100-sha1' expects not what was measured in pcr:0: \"1.\"");
        locked_done(&l);
}

/* NvPCRs are judged elsewhere: an index whose number is no PCR's. */
static void records_of_nv_indices_are_passed_over(void **state) {
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        put_all(&l);
        put_text(&l, "100-nvpcr.pcrlock",
                        "{\"records\":[{\"nv_index\":30474753,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"cd0fdb4531a6ec41be2753ba042637d6e5f7f256\"}]}]}");
        load(&l);
        run_system(&l, 1);
        judge(&l);
        assert_claim(&l, CLAIM_FIRMWARE, CLAIM_PROVEN, "as 8 pcrlock components expect");
        locked_done(&l);
}

/* A register into which nothing was measured at all. */
static void what_was_never_measured_is_missing(void **state) {
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        put_all(&l);
        put_word(&l, "655-addon.pcrlock", 1u << 13, "an addon");
        load(&l);
        run_system(&l, 1);
        judge(&l);
        assert_claim(&l, CLAIM_KERNEL, CLAIM_NOT_PROVEN,
                        "pcrlock component '655-addon' expects more in pcr:13 than was measured");
        locked_done(&l);
}

/* Each of twenty components in two variants: where they are the same, it is one way through. */
static void the_same_variant_twice_is_one(void **state) {
        Locked l;

        (void) state;
        locked_begin(&l);
        start(&l);
        for (unsigned i = 0; i < 20; i++) {
                char name[64];

                (void) snprintf(name, sizeof(name), "%u-component.pcrlock.d", 200 + i);
                put_folder(&l, name);
                for (char variant = 'a'; variant <= 'b'; variant++) {
                        (void) snprintf(name, sizeof(name), "%u-component.pcrlock.d/%c.pcrlock",
                                        200 + i, variant);
                        put_word(&l, name, 0, "");
                }
        }
        put_word(&l, "700-never.pcrlock", 1u << 6, "never");
        load(&l);
        judge(&l);
        assert_claim(&l, CLAIM_FIRMWARE, CLAIM_NOT_PROVEN,
                        "'700-never' expects not what was measured in pcr:6: separator");
        locked_done(&l);
}

static void what_no_log_explains_is_not_compared(void **state) {
        Locked l;

        (void) state;
        locked_whole(&l);
        run_system(&l, 1);
        l.sd.pcrs.digests[0][4].bytes[0] ^= 1;
        judge(&l);
        assert_claim(&l, CLAIM_KERNEL, CLAIM_NOT_PROVEN,
                        "pcrlock components speak of registers that the logs do not replay to");
        locked_done(&l);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_not_measured_does_not_count),
                cmocka_unit_test(the_variant_that_fits_best_is_told),
                cmocka_unit_test(a_record_without_that_bank_fits_nothing),
                cmocka_unit_test(records_of_nv_indices_are_passed_over),
                cmocka_unit_test(what_was_never_measured_is_missing),
                cmocka_unit_test(the_same_variant_twice_is_one),
                cmocka_unit_test(what_no_log_explains_is_not_compared),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
