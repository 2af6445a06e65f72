/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "layer/uki.h"
#include "tools/tool.h"
#include "wire/json.h"

/* The PCR 11 that a unified kernel image will lead to, in each bank and boot phase that was asked
 * for. */
typedef struct Forecast {
        unsigned n_banks;
        HashAlg banks[BANKS_MAX]; /* ascending, each once */
        size_t n_paths;
        const char *paths[PHASES_MAX]; /* ascending, each once; ":" where no phase was entered */
        Digest values[PHASES_MAX][BANKS_MAX];
} Forecast;

/* From options; every bank and the usual four phases where none is given. -EINVAL names the one
 * that is none. */
int forecast_ask(const Strings *banks, const Strings *phases, Forecast *ret, Err *e) _must_check_;

/* The values, when that profile is started. d: the image's hashes, in f's banks. */
int forecast_make(const Uki *u, const UkiDigests *d, unsigned profile, Forecast *f,
                Err *e) _must_check_;

/* "pcr11":{BANK:{PATH:HEX}} */
void forecast_put(JsonWriter *w, const Forecast *f);
