/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/firmwarestart.h"

#include <errno.h>

#include "port/crypto.h"
#include "wire/efievent.h"
#include "wire/firmware.h"

enum { PCR_SECURE_BOOT = 7 };

int firmware_start_usual(Course *course, Err *e) {
        int rc = course_add_bytes(course, STEP_FIRMWARE, PCR_PROGRAMS,
                        SPAN_LITERAL("Calling EFI Application from Boot Option"), e);

        return rc < 0 ? rc
                      : course_add_bytes(course, STEP_FIRMWARE, PCR_PROGRAMS,
                                        SPAN_LITERAL("\0\0\0\0"), e);
}

static bool has_bank(const FirmwareLog *log, HashAlg alg) {
        for (size_t i = 0; i < log->n_banks; i++)
                if (log->banks[i].alg == alg)
                        return true;
        return false;
}

int firmware_start_banks(Span log, bool asked, Banks *banks, Err *e) {
        FirmwareLog l;
        Banks b = {};
        int rc = firmware_open(log, &l, e);

        if (rc < 0)
                return rc;
        for (unsigned i = 0; i < banks->n; i++) {
                if (has_bank(&l, banks->list[i]))
                        b.list[b.n++] = banks->list[i];
                else if (asked)
                        return err_set(e, -EINVAL, "the firmware log has no bank %s",
                                        hash_name(banks->list[i]));
        }
        if (b.n == 0)
                return err_set(e, -EBADMSG, "the firmware log has no bank that is known");
        *banks = b;
        return 0;
}

/* What of the log has been read. */
typedef struct Reading {
        const FirmwareLog *log;
        Course *course;
        SecureVars *vars;
        bool started, separated, told, on, has_db;
} Reading;

static int find_digests(const Reading *r, const FirmwareEvent *event, BankDigests *ret, Err *e) {
        for (unsigned i = 0; i < r->course->banks.n; i++) {
                HashAlg alg = r->course->banks.list[i];
                size_t at = 0;

                while (at < r->log->n_banks && r->log->banks[at].alg != alg)
                        at++;
                if (at == r->log->n_banks || !event->has[at] ||
                                !digest_from(alg, event->digests[at], &ret->list[i]))
                        return err_set(e, -EBADMSG, "event %zu has no digest of %s", event->number,
                                        hash_name(alg));
        }
        return 0;
}

/* SecureBoot, db and dbx: of a variable all of its event is measured. */
static int read_variable(
                Reading *r, const FirmwareEvent *event, const BankDigests *digests, Err *e) {
        BankDigests d = {};
        EfiVariable v;
        int rc = efi_variable_parse(event->data, &v, e);

        if (rc == 0)
                rc = bank_hash_bytes(&r->course->banks, event->data, &d, e);
        if (rc < 0)
                return rc;
        for (unsigned i = 0; i < r->course->banks.n; i++)
                if (!digest_equal(&d.list[i], &digests->list[i]))
                        return err_set(e, -EBADMSG,
                                        "event %zu in PCR 7: its data are not what was measured",
                                        event->number);
        if (efi_text_is(v.name, "SecureBoot")) {
                r->told = true;
                r->on = v.data.size == 1 && v.data.data[0] == 1;
        } else if (efi_text_is(v.name, "db")) {
                r->vars->db = v.data;
                r->has_db = true;
        } else if (efi_text_is(v.name, "dbx")) {
                r->vars->dbx = v.data;
        }
        return 0;
}

static int read_event(Reading *r, const FirmwareEvent *event, Err *e) {
        bool variable = event->pcr == PCR_SECURE_BOOT &&
                        event->type == EV_EFI_VARIABLE_DRIVER_CONFIG,
             separator = event->pcr == PCR_SECURE_BOOT && event->type == EV_SEPARATOR;
        BankDigests digests = {};
        int rc;

        if (event->type == FIRMWARE_NO_ACTION ||
                        (event->pcr != PCR_PROGRAMS && event->pcr != PCR_SECURE_BOOT))
                return 0;
        if (event->pcr == PCR_PROGRAMS && event->type == EV_EFI_BOOT_SERVICES_APPLICATION)
                r->started = true;
        if (event->pcr == PCR_PROGRAMS ? r->started : r->separated)
                return 0;
        rc = find_digests(r, event, &digests, e);
        if (rc == 0 && variable)
                rc = read_variable(r, event, &digests, e);
        if (rc < 0)
                return rc;
        r->separated = r->separated || separator;
        return course_add(r->course, variable ? STEP_VARIABLES : STEP_FIRMWARE, event->pcr,
                        digests.list, e);
}

int firmware_start_logged(
                Span bytes, Course *course, SecureVars *vars, bool *ret_secure_boot, Err *e) {
        FirmwareLog log;
        FirmwareEvent event;
        Reading r = { .log = &log, .course = course, .vars = vars };
        int rc;

        rc = firmware_open(bytes, &log, e);
        if (rc < 0)
                return rc;
        while ((rc = firmware_next(&log, &event, e)) > 0) {
                rc = read_event(&r, &event, e);
                if (rc < 0)
                        return rc;
        }
        if (rc < 0)
                return rc;
        if (!r.started || !r.separated || !r.told)
                return err_set(e, -EBADMSG, "the firmware log %s",
                                r.started ? "does not tell of Secure Boot"
                                          : "ends before a program was started");
        if (r.on && !r.has_db)
                return err_set(e, -EBADMSG, "the firmware log does not tell what db holds");
        *ret_secure_boot = r.on;
        return 0;
}
