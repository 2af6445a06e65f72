/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/platform.h"

#include <stdio.h>

#include "verify/secureboot.h"

/* The claim firmware: what an honest log says, and what belongs where. */

static void an_honest_log_is_told(void **state) {
        Machine m;

        (void) state;
        machine_begin(&m, true);
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "Secure Boot on, programs let in by CN=vendor (");
        assert_said(&m, CLAIM_PROVEN, "dbx with 1 entries, 1 programs started");
        machine_done(&m);
}

static void secure_boot_is_as_policy_has_it(void **state) {
        static const struct {
                bool on;
                Switch wanted;
                ClaimState state;
                const char *said;
        } rows[] = {
                { false, SWITCH_ON, CLAIM_NOT_PROVEN, "Secure Boot is off" },
                { false, SWITCH_OFF, CLAIM_PROVEN, "Secure Boot off, dbx with 0 entries" },
                { false, SWITCH_ANY, CLAIM_PROVEN, "Secure Boot off" },
                { true, SWITCH_ANY, CLAIM_PROVEN, "Secure Boot on" },
                { true, SWITCH_OFF, CLAIM_NOT_PROVEN,
                                "Secure Boot is on, and policy wants it off" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Machine m;

                machine_begin(&m, rows[i].on);
                m.c.policy.boot.secure_boot = rows[i].wanted;
                judge(&m);
                assert_said(&m, rows[i].state, rows[i].said);
                machine_done(&m);
        }
}

/* Of old, the content of a boot variable alone was measured. */
static void a_boot_variable_is_measured_in_two_ways(void **state) {
        FirmEvent *event;
        Machine m;

        (void) state;
        machine_begin(&m, true);
        event = &m.log.events[firmlog_find(&m.log, 1, EV_EFI_VARIABLE_BOOT, 0)];
        firmlog_rehash(&m.log, event, SPAN_LITERAL("\0\0"));
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "Secure Boot on");
        firmlog_rehash(&m.log, event, SPAN_LITERAL("\0\1"));
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, "in PCR 1: its data are not what was measured");
        machine_done(&m);
}

/* What stands in PCR 7, and where; each row adds or changes one event of an honest machine, and
 * the registers follow. */
static void a_second_separator(FirmLog *l) {
        (void) firmlog_add(l, 7, EV_SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
}

static void a_failed_separator(FirmLog *l) {
        FirmEvent *event = &l->events[firmlog_find(l, 7, EV_SEPARATOR, 0)];

        event->data[0] = 1;
        firmlog_rehash(l, event, (Span){ event->data, 4 });
}

static void a_separator_of_ones(FirmLog *l) {
        FirmEvent *event = &l->events[firmlog_find(l, 7, EV_SEPARATOR, 0)];

        memset(event->data, 0xff, 4);
        firmlog_rehash(l, event, (Span){ event->data, 4 });
}

static void no_separator(FirmLog *l) {
        firmlog_remove(l, firmlog_find(l, 7, EV_SEPARATOR, 0));
}

static void no_switch(FirmLog *l) {
        firmlog_remove(l, firmlog_find(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, 0));
}

static void a_late_variable(FirmLog *l) {
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_security, "dbt",
                        SPAN_LITERAL(""));
}

static void another_variable(FirmLog *l) {
        a_late_variable(l);
        insert_before(l, 7, EV_SEPARATOR, 0);
}

static void a_switch_twice(FirmLog *l) {
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_global,
                        "SecureBoot", SPAN_LITERAL("\1"));
        insert_before(l, 7, EV_SEPARATOR, 0);
}

static void a_database_twice(FirmLog *l) {
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_security, "db",
                        SPAN_LITERAL(""));
        insert_before(l, 7, EV_SEPARATOR, 0);
}

static void a_switch_of_two(FirmLog *l) {
        FirmEvent *event = &l->events[firmlog_find(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, 0)];

        event->data[event->size - 1] = 2;
        firmlog_rehash(l, event, (Span){ event->data, event->size });
}

