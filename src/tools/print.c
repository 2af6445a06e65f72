/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/print.h"

#include <stdbool.h>
#include <stdio.h>

static void print_newline(int depth) {
        printf("\n%*s", 2 * depth, "");
}

void print_json(const char *form, Span json) {
        bool pretty = strcmp(form, "pretty") == 0, quoted = false;
        int depth = 0;

        for (size_t i = 0; i < json.size; i++) {
                uint8_t c = json.data[i], last = i > 0 ? json.data[i - 1] : 0;
                bool closes = !quoted && (c == '}' || c == ']');

                if (closes)
                        depth--;
                if (pretty && ((closes && last != '{' && last != '[') ||
                                              (!quoted && !closes && (last == '{' || last == '['))))
                        print_newline(depth);
                putchar(c);
                if (quoted && c == '\\' && i + 1 < json.size)
                        putchar(json.data[++i]);
                else if (c == '"')
                        quoted = !quoted;
                if (quoted)
                        continue;
                if (c == '{' || c == '[')
                        depth++;
                else if (pretty && c == ',')
                        print_newline(depth);
                else if (pretty && c == ':')
                        putchar(' ');
        }
        putchar('\n');
}
