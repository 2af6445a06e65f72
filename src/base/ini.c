/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ini.h"

#include <errno.h>

static bool is_blank(uint8_t c) {
        return c == ' ' || c == '\t' || c == '\r';
}

static Span trim(Span s) {
        while (s.size > 0 && is_blank(s.data[0]))
                s = (Span){ s.data + 1, s.size - 1 };
        while (s.size > 0 && is_blank(s.data[s.size - 1]))
                s.size--;
        return s;
}

static Span next_line(Ini *ini) {
        const uint8_t *end = memchr(ini->rest.data, '\n', ini->rest.size);
        size_t n = end ? (size_t) (end - ini->rest.data) : ini->rest.size;
        Span line = { ini->rest.data, n };

        n += end ? 1 : 0;
        ini->rest = (Span){ ini->rest.data + n, ini->rest.size - n };
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
                        continue;
                }
                equals = memchr(line.data, '=', line.size);
                if (!equals || equals == line.data)
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

static uint8_t lower(uint8_t c) {
        return c >= 'A' && c <= 'Z' ? (uint8_t) (c - 'A' + 'a') : c;
}

/* Edit distance between short words, upper and lower case the same; a large number for long ones.
 */
static size_t distance(Span a, Span b) {
        size_t row[33];

        if (a.size >= ELEMENTS(row) || b.size >= ELEMENTS(row))
                return SIZE_MAX;
        for (size_t j = 0; j <= b.size; j++)
                row[j] = j;
        for (size_t i = 1; i <= a.size; i++) {
                size_t corner = row[0];

                row[0] = i;
                for (size_t j = 1; j <= b.size; j++) {
                        size_t replace = corner + (lower(a.data[i - 1]) != lower(b.data[j - 1]));
                        size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

                        corner = row[j];
                        row[j] = replace < other ? replace : other;
                }
        }
        return row[b.size];
}

const char *ini_nearest(Span written, const char *const *names) {
        size_t best = written.size / 2 + 1;
        const char *nearest = NULL;

        for (; *names; names++) {
                size_t d = distance(written, span_of(*names));

                if (d < best) {
                        best = d;
                        nearest = *names;
                }
        }
        return nearest;
}
