/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The known word that somebody who typed another one most likely meant. */
typedef struct Nearest {
        const char *word;
        const char *best; /* NULL while nothing is near enough */
        size_t distance;
} Nearest;

Nearest nearest_to(const char *word);
void nearest_try(Nearest *n, const char *known);
