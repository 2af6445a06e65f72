/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/case.h"
#include "support/firmlog.h"
#include "support/hashes.h"
#include "support/libc.h"
#include "verify/suggest.h"
#include "wire/efievent.h"

/* Which values a suggested policy takes over from evidence, and what keeps them out: whoever writes
 * a log must not write a policy with it. */

static const HashAlg sha256 = HASH_SHA256;

/* On a machine without Secure Boot, with something beside the UKI: a policy that says so was made
 * of its log, since the defaults say the contrary. */
typedef struct Machine {
        Case c;
        FirmLog log;
        Policy policy;
} Machine;

static void machine_begin(Machine *m) {
        *m = (Machine){ .log = firmlog_new(&sha256, 1) };
        case_begin(&m->c);
        firmlog_boot(&m->log, &(FirmBoot){ .cmdline = "root=x",
                                              .appended = "debug",
                                              .credentials = true });
}

static void machine_done(Machine *m) {
        firmlog_done(&m->log);
        case_end(&m->c);
}

static void judge(Machine *m) {
        forge_firmware(&m->c.forge, &m->log);
        buf_done(&m->c.forge.line);
        buf_string(&m->c.forge.line, "root=x debug\n");
}

static void suggest(Machine *m) {
        m->c.forge.signed_values = m->c.forge.values;
        case_judge(&m->c);
        m->policy = policy_default();
        assert_int_equal(policy_suggest(&m->c.judgement, &m->policy, NULL), 0);
}

static const BootPolicy *suggested(Machine *m) {
        judge(m);
        suggest(m);
        return &m->policy.boot;
}

static bool firmware_is_taken(const BootPolicy *p) {
        return p->secure_boot == SWITCH_OFF;
}

static bool kernel_is_taken(const BootPolicy *p) {
        return p->companions || p->command_line[0] != '\0' || p->appended[0] != '\0';
}

static void what_the_log_proves_is_taken(void **state) {
        const BootPolicy *p;
        Machine m;

        (void) state;
        machine_begin(&m);
        p = suggested(&m);
        assert_true(firmware_is_taken(p) && p->companions && !p->option_roms);
        assert_string_equal(p->command_line, "root=x");
        assert_string_equal(p->appended, "debug");
        assert_int_equal(p->n_platform_keys + p->n_authorities, 0);
        assert_int_equal(m.policy.n_registers, 1);
        machine_done(&m);
}

/* Registers that do not hold what the log says. */
static void what_is_not_explained_is_not_taken(void **state) {
        for (unsigned pcr = 0; pcr < 16; pcr++) {
                bool of_firmware = pcr < 8, of_kernel = pcr >= 11 && pcr <= 13;
                Machine m;

                (void) state;
                machine_begin(&m);
                judge(&m);
                m.c.forge.values.digests[0][pcr].bytes[0] ^= 1;
                suggest(&m);
                assert_int_equal(firmware_is_taken(&m.policy.boot), !of_firmware);
                assert_int_equal(kernel_is_taken(&m.policy.boot), !of_kernel);
                machine_done(&m);
        }
}

static void without_a_log_of_ours_registers_stay(void **state) {
        Machine m;

        (void) state;
        machine_begin(&m);
        judge(&m);
        buf_done(&m.c.forge.log);
        suggest(&m);
        assert_int_equal(m.policy.n_registers, policy_default().n_registers);
        machine_done(&m);
}

static void separate_again(FirmLog *l) {
        (void) firmlog_add(l, 7, EV_SEPARATOR, SPAN_LITERAL("\0\0\0\0"));
}

static void leave_a_section_open(FirmLog *l) {
        (void) firmlog_add(l, 11, EV_IPL, SPAN_LITERAL(".\0x\0\0\0"));
}

static void append(FirmLog *l, const char *text) {
        _cleanup_(buf_done) Buf utf16 = BUF_UP_TO(FIRM_DATA_MAX);

        firmlog_utf16(&utf16, text, true);
        (void) firmlog_add(l, 12, EV_IPL, buf_span(&utf16));
}

static void append_what_no_policy_holds(FirmLog *l) {
        append(l, "a\nb");
}

static void append_too_much(FirmLog *l) {
        char text[FIRM_DATA_MAX / 2];

        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        for (size_t n = 0; n <= COMMAND_LINE_MAX; n += sizeof(text))
                append(l, text);
}