static void a_switch_of_two_bytes(FirmLog *l) {
        FirmEvent *event = &l->events[firmlog_find(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, 0)];

        event->data[24]++; /* VariableDataLength */
        event->data[event->size++] = 0;
        firmlog_rehash(l, event, (Span){ event->data, event->size });
}

static void an_empty_switch(FirmLog *l) {
        FirmEvent *event = &l->events[firmlog_find(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, 0)];

        event->size--;
        event->data[24] = 0; /* UEFI_VARIABLE_DATA: the size of what the variable holds */
        firmlog_rehash(l, event, (Span){ event->data, event->size });
}

static void no_variable(FirmLog *l) {
        (void) firmlog_add(l, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, SPAN_LITERAL("x"));
        insert_before(l, 7, EV_SEPARATOR, 0);
}

static void no_authority(FirmLog *l) {
        (void) firmlog_add(l, 7, EV_EFI_VARIABLE_AUTHORITY, SPAN_LITERAL("x"));
}

static void a_debug_mode(FirmLog *l) {
        (void) firmlog_add(l, 7, EV_EFI_ACTION, SPAN_LITERAL("UEFI Debug Mode"));
}

static void no_dma_protection(FirmLog *l) {
        (void) firmlog_add(l, 7, EV_EFI_ACTION, SPAN_LITERAL("DMA Protection Disabled"));
}

static void an_early_authority(FirmLog *l) {
        (void) firmlog_add_variable(
                        l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_security, "db", SPAN_LITERAL("x"));
        insert_before(l, 7, EV_SEPARATOR, 0);
}

static void many_authorities(FirmLog *l) {
        for (unsigned i = 0; i < AUTHORITIES_MAX; i++)
                (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_security, "db",
                                SPAN_LITERAL("x"));
}

static void a_second_separator_in_pcr_3(FirmLog *l) {
        (void) firmlog_add(l, 3, EV_SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
}

static void a_failed_separator_in_pcr_3(FirmLog *l) {
        FirmEvent *event = &l->events[firmlog_find(l, 3, EV_SEPARATOR, 0)];

        event->data[3] = 1;
        firmlog_rehash(l, event, (Span){ event->data, 4 });
}

static void no_separator_in_pcr_6(FirmLog *l) {
        firmlog_remove(l, firmlog_find(l, 6, EV_SEPARATOR, 0));
        (void) firmlog_add(l, 6, EV_EFI_ACTION, SPAN_LITERAL("x"));
}

static const struct {
        void (*change)(FirmLog *l);
        ClaimState state;
        const char *said;
} rows[] = {
        { a_second_separator, CLAIM_NOT_PROVEN, "in PCR 7: a second separator" },
        { a_failed_separator, CLAIM_NOT_PROVEN, "in PCR 7: the firmware says that it failed" },
        { a_separator_of_ones, CLAIM_PROVEN, "Secure Boot on" },
        { no_separator, CLAIM_NOT_PROVEN, "PCR 7: the separator is missing" },
        { no_switch, CLAIM_NOT_PROVEN, "does not say whether Secure Boot is on" },
        { a_late_variable, CLAIM_NOT_PROVEN, "behind the separator" },
        { another_variable, CLAIM_PROVEN, "Secure Boot on" },
        { a_switch_twice, CLAIM_NOT_PROVEN, "SecureBoot was measured before" },
        { a_database_twice, CLAIM_NOT_PROVEN, "a variable that was measured before" },
        { a_switch_of_two, CLAIM_NOT_PROVEN, "SecureBoot is neither 0 nor 1" },
        { a_switch_of_two_bytes, CLAIM_NOT_PROVEN, "SecureBoot is neither 0 nor 1" },
        { an_empty_switch, CLAIM_NOT_PROVEN, "Secure Boot is off" },
        { no_variable, CLAIM_NOT_PROVEN, "not a variable" },
        { no_authority, CLAIM_NOT_PROVEN, "not a variable" },
        { a_debug_mode, CLAIM_NOT_PROVEN, "such as a debug mode" },
        { no_dma_protection, CLAIM_PROVEN, "the firmware had no DMA protection" },
        { an_early_authority, CLAIM_PROVEN, "Secure Boot on" },
        { many_authorities, CLAIM_NOT_PROVEN, "more authorities than are taken" },
        { a_second_separator_in_pcr_3, CLAIM_NOT_PROVEN, "in PCR 3: a second separator" },
        { a_failed_separator_in_pcr_3, CLAIM_NOT_PROVEN,
                        "in PCR 3: the firmware says that it failed" },
        { no_separator_in_pcr_6, CLAIM_NOT_PROVEN, "PCR 6: the separator is missing" },
};

static void what_stands_where_is_held(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Machine m;

                machine_begin(&m, true);
                rows[i].change(&m.log);
                judge(&m);
                assert_said(&m, rows[i].state, rows[i].said);
                machine_done(&m);
        }
}

