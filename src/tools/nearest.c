/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/nearest.h"

#include <string.h>

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b) {
        return a < b ? a : b;
}

/* Levenshtein: letters changed, put in or left out. One row is kept, and the corner left of it. */
static size_t edits(const char *a, const char *b) {
        size_t n = strlen(b), row[WORD_MAX + 1];

        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 0; a[i]; i++) {
                size_t corner = row[0];

                row[0] = i + 1;
                for (size_t j = 0; j < n; j++) {
                        size_t above = row[j + 1];

                        row[j + 1] = least(least(above, row[j]) + 1, corner + (a[i] != b[j]));
                        corner = above;
                }
        }
        return row[n];
}

Nearest nearest_to(const char *word) {
        /* a third of the letters may be wrong, and two of a short word */
        return (Nearest){ .word = word, .distance = strlen(word) / 3 + 2 };
}

void nearest_try(Nearest *n, const char *known) {
        size_t typed = strlen(n->word), d;

        if (typed == 0 || typed > WORD_MAX || strlen(known) > WORD_MAX)
                return;
        /* "--cert" for "--certificate": many letters away, and clear all the same */
        d = strncmp(known, n->word, typed) == 0 ? 0 : edits(n->word, known);
        if (d < n->distance && d < strlen(known)) {
                n->distance = d;
                n->best = known;
        }
}
