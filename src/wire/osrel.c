/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/osrel.h"

#include <string.h>

static bool has_any(Span s, const char *of) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] < ' ' || s.data[i] == 0x7f || strchr(of, s.data[i]))
                        return true;
        return false;
}

static Span unquote(Span raw) {
        uint8_t quote = raw.size > 0 && (raw.data[0] == '"' || raw.data[0] == '\'') ? raw.data[0]
                                                                                    : 0;

        if (quote != 0) {
                if (raw.size < 2 || raw.data[raw.size - 1] != quote)
                        return (Span){};
                raw = (Span){ raw.data + 1, raw.size - 2 };
        }
        if (has_any(raw, quote == '"' ? "\"$`\\" : quote == '\'' ? "'" : " \t\"'$`\\;&|<>()*?["))
                return (Span){};
        return raw;
}

Span osrel_value(Span text, const char *key) {
        Span name = span_of(key), found = {};
        bool seen = false;

        while (text.size > 0) {
                const uint8_t *end = memchr(text.data, '\n', text.size);
                Span line = { text.data, end ? (size_t) (end - text.data) : text.size };
                size_t step = line.size + (end ? 1 : 0);

                text = (Span){ text.data + step, text.size - step };
                if (!span_starts(line, name) || line.size == name.size ||
                                line.data[name.size] != '=')
                        continue;
                if (seen)
                        return (Span){};
                seen = true;
                found = unquote((Span){ line.data + name.size + 1, line.size - name.size - 1 });
        }
        return found;
}