static void each_register_has_to_be_quoted(void **state) {
        (void) state;
        for (unsigned pcr = 0; pcr < 8; pcr++) {
                Machine m;
                char said[64];

                machine_begin(&m, true);
                forge_firmware(&m.c.forge, &m.log);
                m.c.forge.values.held.banks[0].mask &= ~(1u << pcr);
                m.c.forge.selection = m.c.forge.asked = m.c.forge.values.held;
                case_judge(&m.c);
                (void) snprintf(said, sizeof(said), "pcr:%u is not quoted", pcr);
                assert_said(&m, CLAIM_NOT_PROVEN, said);
                machine_done(&m);
        }
}

static void sha1_proves_nothing(void **state) {
        static const HashAlg sha1 = HASH_SHA1;
        Machine m;

        (void) state;
        machine_begin(&m, true);
        firmlog_done(&m.log);
        m.log = firmlog_new(&sha1, 1);
        firmlog_boot(&m.log, &(FirmBoot){ .secure_boot = true,
                                             .certificate = buf_span(&m.certificate) });
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, "not quoted in a bank that proves");
        machine_done(&m);
}

static void what_is_not_signed_proves_nothing(void **state) {
        Machine m;

        (void) state;
        machine_begin(&m, true);
        m.c.forge.sign_with_other = true;
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, "the quoted values are not signed");
        assert_int_equal(case_state(&m.c, CLAIM_KERNEL), CLAIM_NOT_PROVEN);
        machine_done(&m);
}

/* What was measured was extended, and says nothing of how the TPM was started. */
static void an_event_of_that_text_is_no_start(void **state) {
        Machine m;

        (void) state;
        machine_begin(&m, true);
        (void) firmlog_add(&m.log, 0, EV_POST_CODE, SPAN_LITERAL("StartupLocality\0\3"));
        insert_before(&m.log, 0, EV_S_CRTM_VERSION, 0);
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "Secure Boot on");
        machine_done(&m);
}

/* A TPM that was started from another locality, or by a measured launch. */
static void the_start_of_pcr_0_is_told_by_the_log(void **state) {
        (void) state;
        for (uint8_t locality = 3; locality <= 4; locality++) {
                Machine m;

                machine_begin(&m, true);
                if (locality == 3) {
                        (void) firmlog_add(&m.log, 0, EV_NO_ACTION,
                                        SPAN_LITERAL("StartupLocality\0\3"));
                        insert_before(&m.log, 0, EV_S_CRTM_VERSION, 0);
                } else {
                        (void) firmlog_add(&m.log, 0, EV_EFI_HCRTM_EVENT, SPAN_LITERAL("HCRTM"));
                        insert_before(&m.log, 0, EV_S_CRTM_VERSION, 0);
                }
                m.log.locality = locality;
                judge(&m);
                assert_said(&m, CLAIM_PROVEN, "Secure Boot on");
                machine_done(&m);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_log_is_told),
                cmocka_unit_test(secure_boot_is_as_policy_has_it),
                cmocka_unit_test(a_boot_variable_is_measured_in_two_ways),
                cmocka_unit_test(what_stands_where_is_held),
                cmocka_unit_test(each_register_has_to_be_quoted),
                cmocka_unit_test(sha1_proves_nothing),
                cmocka_unit_test(what_is_not_signed_proves_nothing),
                cmocka_unit_test(an_event_of_that_text_is_no_start),
                cmocka_unit_test(the_start_of_pcr_0_is_told_by_the_log),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
