/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/osrel.h"

#include <string.h>

static bool has_any(Span s, const char *of) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] < ' ' || s.data[i] == 0x7f || strchr(of, s.data[i]))
                        return true;
        return false;
}

/* Blanks around it count for nobody. */
static Span trim(Span s) {
        while (s.size > 0 && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
                s.size--;
        while (s.size > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
                s = span_from(s, 1);
        return s;
}

/* special: what may not stand there without quotes. */
static Span unquote(Span raw, const char *special) {
        uint8_t quote = raw.size > 0 && (raw.data[0] == '"' || raw.data[0] == '\'') ? raw.data[0]
                                                                                    : 0;

        if (quote != 0) {
                if (raw.size < 2 || raw.data[raw.size - 1] != quote)
                        return (Span){};
                raw = (Span){ raw.data + 1, raw.size - 2 };
        }
        if (quote != 0)
                special = quote == '"' ? "\"$`\\" : "'";
        return has_any(raw, special) ? (Span){} : raw;
}

/* The line's value as it stands there; of no size where there are two. */
static Span find(Span text, const char *key) {
        Span name = span_of(key), found = {};
        bool seen = false;

        while (text.size > 0) {
                const uint8_t *end = memchr(text.data, '\n', text.size);
                Span line = { text.data, end ? (size_t) (end - text.data) : text.size };
                size_t step = line.size + (end ? 1 : 0);

                text = span_from(text, step);
                if (!span_starts(line, name) || line.size == name.size ||
                                line.data[name.size] != '=')
                        continue;
                if (seen)
                        return (Span){};
                seen = true;
                found = (Span){ line.data + name.size + 1, line.size - name.size - 1 };
        }
        return found;
}

Span osrel_value(Span text, const char *key) {
        return unquote(find(text, key), " \t\"'$`\\;&|<>()*?[");
}

Span osrel_words(Span text, const char *key) {
        return unquote(trim(find(text, key)), "\"'\\");
}
