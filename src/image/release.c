/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/release.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "image/fields.h"
#include "wire/limits.h"

static Span trim(Span s) {
        while (s.size > 0 && memchr(" \t\r", s.data[s.size - 1], 3))
                s.size--;
        while (s.size > 0 && memchr(" \t\r", s.data[0], 3))
                s = span_from(s, 1);
        return s;
}

static bool is_key(Span s) {
        for (size_t i = 0; i < s.size; i++)
                if (!((s.data[i] >= 'A' && s.data[i] <= 'Z') || s.data[i] == '_' ||
                                    (i > 0 && s.data[i] >= '0' && s.data[i] <= '9')))
                        return false;
        return s.size > 0;
}

static bool has_any(Span s, const char *of) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] < ' ' || s.data[i] == 0x7f || strchr(of, s.data[i]))
                        return true;
        return false;
}

/* A value with its quotes taken off. NULL where a shell, which also reads this file, would see more
 * than one plain word in it (os-release(5)). */
static const char *take_value(Span raw, Span *ret) {
        uint8_t quote = raw.size > 0 && (raw.data[0] == '"' || raw.data[0] == '\'') ? raw.data[0]
                                                                                    : 0;

        if (quote != 0) {
                if (raw.size < 2 || raw.data[raw.size - 1] != quote)
                        return "a quote that is not closed on its line";
                raw = (Span){ raw.data + 1, raw.size - 2 };
        }
        if (has_any(raw, quote == '"' ? "\"$`\\" : quote == '\'' ? "'" : " \t\"'$`\\;&|<>()*?["))
                return "a value that is neither a plain word nor a quoted text without escapes";
        if (raw.size > STRING_MAX)
                return "a value that is too long";
        *ret = raw;
        return NULL;
}

typedef struct Field {
        Span key, value;
} Field;

/* NULL, or what is wrong with the line. */
static const char *take_line(Span line, Field *fields, size_t *n) {
        const uint8_t *equals;
        Field f;

        line = trim(line);
        if (line.size == 0 || line.data[0] == '#')
                return NULL;
        equals = memchr(line.data, '=', line.size);
        if (!equals)
                return "neither KEY=VALUE nor a comment";
        f.key = (Span){ line.data, (size_t) (equals - line.data) };
        if (!is_key(f.key))
                return "a key that is not made of capitals, digits and '_'";
        for (size_t i = 0; i < *n; i++)
                if (span_equal(fields[i].key, f.key))
                        return "a key that was given before";
        if (*n == EXTENSION_RELEASE_KEYS_MAX)
                return "too many keys";
        fields[*n] = f;
        (*n)++;
        return take_value((Span){ equals + 1, line.size - f.key.size - 1 }, &fields[*n - 1].value);
}

static Span value_of(const Field *fields, size_t n, const char *key) {
        for (size_t i = 0; i < n; i++)
                if (span_is(fields[i].key, key))
                        return fields[i].value;
        return (Span){};
}

int release_check(Span text, const char *name, const ReleaseParams *p, Err *e) {
        Field fields[EXTENSION_RELEASE_KEYS_MAX];
        size_t n = 0;
        Span ours;

        if (text.size > EXTENSION_RELEASE_MAX)
                return err_set(e, -E2BIG, "%s: larger than %d bytes", name, EXTENSION_RELEASE_MAX);
        for (unsigned line = 1; text.size > 0; line++) {
                const uint8_t *end = memchr(text.data, '\n', text.size);
                size_t size = end ? (size_t) (end - text.data) : text.size;
                const char *wrong = take_line((Span){ text.data, size }, fields, &n);

                if (wrong)
                        return err_set(e, -EBADMSG, "%s, line %u: %s", name, line, wrong);
                size += end ? 1 : 0;
                text = span_from(text, size);
        }

        if (value_of(fields, n, "ID").size == 0)
                return err_set(e, -EBADMSG,
                                "%s: has no ID=, so no host takes it; write the host's ID= or "
                                "ID=_any",
                                name);
        ours = value_of(fields, n, "ARCHITECTURE");
        if (ours.size > 0 && !span_is(ours, "_any") && !span_is(ours, p->architecture))
                return err_set(e, -EBADMSG,
                                "%s: says ARCHITECTURE=%.*s, but the image is built for %s", name,
                                (int) ours.size, (const char *) ours.data, p->architecture);
        for (size_t i = 0; i < n; i++) {
                int rc = field_check(p->kind, fields[i].key, fields[i].value, name, e);

                if (rc < 0)
                        return rc;
        }
        return 0;
}

/* What was asked for under a key; NULL where nothing was. */
static const char *asked(const ReleaseParams *p, const char *key) {
        size_t n = strlen(key);

        for (size_t i = 0; i < p->n_fields; i++)
                if (strncmp(p->fields[i], key, n) == 0 && p->fields[i][n] == '=')
                        return p->fields[i] + n + 1;
        return NULL;
}

static int check_asked(const ReleaseParams *p, size_t i, Err *e) {
        const char *equals = strchr(p->fields[i], '='), *near;
        Span key = { (const uint8_t *) p->fields[i],
                equals ? (size_t) (equals - p->fields[i]) : 0 };

        if (!is_key(key))
                return err_set(e, -EINVAL, "'--extension-release=%s' is not KEY=VALUE",
                                p->fields[i]);
        for (size_t j = 0; j < i; j++)
                if (strncmp(p->fields[j], p->fields[i], key.size + 1) == 0)
                        return err_set(e, -EINVAL, "'--extension-release=%.*s=' is given twice",
                                        (int) key.size, (const char *) key.data);
        for (const char *const *known = field_keys; *known; known++)
                if (span_is(key, *known))
                        return 0;
        near = text_nearest(key, field_keys);
        return err_set(e, -EINVAL, "'--extension-release=%.*s=' is not known%s%s%s", (int) key.size,
                        (const char *) key.data, near ? "; did you mean " : "", near ? near : "",
                        near ? "=?" : "");
}

/* In quotes where a word alone would be read otherwise. */
static void put_field(Buf *to, const char *key, const char *value) {
        bool plain = !has_any(span_of(value), " \t\"'$`\\;&|<>()*?[");

        buf_printf(to, plain ? "%s=%s\n" : "%s=\"%s\"\n", key, value);
}

int release_write(const ReleaseParams *p, Buf *to, Err *e) {
        Err why = {};
        Span text;
        int rc;

        for (size_t i = 0; i < p->n_fields; i++) {
                rc = check_asked(p, i, e);
                if (rc < 0)
                        return rc;
        }
        for (const char *const *key = field_keys; *key; key++) {
                const char *value = asked(p, *key);

                if (!value && strcmp(*key, "ID") == 0)
                        value = "_any";
                if (!value && strcmp(*key, "ARCHITECTURE") == 0)
                        value = p->architecture;
                if (value)
                        put_field(to, *key, value);
        }
        rc = buf_end(to, &text);
        if (rc < 0)
                return err_set(e, rc, "the extension-release file cannot be made: %s",
                                strerror(-rc));
        rc = release_check(text, "--extension-release=", p, &why);
        return rc < 0 ? err_set(e, -EINVAL, "%s", why.text) : 0;
}
