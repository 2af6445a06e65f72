/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "layer/uki.h"
#include "tools/components.h"
#include "tools/forecast.h"
#include "tools/premises.h"
#include "tools/print.h"
#include "tools/tool.h"
#include "wire/stub.h"

enum { JSON_MAX = 64 * 1024, PCR_UKI = 11 };

typedef struct Args {
        Strings banks, phases, pcrs;
        PremiseArgs premises;
        const char *pcrlock, *json;
} Args;

#define PREMISE(member) offsetof(Args, premises) + offsetof(PremiseArgs, member)

static const Option options[] = {
        { "pcr", 0, OPTION_REPEATED, "N",
                        "This register alone: 4, 7, 9, 11, 12 or 13 (default: all that can be told)",
                        offsetof(Args, pcrs) },
        { "bank", 0, OPTION_REPEATED, "BANK",
                        "In this bank: sha1, sha256, sha384 or sha512 (default: all)",
                        offsetof(Args, banks) },
        { "phase", 0, OPTION_REPEATED, "PATH",
                        "In this boot phase, as enter-initrd:leave-initrd (default: the usual four)",
                        offsetof(Args, phases) },
        { "profile", 0, OPTION_VALUE, "N", "The profile that is started (default: 0)",
                        PREMISE(profile) },
        { "before", 0, OPTION_REPEATED, "PE",
                        "A program that is started before the image, as systemd-boot",
                        PREMISE(before) },
        { "addon", 0, OPTION_REPEATED, "FILE", "An addon in the image's folder .extra.d",
                        PREMISE(addons) },
        { "credential", 0, OPTION_REPEATED, "FILE", "A credential there", PREMISE(credentials) },
        { "extension", 0, OPTION_REPEATED, "FILE", "A system or configuration extension there",
                        PREMISE(extensions) },
        { "global-addon", 0, OPTION_REPEATED, "FILE", "An addon in loader/addons",
                        PREMISE(global_addons) },
        { "global-credential", 0, OPTION_REPEATED, "FILE", "A credential in loader/credentials",
                        PREMISE(global_credentials) },
        { "global-extension", 0, OPTION_REPEATED, "FILE", "An extension in loader/extensions",
                        PREMISE(global_extensions) },
        { "cmdline", 0, OPTION_VALUE, "TEXT", "The command line that the image is started with",
                        PREMISE(line) },
        { "cmdline-extra", 0, OPTION_VALUE, "TEXT",
                        "What SMBIOS adds: io.systemd.stub.kernel-cmdline-extra", PREMISE(smbios) },
        { "secure-boot", 0, OPTION_VALUE, "yes|no", "Whether it is on (default: yes)",
                        PREMISE(secure_boot) },
        { "os-separator", 0, OPTION_VALUE, "yes|no",
                        "Whether the system measures that (default: with stubs from 261 on)",
                        PREMISE(separator) },
        { "pk", 0, OPTION_VALUE, "FILE", "The variable PK: an ESL, or .auth", PREMISE(pk) },
        { "kek", 0, OPTION_VALUE, "FILE", "The variable KEK", PREMISE(kek) },
        { "db", 0, OPTION_VALUE, "FILE", "The variable db", PREMISE(db) },
        { "dbx", 0, OPTION_VALUE, "FILE", "The variable dbx (default: empty)", PREMISE(dbx) },
        { "firmware-log", 0, OPTION_VALUE, "FILE",
                        "Take what comes before the image from this firmware log",
                        PREMISE(firmware_log) },
        { "pcrlock", 0, OPTION_VALUE, "FOLDER", "Write components for systemd-pcrlock there",
                        offsetof(Args, pcrlock) },
        { "json", 0, OPTION_JSON, NULL, "Print it as JSON", offsetof(Args, json) },
        {},
};

/* The registers, in the order in which people count, and whether each is to be told. */
static const unsigned registers[] = { 4, 7, 9, PCR_UKI, 12, 13 };

