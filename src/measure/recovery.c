/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/recovery.h"

#include <assert.h>

enum { GROUP = 8, LETTERS = 8 * GROUP };

bool recovery_read(Span typed, Secret *ret) {
        const bool dashes = typed.size == RECOVERY_SIZE;
        size_t at = 0;

        assert(ret->room >= RECOVERY_SIZE);
        if (!dashes && typed.size != LETTERS)
                return false;
        ret->size = 0;
        for (size_t i = 0; i < LETTERS; i++) {
                uint8_t c;

                if (i > 0 && i % GROUP == 0) {
                        if (dashes && typed.data[at++] != '-')
                                return false;
                        ret->data[ret->size++] = '-';
                }
                c = typed.data[at++];
                if (c >= 'A' && c <= 'Z')
                        c = (uint8_t) (c - 'A' + 'a');
                if (c == '\0' || !strchr("cbdefghijklnrtuv", c))
                        return false;
                ret->data[ret->size++] = c;
        }
        return true;
}
