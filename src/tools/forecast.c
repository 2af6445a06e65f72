/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/forecast.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "port/pcr11.h"

static const HashAlg all_banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

/* "SHA256" too, as systemd-measure takes it. */
static HashAlg bank_of(const char *name) {
        char lower[16] = "";

        for (size_t i = 0; i < sizeof(lower) - 1 && name[i]; i++)
                lower[i] = (char) tolower((unsigned char) name[i]);
        return strlen(name) < sizeof(lower) ? hash_of_name(span_of(lower)) : HASH_NONE;
}

static int take_banks(const Strings *banks, Forecast *f, Err *e) {
        bool asked[ELEMENTS(all_banks)] = {};

        for (size_t i = 0; i < banks->n; i++) {
                HashAlg alg = bank_of(banks->values[i]);

                if (alg == HASH_NONE)
                        return err_set(e, -EINVAL,
                                        "'--bank=%s' is none of sha1, sha256, sha384, sha512",
                                        banks->values[i]);
                for (size_t k = 0; k < ELEMENTS(all_banks); k++)
                        asked[k] = asked[k] || all_banks[k] == alg;
        }
        for (size_t k = 0; k < ELEMENTS(all_banks); k++)
                if (asked[k] || banks->n == 0)
                        f->banks[f->n_banks++] = all_banks[k];
        return 0;
}

static int compare(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int take_paths(const Strings *phases, Forecast *f, Err *e) {
        const char *paths[OPTION_REPEAT_MAX];
        size_t n = 0;

        for (; n < phases->n; n++) {
                const char *given = phases->values[n];

                paths[n] = given[0] && strcmp(given, ":") != 0 ? given : ":";
                if (paths[n] == given && !pcr11_is_path(span_of(given)))
                        return err_set(e, -EINVAL,
                                        "'--phase=%s' is no list of words with a colon between two",
                                        given);
        }
        for (; phases->n == 0 && pcr11_phase_paths[n]; n++)
                paths[n] = pcr11_phase_paths[n];
        qsort(paths, n, sizeof(paths[0]), compare);
        for (size_t i = 0; i < n; i++) {
                if (i > 0 && strcmp(paths[i], paths[i - 1]) == 0)
                        continue;
                if (f->n_paths == PHASES_MAX)
                        return err_set(e, -EINVAL, "more than %d phase paths", PHASES_MAX);
                f->paths[f->n_paths++] = paths[i];
        }
        return 0;
}

int forecast_ask(const Strings *banks, const Strings *phases, Forecast *ret, Err *e) {
        Forecast f = {};
        int rc;

        rc = take_banks(banks, &f, e);
        if (rc == 0)
                rc = take_paths(phases, &f, e);
        if (rc < 0)
                return rc;

        *ret = f;
        return 0;
}

int forecast_make(const Uki *u, const UkiDigests *d, unsigned profile, Forecast *f, Err *e) {
        for (unsigned b = 0; b < f->n_banks; b++) {
                Digest booted;
                int rc = uki_pcr11(u, d, profile, b, &booted, e);

                for (size_t p = 0; rc == 0 && p < f->n_paths; p++) {
                        f->values[p][b] = booted;
                        rc = pcr11_phases(&f->values[p][b], span_of(f->paths[p]), e);
                }
                if (rc < 0)
                        return rc;
        }
        return 0;
}

void forecast_put(JsonWriter *w, const Forecast *f) {
        json_put_object(w, "pcr11");
        for (unsigned b = 0; b < f->n_banks; b++) {
                json_put_object(w, hash_name(f->banks[b]));
                for (size_t p = 0; p < f->n_paths; p++)
                        json_put_hex(w, f->paths[p], digest_span(&f->values[p][b]));
                json_put_end(w);
        }
        json_put_end(w);
}