enum { REGISTER_POLICY = 1, REGISTER_KERNEL = 2 }; /* their places */

typedef struct Told {
        bool pcr[ELEMENTS(registers)];
} Told;

static int take_registers(const Strings *pcrs, bool tells_policy, Told *ret, Err *e) {
        Told t = {};

        for (size_t i = 0; i < ELEMENTS(registers) && pcrs->n == 0; i++)
                t.pcr[i] = i != REGISTER_POLICY || tells_policy;
        for (size_t i = 0; i < pcrs->n; i++) {
                uint64_t n = 0;
                size_t k = 0;

                (void) !text_number(span_of(pcrs->values[i]), 23, &n);
                while (k < ELEMENTS(registers) && registers[k] != n)
                        k++;
                if (k == ELEMENTS(registers))
                        return err_set(e, -EINVAL,
                                        "'--pcr=%s': only 4, 7, 9, 11, 12 and 13 are told",
                                        pcrs->values[i]);
                if (n == 7 && !tells_policy)
                        return err_set(e, -EINVAL,
                                        "PCR 7 takes Secure Boot's variables (--pk=, --kek=, "
                                        "--db=, --dbx=) or a firmware log");
                t.pcr[k] = true;
        }
        *ret = t;
        return 0;
}

static int put_register(JsonWriter *w, const Course *c, unsigned pcr, Err *e) {
        char name[16];
        int rc = 0;

        (void) snprintf(name, sizeof(name), "pcr%u", pcr);
        json_put_object(w, name);
        for (unsigned b = 0; rc == 0 && b < c->banks.n; b++) {
                Digest value = {};

                rc = course_value(c, pcr, b, &value, e);
                json_put_hex(w, hash_name(c->banks.list[b]), digest_span(&value));
        }
        json_put_end(w);
        return rc;
}

static int print_as_json(const Args *a, const Uki *u, const Premises *p, const Forecast *f,
                const Told *told, Err *e) {
        static const size_t sorted[] = { 3, 4, 5, 0, 1, 2 }; /* pcr11 before pcr4 */
        _cleanup_(buf_done) Buf text = BUF_UP_TO(JSON_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);
        int rc = 0;

        json_put_object(&w, NULL);
        json_put_integer(&w, "avouch", 1);
        json_put_integer(&w, "osSeparator", p->separator);
        for (size_t i = 0; rc == 0 && i < ELEMENTS(sorted); i++) {
                unsigned pcr = registers[sorted[i]];

                if (told->pcr[sorted[i]] && pcr == PCR_UKI)
                        forecast_put(&w, f);
                else if (told->pcr[sorted[i]])
                        rc = put_register(&w, &p->course, pcr, e);
        }
        json_put_integer(&w, "secureBoot", p->boot.secure_boot);
        json_put_foreign(&w, "stub", span_of(u->stub_version));
        json_put_end(&w);
        return rc < 0 ? rc : print_json_buf(a->json, &text, e);
}

static void print_value(unsigned pcr, const Digest *d) {
        printf("%u:%s=", pcr, hash_name(d->alg));
        for (size_t i = 0; i < d->size; i++)
                printf("%02x", d->bytes[i]);
        putchar('\n');
}

/* As "systemd-measure calculate" has it: values on stdout, what they are for on stderr. */
static void print_phases(const Forecast *f) {
        for (size_t p = 0; p < f->n_paths; p++) {
                (void) fflush(stdout);
                fprintf(stderr, "# PCR[11] Phase <%s>\n", f->paths[p]);
                for (unsigned b = 0; b < f->n_banks; b++)
                        print_value(PCR_UKI, &f->values[p][b]);
        }
}

static int print_register(const Course *c, unsigned pcr, Err *e) {
        int rc = 0;

        (void) fflush(stdout);
        fprintf(stderr, "# PCR[%u]\n", pcr);
        for (unsigned b = 0; rc == 0 && b < c->banks.n; b++) {
                Digest value;

                rc = course_value(c, pcr, b, &value, e);
                if (rc == 0)
                        print_value(pcr, &value);
        }
        return rc;
}

