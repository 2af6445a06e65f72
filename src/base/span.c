/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/span.h"

int span_compare(Span a, Span b) {
        size_t n = a.size < b.size ? a.size : b.size;
        int order = n == 0 ? 0 : memcmp(a.data, b.data, n);

        if (order != 0)
                return order < 0 ? -1 : 1;
        if (a.size == b.size)
                return 0;
        return a.size < b.size ? -1 : 1;
}

bool span_is_zero(Span a) {
        for (size_t i = 0; i < a.size; i++)
                if (a.data[i] != 0)
                        return false;
        return true;
}
