/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ini.h"

#include <errno.h>

static bool is_blank(uint8_t c) {
        return c == ' ' || c == '\t' || c == '\r';
}

static Span trim(Span s) {
        while (s.size > 0 && is_blank(s.data[0]))
                s = span_from(s, 1);
        while (s.size > 0 && is_blank(s.data[s.size - 1]))
                s.size--;
        return s;
}

static Span next_line(Ini *ini) {
        const uint8_t *end = memchr(ini->rest.data, '\n', ini->rest.size);
        size_t n = end ? (size_t) (end - ini->rest.data) : ini->rest.size;
        Span line = { ini->rest.data, n };

        n += end ? 1 : 0;
        ini->rest = span_from(ini->rest, n);
        ini->line++;
        return trim(line);
}

int ini_next(Ini *ini, Assignment *ret, Err *e) {
        while (ini->rest.size > 0) {
                Span line = next_line(ini);
                const uint8_t *equals;

                if (line.size == 0 || line.data[0] == '#' || line.data[0] == ';')
                        continue;
                if (line.data[0] == '[' && line.size > 2 && line.data[line.size - 1] == ']') {
                        ini->section = (Span){ line.data + 1, line.size - 2 };
                        *ret = (Assignment){ .section = ini->section, .line = ini->line };
                        return 1;
                }
                equals = memchr(line.data, '=', line.size);
                if (!equals || equals == line.data || line.data[0] == '[')
                        return err_set(e, -EBADMSG,
                                        "line %u is neither [Section] nor Key=value: '%.*s'",
                                        ini->line, (int) (line.size < 60 ? line.size : 60),
                                        (const char *) line.data);
                *ret = (Assignment){
                        .section = ini->section,
                        .key = trim((Span){ line.data, (size_t) (equals - line.data) }),
                        .value = trim((Span){ equals + 1,
                                        line.size - (size_t) (equals - line.data) - 1 }),
                        .line = ini->line,
                };
                return 1;
        }
        return 0;
}