static int print_for_people(const Premises *p, const Forecast *f, const Told *told, Err *e) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < ELEMENTS(registers); i++) {
                if (told->pcr[i] && registers[i] == PCR_UKI)
                        print_phases(f);
                else if (told->pcr[i])
                        rc = print_register(&p->course, registers[i], e);
        }
        return rc < 0 ? rc : EXIT_YES;
}

static void note(const Args *a, const Uki *u, const Premises *p) {
        if (u->stub_generation > STUB_NEWEST)
                fprintf(stderr,
                                "avouch predict: note: the stub is of systemd %u; that it measures "
                                "what %d does is an assumption\n",
                                u->stub_generation, STUB_NEWEST);
        if (a->premises.line && !stub_boot_heeds_line(u, &p->boot))
                fprintf(stderr, "avouch predict: note: under Secure Boot the stub does not heed "
                                "--cmdline=, for the image has its own\n");
}

/* PCR 9 is left out where it cannot be told, but for who asks for it by its number. */
static int settle_kernel(const Args *a, const Premises *p, Told *told, Err *e) {
        if (p->no_kernel.code == 0)
                return 0;
        told->pcr[REGISTER_KERNEL] = false;
        return a->pcrs.n > 0 ? err_set(e, p->no_kernel.code, "%s", p->no_kernel.text) : 0;
}

static int foretell(const Args *a, const Uki *u, Premises *p, Forecast *f, Told *told, Err *e) {
        Banks banks = { .n = f->n_banks };
        UkiDigests d;
        int rc;

        memcpy(banks.list, f->banks, sizeof(banks.list));
        rc = premises_take(&a->premises, u, a->banks.n > 0, &banks, p, e);
        if (rc == 0)
                rc = take_registers(&a->pcrs, p->tells_policy, told, e);
        if (rc < 0)
                return rc;
        p->tells_policy = told->pcr[REGISTER_POLICY]; /* what let the image in is not looked for in
                                                       * vain */
        p->asks_kernel = told->pcr[REGISTER_KERNEL];
        f->n_banks = banks.n;
        memcpy(f->banks, banks.list, sizeof(banks.list));
        rc = uki_digest(u, f->banks, f->n_banks, &d, e);
        if (rc == 0)
                rc = forecast_make(u, &d, p->boot.profile, f, e);
        if (rc == 0)
                rc = premises_foretell(p, u, &d, e);
        return rc < 0 ? rc : settle_kernel(a, p, told, e);
}

static int write_components(const Args *a, const char *image, const Course *c, Err *e) {
        char name[NAME_TEXT_MAX + 1];
        int rc = a->pcrlock ? components_name(image, name, e) : 0;

        return rc < 0 || !a->pcrlock ? rc : components_write(c, a->pcrlock, name, e);
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(uki_done) Uki u = UKI_NONE;
        _cleanup_(premises_done) Premises p = {};
        const Args *a = values;
        Forecast f;
        Told told;
        int rc;

        rc = forecast_ask(&a->banks, &a->phases, &f, e);
        if (rc == 0)
                rc = uki_open(operands[0], &u, e);
        if (rc == 0)
                rc = foretell(a, &u, &p, &f, &told, e);
        if (rc == 0)
                rc = write_components(a, operands[0], &p.course, e);
        if (rc < 0)
                return rc;

        note(a, &u, &p);
        return a->json ? print_as_json(a, &u, &p, &f, &told, e)
                       : print_for_people(&p, &f, &told, e);
}

static const Verb verbs[] = {
        { "", "UKI", NULL, 1, 1, run },
        {},
};

int main(int argc, char **argv) {
        Args args = {};

        return tool_main(&(Tool){ .name = "avouch predict",
                                         .options = options,
                                         .verbs = verbs,
                                         .values = &args },
                        argc, argv);
}
