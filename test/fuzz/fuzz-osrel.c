/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/osrel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found lies in the text, on one line behind its key, and holds nothing that drives a
 * terminal or that a shell would replace. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span text = { data, size }, value = osrel_value(text, "ID");

        if (value.size == 0)
                return 0;
        if (value.data < data + 3 || value.data + value.size > data + size)
                abort();
        for (size_t i = 0; i < value.size; i++)
                if (value.data[i] < ' ' || value.data[i] == 0x7f)
                        abort();
        if (value.data[-1] == '=' && (memchr(value.data, '$', value.size) ||
                                                     memchr(value.data, ' ', value.size)))
                abort();
        if (value.data[-1] != '=' && value.data[-2] != '=')
                abort();
        return 0;
}
