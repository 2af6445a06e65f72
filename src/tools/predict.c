/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/text.h"
#include "layer/uki.h"
#include "tools/forecast.h"
#include "tools/print.h"
#include "tools/tool.h"
#include "wire/stub.h"

enum { JSON_MAX = 64 * 1024 };

typedef struct Args {
        Strings banks, phases;
        const char *json;
} Args;

static const Option options[] = {
        { "bank", 0, OPTION_REPEATED, "BANK",
                        "In this bank: sha1, sha256, sha384 or sha512 (default: all)",
                        offsetof(Args, banks) },
        { "phase", 0, OPTION_REPEATED, "PATH",
                        "In this boot phase, as enter-initrd:leave-initrd (default: the usual four)",
                        offsetof(Args, phases) },
        { "json", 0, OPTION_JSON, NULL, "Print it as JSON", offsetof(Args, json) },
        {},
};

static int print_as_json(const Args *a, const Uki *u, const Forecast *f, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(JSON_MAX);
        JsonWriter w = json_writer(&text, JSON_CANONICAL);

        json_put_object(&w, NULL);
        json_put_integer(&w, "avouch", 1);
        forecast_put(&w, f);
        json_put_foreign(&w, "stub", span_of(u->stub_version));
        json_put_end(&w);
        return print_json_buf(a->json, &text, e);
}

/* As "systemd-measure calculate" has it: values on stdout, what they are for on stderr. */
static void print_as_systemd_does(const Forecast *f) {
        for (size_t p = 0; p < f->n_paths; p++) {
                (void) fflush(stdout);
                fprintf(stderr, "# PCR[11] Phase <%s>\n", f->paths[p]);
                for (unsigned b = 0; b < f->n_banks; b++) {
                        const Digest *d = &f->values[p][b];

                        printf("11:%s=", hash_name(f->banks[b]));
                        for (size_t i = 0; i < d->size; i++)
                                printf("%02x", d->bytes[i]);
                        putchar('\n');
                }
        }
}

static int run(void *values, char *const *operands, Err *e) {
        _cleanup_(uki_done) Uki u = UKI_NONE;
        const Args *a = values;
        UkiDigests d;
        Forecast f;
        int rc;

        rc = forecast_ask(&a->banks, &a->phases, &f, e);
        if (rc == 0)
                rc = uki_open(operands[0], &u, e);
        if (rc == 0)
                rc = uki_digest(&u, f.banks, f.n_banks, &d, e);
        if (rc == 0)
                rc = forecast_make(&u, &d, 0, &f, e);
        if (rc < 0)
                return rc;

        if (u.stub_generation > STUB_NEWEST)
                fprintf(stderr,
                                "avouch predict: note: the stub is of systemd %u; that it measures "
                                "what %d does is an assumption\n",
                                u.stub_generation, STUB_NEWEST);
        if (a->json)
                return print_as_json(a, &u, &f, e);
        print_as_systemd_does(&f);
        return EXIT_YES;
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