/* The claims say what is wrong there; no policy is to be met by it. */
static void of_a_log_that_is_wrong_nothing_is_taken(void **state) {
        static const struct {
                void (*meddle)(FirmLog *l);
                bool firmware, kernel;
        } rows[] = {
                { separate_again, false, true },
                { leave_a_section_open, true, false },
                { append_what_no_policy_holds, true, false },
                { append_too_much, true, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const BootPolicy *p;
                Machine m;

                machine_begin(&m);
                rows[i].meddle(&m.log);
                p = suggested(&m);
                assert_int_equal(firmware_is_taken(p), rows[i].firmware);
                assert_int_equal(kernel_is_taken(p), rows[i].kernel);
                machine_done(&m);
        }
}

/* Owner and entry, as firmware measures what let a program start. */
static void let_in(FirmLog *l, const char *variable, uint8_t hash, size_t size) {
        uint8_t data[16 + 32] = {};

        data[16] = hash;
        (void) firmlog_add_variable(l, 7, EV_EFI_VARIABLE_AUTHORITY, firmlog_security, variable,
                        (Span){ data, size });
}

/* What cannot be named would be refused by a policy that names the others. */
static void keys_are_named_once_and_all_or_none(void **state) {
        static const struct {
                uint8_t hashes[3];
                const char *last;
                size_t size, n;
        } rows[] = {
                { { 1, 2, 3 }, "db", 48, 3 },
                { { 1, 2, 1 }, "db", 48, 2 },
                { { 1, 2, 0 }, "SbatLevel", 30, 2 },
                { { 1, 2, 3 }, "db", 47, 0 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const BootPolicy *p;
                Machine m;

                machine_begin(&m);
                for (unsigned k = 0; k < 3; k++)
                        let_in(&m.log, k < 2 ? "db" : rows[i].last, rows[i].hashes[k],
                                        k < 2 ? 48 : rows[i].size);
                p = suggested(&m);
                assert_int_equal(p->n_authorities, rows[i].n);
                for (size_t k = 0; k < rows[i].n; k++)
                        assert_int_equal(p->authorities[k].sha256[0], k + 1);
                machine_done(&m);
        }
}

/* Of more keys than a policy takes, the first; of what is no key, none. */
static void no_more_keys_are_named_than_fit(void **state) {
        _cleanup_(buf_done) Buf pk = BUF_UP_TO(FIRM_DATA_MAX);
        uint8_t guid[] = { 0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9,
                0x36, 0x93, 0x43, 0x28 }; /* EFI_CERT_SHA256_GUID */
        const BootPolicy *p;
        FirmEvent *event;
        Machine m;

        (void) state;
        machine_begin(&m);
        firmlog_signatures(&pk, SPAN_LITERAL("no certificate"));
        buf_bytes(&pk, (Span){ guid, sizeof(guid) });
        buf_le(&pk, 28 + (POLICY_HASHES_MAX + 1) * 48, 4);
        buf_le(&pk, 0, 4);
        buf_le(&pk, 48, 4);
        for (unsigned i = 0; i <= POLICY_HASHES_MAX; i++) {
                buf_zeros(&pk, 16);
                buf_be(&pk, i + 1, 4);
                buf_zeros(&pk, 28);
        }
        event = &m.log.events[firmlog_find(&m.log, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, 1)];
        event->size = 0;
        (void) firmlog_add_variable(&m.log, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, firmlog_global, "PK",
                        buf_span(&pk));
        *event = m.log.events[--m.log.n];
        p = suggested(&m);
        assert_int_equal(p->n_platform_keys, POLICY_HASHES_MAX);
        for (unsigned i = 0; i < POLICY_HASHES_MAX; i++)
                assert_int_equal(p->platform_keys[i].sha256[3], i + 1);
        machine_done(&m);
}

/* A policy that one failed step left half made would let in too much. */
static void it_is_whole_or_none(void **state) {
        _cleanup_(buf_done) Buf certificate = BUF_UP_TO(4096);

        (void) state;
        firmlog_certificate(&certificate, "vendor");
        for (unsigned hashing = 0; hashing < 2; hashing++) {
                int failed = 1, n = 0;
                Machine m;

                machine_begin(&m);
                m.log.n = 0;
                firmlog_boot(&m.log, &(FirmBoot){ .secure_boot = true,
                                                     .certificate = buf_span(&certificate),
                                                     .cmdline = "root=x",
                                                     .appended = "debug" });
                (void) suggested(&m);
                for (; failed > 0; n++) {
                        Policy p = policy_default(), untouched = p;
                        Err e = {};
                        int rc;

                        if (hashing)
                                hashes_fail_after(n);
                        else
                                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                        rc = policy_suggest(&m.c.judgement, &p, &e);
                        failed = libc_heal() + hashes_heal();
                        assert_int_equal(rc, failed == 0 ? 0 : hashing ? -EIO : -ENOMEM);
                        assert_int_equal(e.code, rc);
                        assert_memory_equal(&p, failed > 0 ? &untouched : &m.policy, sizeof(p));
                }
                assert_true(n > 2);
                machine_done(&m);
        }
}

static void option_roms_that_ran_are_taken(void **state) {
        Machine m;

        (void) state;
        machine_begin(&m);
        (void) firmlog_add_of(&m.log, 2, EV_EFI_BOOT_SERVICES_DRIVER, SPAN_LITERAL("no driver"),
                        SPAN_LITERAL("a driver"));
        assert_true(suggested(&m)->option_roms);
        machine_done(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_the_log_proves_is_taken),
                cmocka_unit_test(option_roms_that_ran_are_taken),
                cmocka_unit_test(what_is_not_explained_is_not_taken),
                cmocka_unit_test(without_a_log_of_ours_registers_stay),
                cmocka_unit_test(of_a_log_that_is_wrong_nothing_is_taken),
                cmocka_unit_test(keys_are_named_once_and_all_or_none),
                cmocka_unit_test(no_more_keys_are_named_than_fit),
                cmocka_unit_test(it_is_whole_or_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
