/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "layer/firmwarestart.h"
#include "port/crypto.h"
#include "support/firmlog.h"
#include "support/testdata.h"
#include "wire/efievent.h"
#include "wire/firmware.h"

static const Banks sha256 = { { HASH_SHA256 }, 1 };

typedef struct Machine {
        FirmLog log;
        Buf certificate, bytes;
} Machine;

static void machine_done(Machine *m) {
        firmlog_done(&m->log);
        buf_done(&m->certificate);
        buf_done(&m->bytes);
}

static Machine machine_new(bool secure_boot) {
        static const HashAlg banks[] = { HASH_SHA256, HASH_SHA384 };
        Machine m = { .log = firmlog_new(banks, ELEMENTS(banks)),
                .certificate = BUF_UP_TO(64 * 1024),
                .bytes = BUF_UP_TO(1024 * 1024) };

        firmlog_certificate(&m.certificate, "Somebody");
        firmlog_boot(&m.log, &(FirmBoot){ .secure_boot = secure_boot,
                                             .certificate = buf_span(&m.certificate),
                                             .cmdline = "quiet" });
        return m;
}

static int start(Machine *m, Course *c, SecureVars *v, bool *on, Err *e) {
        m->bytes.size = 0;
        firmlog_write(&m->log, &m->bytes);
        course_begin(c, &sha256);
        return firmware_start_logged(buf_span(&m->bytes), c, v, on, e);
}

static size_t steps(const Course *c, unsigned pcr) {
        size_t n = 0;

        for (size_t i = 0; i < c->n; i++)
                n += c->list[i].pcr == pcr;
        return n;
}

/* What a machine has before the image is that of the log; nothing that came after counts. */
static void a_log_tells_what_is_before_the_image(void **state) {
        _cleanup_(machine_done) Machine m = machine_new(true);
        SecureVars v = {};
        Course c;
        bool on = false;

        (void) state;
        assert_int_equal(start(&m, &c, &v, &on, NULL), 0);
        assert_true(on);
        assert_int_equal(steps(&c, 4),
                        firmlog_find(&m.log, 4, EV_EFI_BOOT_SERVICES_APPLICATION, 0) > 0 ? 2 : 0);
        assert_int_equal(steps(&c, 7), 6);
        assert_int_equal(steps(&c, 4) + steps(&c, 7), c.n);
        assert_true(v.db.size > m.certificate.size);
}

static void a_log_that_does_not_go_so_far_is_refused(void **state) {
        SecureVars v = {};
        Course c;
        bool on;

        (void) state;
        for (int i = 0; i < 4; i++) {
                _cleanup_(machine_done) Machine m = machine_new(true);
                size_t at = i == 0   ? firmlog_find(&m.log, 4, EV_EFI_BOOT_SERVICES_APPLICATION, 0)
                            : i == 1 ? firmlog_find(&m.log, 7, EV_SEPARATOR, 0)
                            : i == 2 ? firmlog_find(&m.log, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, 0)
                                     : firmlog_find(&m.log, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, 3);

                firmlog_remove(&m.log, at);
                if (i == 0) /* each of them */
                        for (size_t k = m.log.n; k > 0; k--)
                                if (m.log.events[k - 1].type == EV_EFI_BOOT_SERVICES_APPLICATION)
                                        firmlog_remove(&m.log, k - 1);
                assert_int_equal(start(&m, &c, &v, &on, NULL), -EBADMSG);
        }
}

static void variables_that_were_not_measured_are_refused(void **state) {
        _cleanup_(machine_done) Machine m = machine_new(true);
        FirmEvent *db = &m.log.events[firmlog_find(&m.log, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, 3)];
        SecureVars v = {};
        Course c;
        bool on;
        Err e = {};

        (void) state;
        db->data[db->size - 1] ^= 1;
        assert_int_equal(start(&m, &c, &v, &on, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "its data are not what was measured"));
}

static void banks_are_those_of_the_log(void **state) {
        static const Banks all = { { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 }, 4 };
        _cleanup_(machine_done) Machine m = machine_new(false);
        Banks b = all;

        (void) state;
        firmlog_write(&m.log, &m.bytes);
        assert_int_equal(firmware_start_banks(buf_span(&m.bytes), true, &b, NULL), -EINVAL);
        assert_int_equal(firmware_start_banks(buf_span(&m.bytes), false, &b, NULL), 0);
        assert_int_equal(b.n, 2);
        assert_int_equal(b.list[0], HASH_SHA256);
        assert_int_equal(b.list[1], HASH_SHA384);
        b = (Banks){ { HASH_SHA512 }, 1 };
        assert_int_equal(firmware_start_banks(buf_span(&m.bytes), false, &b, NULL), -EBADMSG);
}

