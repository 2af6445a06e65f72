/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/osrel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In the text behind its key, without anything that drives a terminal. */
static void check(Span found, Span text) {
        if (found.size > 0 && (found.data < text.data + 3 ||
                                              found.data + found.size > text.data + text.size))
                abort();
        for (size_t i = 0; i < found.size; i++)
                if (found.data[i] < ' ' || found.data[i] == 0x7f)
                        abort();
}

/* What is found lies in the text, on one line behind its key, and holds nothing that drives a
 * terminal or that a shell would replace. Whoever reads words reads the same where there is a
 * value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span text = { data, size }, value = osrel_value(text, "ID");
        Span words = osrel_words(text, "ID");

        check(words, text);
        check(value, text);
        if (value.size == 0)
                return 0;
        if (!span_equal(words, value))
                abort();
        if (value.data[-1] == '=' && (memchr(value.data, '$', value.size) ||
                                                     memchr(value.data, ' ', value.size)))
                abort();
        if (value.data[-1] != '=' && value.data[-2] != '=')
                abort();
        return 0;
}
