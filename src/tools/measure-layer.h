/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"

typedef struct MeasureArgs {
        const char *tpm, *certificate, *event, *json;
        char **argv; /* as they were given */
} MeasureArgs;

/* "avouch measure layer": checks an image and records it. That takes OpenSSL and libblkid, which
 * all else that is measured, in the initrd and many times in each boot, does without: so it is done
 * in a program of its own, measure-layer, and what stands here for avouch-measure hands over to
 * that. */
int measure_layer_run(void *values, char *const *operands, Err *e) _must_check_;