static const char *const genuine[] = { "257-clean-sysext", "257-tampered-cmdline-signed",
        "262-clean-first", "262-luks-logins-report", "262-stub-extras", "262-sysext-refresh" };

/* PCR 7 after a log, the data of its variables, and the event of what let the program in. */
typedef struct Genuine {
        Digest pcr7;
        SecureVars vars;
        Span authority;
} Genuine;

static Genuine read_genuine(Span bytes) {
        Genuine g = { .pcr7 = digest_zero(HASH_SHA256) };
        FirmwareLog log;
        FirmwareEvent event;

        assert_int_equal(firmware_open(bytes, &log, NULL), 0);
        assert_int_equal(log.banks[0].alg, HASH_SHA256);
        while (firmware_next(&log, &event, NULL) > 0) {
                EfiVariable v;
                Digest d;

                if (event.pcr != 7 || event.type == EV_NO_ACTION)
                        continue;
                assert_true(digest_from(HASH_SHA256, event.digests[0], &d));
                assert_int_equal(hash_extend(&g.pcr7, &d, NULL), 0);
                if (event.type == EV_SEPARATOR)
                        continue;
                assert_int_equal(efi_variable_parse(event.data, &v, NULL), 0);
                if (event.type == EV_EFI_VARIABLE_AUTHORITY)
                        g.authority = event.data;
                else if (efi_text_is(v.name, "PK"))
                        g.vars.pk = v.data;
                else if (efi_text_is(v.name, "KEK"))
                        g.vars.kek = v.data;
                else if (efi_text_is(v.name, "db"))
                        g.vars.db = v.data;
                else if (efi_text_is(v.name, "dbx"))
                        g.vars.dbx = v.data;
        }
        return g;
}

/* PCR 7 of genuine boots, from the variables and from the log's head, with the one event that
 * needs the image itself. */
static void genuine_boots_are_foretold_from_their_variables(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(genuine); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(FIRMWARE_LOG_MAX);
                char name[128];
                Course by_vars, by_log;
                Digest a, z;
                SecureVars v = {};
                bool on = false;
                Genuine g;

                (void) snprintf(name, sizeof(name), "boots/%s/binary_bios_measurements",
                                genuine[i]);
                if (!testdata_read(name, &b))
                        continue;
                g = read_genuine(buf_span(&b));
                course_begin(&by_vars, &sha256);
                assert_int_equal(secure_vars_foretell(&g.vars, &by_vars, NULL), 0);
                assert_int_equal(course_add_bytes(&by_vars, STEP_AUTHORITY, 7, g.authority, NULL),
                                0);
                assert_int_equal(course_value(&by_vars, 7, 0, &a, NULL), 0);
                assert_true(digest_equal(&a, &g.pcr7));

                course_begin(&by_log, &sha256);
                assert_int_equal(firmware_start_logged(buf_span(&b), &by_log, &v, &on, NULL), 0);
                assert_true(on && span_equal(v.db, g.vars.db));
                assert_true(v.dbx.size > 0 && span_equal(v.dbx, g.vars.dbx));
                assert_int_equal(
                                course_add_bytes(&by_log, STEP_AUTHORITY, 7, g.authority, NULL), 0);
                assert_int_equal(course_value(&by_log, 7, 0, &z, NULL), 0);
                assert_true(digest_equal(&z, &g.pcr7));

                /* and PCR 4 up to the image is what firmware does everywhere */
                course_begin(&by_vars, &sha256);
                assert_int_equal(firmware_start_usual(&by_vars, NULL), 0);
                assert_int_equal(course_value(&by_vars, 4, 0, &a, NULL), 0);
                assert_int_equal(course_value(&by_log, 4, 0, &z, NULL), 0);
                assert_true(digest_equal(&a, &z));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_log_tells_what_is_before_the_image),
                cmocka_unit_test(a_log_that_does_not_go_so_far_is_refused),
                cmocka_unit_test(variables_that_were_not_measured_are_refused),
                cmocka_unit_test(banks_are_those_of_the_log),
                cmocka_unit_test(genuine_boots_are_foretold_from_their_variables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
