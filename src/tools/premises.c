/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/premises.h"

#include <errno.h>
#include <limits.h>

#include "base/file.h"
#include "base/text.h"
#include "layer/bootloader.h"
#include "wire/stub.h"

enum { DATABASE_MAX = 1024 * 1024 };

void premises_done(Premises *p) {
        buf_done(&p->log);
        buf_done(&p->handed);
        for (size_t i = 0; i < ELEMENTS(p->databases); i++)
                buf_done(&p->databases[i]);
}

static int take_answer(const char *option, const char *value, bool *into, Err *e) {
        if (!value)
                return 0;
        *into = strcmp(value, "yes") == 0;
        return *into || strcmp(value, "no") == 0
                               ? 0
                               : err_set(e, -EINVAL, "'--%s=%s' is neither yes nor no", option,
                                                 value);
}

/* Nothing that a stub would change: what is measured is what is written. */
static int check_line(const char *option, const char *line, Err *e) {
        size_t n = line ? strlen(line) : 1;

        if (n == 0 || (line && (line[0] == ' ' || line[n - 1] == ' ')))
                return err_set(e, -EINVAL, "'--%s=%s' is empty, or has blanks around it", option,
                                line);
        for (const char *p = line; p && *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        return err_set(e, -EINVAL, "--%s: has control characters", option);
        return 0;
}

static int take_lines(const PremiseArgs *a, const Uki *u, Premises *p, Err *e) {
        int rc = check_line("cmdline", a->line, e);

        if (rc == 0)
                rc = check_line("cmdline-extra", a->smbios, e);
        if (rc == 0 && a->line && a->line[0] == '@' && u->stub_generation >= STUB_PROFILES)
                rc = err_set(e, -EINVAL,
                                "'--cmdline=%s' names a profile: that is for --profile=", a->line);
        p->boot.line = a->line;
        p->boot.smbios = a->smbios;
        return rc;
}

/* A boot loader measures what it chooses, each in its own way. */
static int take_loaders(const PremiseArgs *a, Premises *p, Err *e) {
        if (a->before.n > LOADERS_MAX)
                return err_set(e, -EINVAL, "more than %d programs before the image", LOADERS_MAX);
        if (a->before.n > 0 && (a->line || p->boot.profile > 0))
                return err_set(e, -EINVAL,
                                "what a boot loader measures of a profile or a command line that "
                                "it chooses is not foretold: '--before=' stands without them");
        p->before = &a->before;
        return 0;
}

static int take_profile(const PremiseArgs *a, Premises *p, Err *e) {
        uint64_t n = 0;

        if (a->profile && !text_number(span_of(a->profile), UINT_MAX, &n))
                return err_set(e, -EINVAL, "'--profile=%s' is no number", a->profile);
        p->boot.profile = (unsigned) n;
        return 0;
}

static int take_companions(const PremiseArgs *a, const Uki *u, Companions *c, Err *e) {
        const struct {
                const Strings *paths;
                CompanionPlace place;
                bool global;
        } given[] = {
                { &a->addons, PLACE_ADDONS, false },
                { &a->credentials, PLACE_CREDENTIALS, false },
                { &a->extensions, PLACE_EXTENSIONS, false },
                { &a->global_addons, PLACE_ADDONS, true },
                { &a->global_credentials, PLACE_CREDENTIALS, true },
                { &a->global_extensions, PLACE_EXTENSIONS, true },
        };
        int rc = 0;

        for (size_t i = 0; i < ELEMENTS(given); i++)
                for (size_t k = 0; rc == 0 && k < given[i].paths->n; k++)
                        rc = companions_add(c, given[i].paths->values[k], given[i].place,
                                        given[i].global, u->stub_generation, e);
        return rc;
}

static int take_databases(const PremiseArgs *a, Premises *p, Err *e) {
        const struct {
                const char *path;
                Span *into;
        } given[] = {
                { a->pk, &p->vars.pk },
                { a->kek, &p->vars.kek },
                { a->db, &p->vars.db },
                { a->dbx, &p->vars.dbx },
        };

        if (!a->pk && !a->kek && !a->db && !a->dbx)
                return 0;
        if (!a->pk || !a->kek || !a->db)
                return err_set(e, -EINVAL, "--pk=, --kek= and --db= belong together");
        if (a->firmware_log)
                return err_set(e, -EINVAL, "either a firmware log or the variables, not both");
        for (size_t i = 0; i < ELEMENTS(given); i++) {
                Buf *b = &p->databases[i];
                int rc;

                *b = BUF_UP_TO(DATABASE_MAX);
                if (!given[i].path)
                        continue;
                rc = file_read(given[i].path, b, e);
                if (rc == 0 && secure_vars_database(buf_span(b), given[i].into, e) < 0) {
                        err_at(e, given[i].path);
                        rc = -EBADMSG;
                }
                if (rc < 0)
                        return rc;
        }
        p->tells_policy = true;
        return 0;
}

static int take_log(const PremiseArgs *a, bool banks_asked, Banks *banks, Premises *p, Err *e) {
        int rc;

        p->log = BUF_UP_TO(FIRMWARE_LOG_MAX);
        if (!a->firmware_log)
                return 0;
        rc = file_read(a->firmware_log, &p->log, e);
        if (rc == 0) {
                rc = firmware_start_banks(buf_span(&p->log), banks_asked, banks, e);
                if (rc < 0)
                        err_at(e, a->firmware_log);
        }
        p->tells_policy = true;
        return rc;
}

static int begin_as_logged(const PremiseArgs *a, Premises *p, Err *e) {
        bool asked = p->boot.secure_boot;
        int rc = firmware_start_logged(
                        buf_span(&p->log), &p->course, &p->vars, &p->boot.secure_boot, e);

        if (rc < 0)
                err_at(e, a->firmware_log);
        else if (a->secure_boot && p->boot.secure_boot != asked)
                rc = err_set(e, -EINVAL, "%s: Secure Boot is %s there", a->firmware_log,
                                asked ? "off" : "on");
        return rc;
}

static int check_secure_boot(const Premises *p, Err *e) {
        return !p->tells_policy || p->boot.secure_boot
                               ? 0
                               : err_set(e, -EINVAL,
                                                 "what firmware measures into PCR 7 with Secure "
                                                 "Boot off only a firmware log tells");
}

int premises_take(const PremiseArgs *a, const Uki *u, bool banks_asked, Banks *banks, Premises *p,
                Err *e) {
        int rc;

        p->boot.secure_boot = true;
        p->handed = BUF_UP_TO(UKI_TEXT_MAX + 1);
        p->separator = u->stub_generation >= STUB_ADDS_OF_THE_MACHINE;
        rc = take_answer("secure-boot", a->secure_boot, &p->boot.secure_boot, e);
        if (rc == 0)
                rc = take_answer("os-separator", a->separator, &p->separator, e);
        if (rc == 0)
                rc = take_lines(a, u, p, e);
        if (rc == 0)
                rc = take_profile(a, p, e);
        if (rc == 0)
                rc = take_loaders(a, p, e);
        if (rc == 0)
                rc = take_companions(a, u, &p->boot.companions, e);
        if (rc == 0)
                rc = take_databases(a, p, e);
        if (rc == 0)
                rc = take_log(a, banks_asked, banks, p, e);
        if (rc < 0)
                return rc;
        course_begin(&p->course, banks);
        return a->firmware_log ? begin_as_logged(a, p, e) : check_secure_boot(p, e);
}

/* Firmware loads each, and so measures it; what lets it in, too. The last starts the image. */
static int add_loaders(Premises *p, const Uki *u, Err *e) {
        Course *c = &p->course;
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < p->before->n; i++) {
                _cleanup_(uki_done) Uki loader = UKI_NONE;
                UkiDigests d;

                rc = uki_open_addon(p->before->values[i], &loader, e);
                if (rc == 0)
                        rc = uki_digest(&loader, c->banks.list, c->banks.n, &d, e);
                if (rc == 0)
                        rc = course_add(c, STEP_LOADER, PCR_PROGRAMS, d.images, e);
                if (rc == 0 && p->tells_policy && p->boot.secure_boot)
                        rc = secure_vars_admit(&p->vars, &loader, &d.authenticode, c, e);
                if (rc == 0 && i + 1 == p->before->n)
                        rc = bootloader_foretell(&loader, u, &p->handed, c, e);
        }
        if (rc == 0 && p->handed.size > 1) /* an empty one is none to a stub */
                p->boot.line = (const char *) p->handed.data;
        return rc;
}

