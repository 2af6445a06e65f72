/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/platform.h"

#include <stdio.h>

/* Whom and what policy takes of what firmware started: the claim firmware. */

static void keys_are_those_of_policy(void **state) {
        BootPolicy *p;
        Machine m;

        (void) state;
        machine_begin(&m, true);
        p = &m.c.policy.boot;
        p->n_authorities = p->n_platform_keys = 2;
        memcpy(p->authorities[1].sha256, m.fingerprint, 32);
        memcpy(p->platform_keys[1].sha256, m.fingerprint, 32);
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "Secure Boot on");
        p->authorities[1].sha256[31] ^= 1;
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN,
                        "a program was let in by CN=vendor, whom policy does not name");
        p->n_authorities = 0;
        p->platform_keys[1].sha256[0] ^= 1;
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, "the platform key is none that policy names");
        machine_done(&m);
}

/* Where Secure Boot is off, nobody lets programs in: that is no reason to take any. */
static void silence_is_no_key_of_policy(void **state) {
        static const char no_key[] = "PCR 7 does not say who did";
        BootPolicy *p;
        Machine m;

        (void) state;
        machine_begin(&m, false);
        p = &m.c.policy.boot;
        p->secure_boot = SWITCH_ANY;
        p->n_authorities = 1;
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, no_key);
        p->n_authorities = 0;
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "Secure Boot off");
        machine_done(&m);

        machine_begin(&m, true); /* nor is a setting of shim's a key */
        firmlog_remove(&m.log, firmlog_find(&m.log, 7, EV_EFI_VARIABLE_AUTHORITY, 0));
        (void) firmlog_add_variable(&m.log, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_shim, "SbatLevel",
                        SPAN_LITERAL("sbat,1,2021030218\n"));
        m.c.policy.boot.n_authorities = 1;
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, no_key);
        machine_done(&m);
}

static void what_is_no_key_is_not_one_of_policy(void **state) {
        Machine m;

        (void) state;
        machine_begin(&m, true);
        (void) firmlog_add_variable(&m.log, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_security, "db",
                        SPAN_LITERAL("neither"));
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "Secure Boot on");
        m.c.policy.boot.n_authorities = 1;
        memcpy(m.c.policy.boot.authorities[0].sha256, m.fingerprint, 32);
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, "neither a certificate nor a hash");
        machine_done(&m);
}

/* shim's own certificate has no owner before it, and its settings are no keys. */
static void shim_is_understood(void **state) {
        Machine m;

        (void) state;
        machine_begin(&m, true);
        (void) firmlog_add_variable(&m.log, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_shim, "SbatLevel",
                        SPAN_LITERAL("sbat,1,2021030218\n"));
        (void) firmlog_add_variable(&m.log, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_shim,
                        "MokListTrusted", SPAN_LITERAL("\1"));
        (void) firmlog_add_variable(&m.log, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_shim, "Shim",
                        buf_span(&m.certificate));
        m.c.policy.boot.n_authorities = 1;
        memcpy(m.c.policy.boot.authorities[0].sha256, m.fingerprint, 32);
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "let in by CN=vendor (");
        assert_said(&m, CLAIM_PROVEN, "), CN=vendor (");
        machine_done(&m);
}

/* shim before 15.5 left the last byte of an authority out of what it measured. */
static void an_authority_without_its_last_byte_is_taken(void **state) {
        FirmEvent *event;
        Machine m;

        (void) state;
        machine_begin(&m, true);
        event = &m.log.events[firmlog_find(&m.log, 7, EV_EFI_VARIABLE_AUTHORITY, 0)];
        firmlog_rehash(&m.log, event, (Span){ event->data, event->size - 1 });
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "let in by CN=vendor");
        firmlog_rehash(&m.log, event, (Span){ event->data, event->size - 2 });
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, "its data are not what was measured");
        machine_done(&m);
}

static void what_must_be_revoked_is(void **state) {
        Machine m;

        (void) state;
        machine_begin(&m, true);
        m.c.policy.boot.n_revoked = 1;
        m.c.policy.boot.revoked[0] = (PolicyHash){ .sha256 = { 0xde, 0xad }, .line = 4 };
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "Secure Boot on");
        m.c.policy.boot.revoked[0].sha256[31] = 1;
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, "dbx lacks what policy line 4 wants revoked");
        machine_done(&m);
}

static void option_roms_are_told(void **state) {
        static const uint32_t types[] = { EV_EFI_BOOT_SERVICES_DRIVER,
                EV_EFI_RUNTIME_SERVICES_DRIVER, EV_EFI_BOOT_SERVICES_APPLICATION,
                /* as a changed log may call it */
                EV_UNUSED, EV_POST_CODE, 0x4711 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(types); i++) {
                char said[80];
                Machine m;

                machine_begin(&m, true);
                (void) firmlog_add_of(
                                &m.log, 2, types[i], SPAN_LITERAL("?"), SPAN_LITERAL("driver"));
                judge(&m);
                assert_said(&m, CLAIM_PROVEN, "1 option ROMs ran");
                (void) firmlog_add_of(
                                &m.log, 2, types[i], SPAN_LITERAL("?"), SPAN_LITERAL("driver"));
                judge(&m);
                assert_said(&m, CLAIM_PROVEN, "2 option ROMs ran");
                m.c.policy.boot.option_roms = false;
                judge(&m);
                (void) snprintf(said, sizeof(said),
                                "event %zu: an option ROM, of which policy takes none",
                                m.log.n - 1);
                assert_said(&m, CLAIM_NOT_PROVEN, said);
                machine_done(&m);
        }
}

/* Nor may a changed log show its bytes, and call them words that firmware said. */
static void an_option_rom_is_no_words(void **state) {
        char bytes[65];
        Machine m;

        (void) state;
        machine_begin(&m, true);
        m.c.policy.boot.option_roms = false;
        memset(bytes, 'x', sizeof(bytes));
        (void) firmlog_add(&m.log, 2, EV_EFI_ACTION,
                        (Span){ (const uint8_t *) bytes, sizeof(bytes) - 1 });
        judge(&m);
        assert_said(&m, CLAIM_PROVEN, "1 programs started");
        (void) firmlog_add(&m.log, 2, EV_EFI_ACTION, (Span){ (const uint8_t *) bytes, 65 });
        judge(&m);
        assert_said(&m, CLAIM_NOT_PROVEN, "an option ROM, of which policy takes none");
        machine_done(&m);
}

static void a_program_counts_by_any_type(void **state) {
        static const uint32_t types[] = { EV_EFI_BOOT_SERVICES_APPLICATION, EV_UNUSED, EV_ACTION };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(types); i++) {
                Machine m;

                machine_begin(&m, true);
                (void) firmlog_add_of(
                                &m.log, 4, types[i], SPAN_LITERAL("?"), SPAN_LITERAL("program"));
                (void) firmlog_add(&m.log, 4, EV_EFI_ACTION, SPAN_LITERAL("words"));
                judge(&m);
                assert_said(&m, CLAIM_PROVEN, "2 programs started");
                machine_done(&m);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(keys_are_those_of_policy),
                cmocka_unit_test(silence_is_no_key_of_policy),
                cmocka_unit_test(what_is_no_key_is_not_one_of_policy),
                cmocka_unit_test(shim_is_understood),
                cmocka_unit_test(an_authority_without_its_last_byte_is_taken),
                cmocka_unit_test(what_must_be_revoked_is),
                cmocka_unit_test(option_roms_are_told),
                cmocka_unit_test(an_option_rom_is_no_words),
                cmocka_unit_test(a_program_counts_by_any_type),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
