/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/profiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "port/pcr11.h"
#include "tools/print.h"

void profiles_done(Profiles *p) {
        free(p->list);
        *p = (Profiles){};
}

static int make_policies(Profile *p, Err *e) {
        int rc = 0;

        for (size_t i = 0; i < p->forecast.n_paths; i++)
                for (unsigned b = 0; rc == 0 && b < p->forecast.n_banks; b++)
                        rc = pcr11_policy(&p->forecast.values[i][b], &p->policies[i][b], e);
        return rc;
}

static int look_at(const Uki *u, const UkiDigests *d, unsigned n, Profile *p, Err *e) {
        int rc = forecast_make(u, d, n, &p->forecast, &p->no_forecast);

        if (rc == 0)
                return make_policies(p, e);
        return rc == -EOPNOTSUPP ? 0 : err_set(e, rc, "%s", p->no_forecast.text);
}

int profiles_look(const Uki *u, const UkiDigests *d, const Forecast *asked, Profiles *ret, Err *e) {
        _cleanup_(profiles_done) Profiles p = { .n = u->n_profiles > 0 ? u->n_profiles : 1 };
        unsigned n = 0;
        int rc = 0;

        p.list = calloc(p.n, sizeof(*p.list));
        if (!p.list)
                return err_set(e, -ENOMEM, "no memory for profiles");
        for (unsigned i = 0; i < u->pe.n_sections; i++)
                if (strcmp(u->pe.sections[i].name, ".profile") == 0)
                        p.list[n++].section = &u->pe.sections[i];
        for (n = 0; rc == 0 && n < p.n; n++) {
                p.list[n].forecast = *asked;
                rc = look_at(u, d, n, &p.list[n], e);
        }
        if (rc < 0)
                return rc;

        *ret = p;
        p = (Profiles){};
        return 0;
}

void profile_print(const Profile *p) {
        const Forecast *f = &p->forecast;

        if (p->no_forecast.code != 0) {
                print_line("PCR 11", span_of(p->no_forecast.text));
                return;
        }
        for (unsigned b = 0; b < f->n_banks; b++) {
                char label[32];

                (void) snprintf(label, sizeof(label), "PCR 11 %s", hash_name(f->banks[b]));
                for (size_t i = 0; i < f->n_paths; i++) {
                        print_line(label, span_of(f->paths[i]));
                        print_hex("", digest_span(&f->values[i][b]));
                }
        }
}