static int admit_addons(Premises *p, Err *e) {
        const Companions *c = &p->boot.companions;
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < 2 * c->n; i++) { /* the global ones first */
                const Companion *one = &c->list[i % c->n];
                _cleanup_(uki_done) Uki addon = UKI_NONE;
                UkiDigests d;

                if (one->kind != COMPANION_ADDON || one->global != (i < c->n))
                        continue;
                rc = uki_open_addon(one->path, &addon, e);
                if (rc == 0)
                        rc = uki_digest(&addon, NULL, 0, &d, e);
                if (rc == 0)
                        rc = secure_vars_admit(&p->vars, &addon, &d.authenticode, &p->course, e);
        }
        return rc;
}

/* systemd-pcrosseparator.service, once in each boot: the other registers are not looked at here */
static int add_separator(Course *c, Err *e) {
        static const unsigned pcrs[] = { 4, 7, 12, 13 };
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < ELEMENTS(pcrs); i++)
                rc = course_add_bytes(c, STEP_SYSTEM, pcrs[i], SPAN_LITERAL("os-separator"), e);
        return rc;
}

/* Where the why-not of PCR 9 goes; NULL: it need not be looked for. */
static Err *begin_kernel(Premises *p) {
        if (p->asks_kernel && p->separator)
                (void) err_set(&p->no_kernel, -EOPNOTSUPP,
                                "a system that measures os-separator measures into PCR 9 what is "
                                "each machine's own, too, so it cannot be foretold");
        return p->asks_kernel && p->no_kernel.code == 0 ? &p->no_kernel : NULL;
}

int premises_foretell(Premises *p, const Uki *u, const UkiDigests *d, Err *e) {
        bool logged = p->log.size > 0;
        int rc = 0;

        if (!logged)
                rc = firmware_start_usual(&p->course, e);
        if (rc == 0 && p->tells_policy && !logged)
                rc = secure_vars_foretell(&p->vars, &p->course, e);
        if (rc == 0)
                rc = add_loaders(p, u, e);
        if (rc == 0 && p->tells_policy && p->boot.secure_boot)
                rc = secure_vars_admit(&p->vars, u, &d->authenticode, &p->course, e);
        if (rc == 0)
                rc = stub_boot_foretell(u, d, &p->boot, &p->course, begin_kernel(p), e);
        if (rc == 0 && p->tells_policy && p->boot.secure_boot)
                rc = admit_addons(p, e);
        return rc == 0 && p->separator ? add_separator(&p->course, e) : rc;
}
