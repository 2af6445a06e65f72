/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/settings.h"

#include <assert.h>
#include <errno.h>

#include "base/text.h"

enum { SHOWN_MAX = 40 }; /* of a name that nobody knows */

static int shown(Span s, int most) {
        return s.size < (size_t) most ? (int) s.size : most;
}

int setting_wrong(const Assignment *a, const char *what, Err *e) {
        return err_set(e, -EINVAL, "line %u: %.*s=%.*s: %s", a->line, shown(a->key, SHOWN_MAX),
                        (const char *) a->key.data, shown(a->value, 80),
                        (const char *) a->value.data, what);
}

Span setting_word(Span *rest) {
        Span word;
        size_t n = 0;

        while (rest->size > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t'))
                *rest = span_from(*rest, 1);
        while (n < rest->size && rest->data[n] != ' ' && rest->data[n] != '\t')
                n++;
        word = (Span){ rest->data, n };
        *rest = span_from(*rest, n);
        return word;
}

/* The nearest of the sections, or of the keys of a section. */
static const char *nearest(Span written, const Setting *settings, const Span *section) {
        const char *names[SETTINGS_MAX + 1] = {};
        size_t n = 0;

        for (; settings->section; settings++) {
                if (section && !span_is(*section, settings->section))
                        continue;
                assert(n < SETTINGS_MAX);
                names[n++] = section ? settings->key : settings->section;
        }
        return text_nearest(written, names);
}

static int unknown_section(const Assignment *a, const Setting *settings, Err *e) {
        const char *meant = nearest(a->section, settings, NULL);

        if (a->section.size == 0)
                return err_set(e, -EINVAL, "line %u: '%.*s' stands before any [Section]", a->line,
                                shown(a->key, SHOWN_MAX), (const char *) a->key.data);
        return err_set(e, -EINVAL, "line %u: there is no section [%.*s]%s%s%s", a->line,
                        shown(a->section, SHOWN_MAX), (const char *) a->section.data,
                        meant ? ", did you mean [" : "", meant ?: "", meant ? "]?" : "");
}

static int unknown_key(const Assignment *a, const Setting *settings, Err *e) {
        const char *meant = nearest(a->key, settings, &a->section);
        const Setting *elsewhere = settings;

        while (elsewhere->section && !span_is(a->key, elsewhere->key))
                elsewhere++;
        if (elsewhere->section)
                return err_set(e, -EINVAL, "line %u: [%.*s] has no key '%s', [%s] has", a->line,
                                shown(a->section, SHOWN_MAX), (const char *) a->section.data,
                                elsewhere->key, elsewhere->section);
        return err_set(e, -EINVAL, "line %u: [%.*s] has no key '%.*s'%s%s%s", a->line,
                        shown(a->section, SHOWN_MAX), (const char *) a->section.data,
                        shown(a->key, SHOWN_MAX), (const char *) a->key.data,
                        meant ? ", did you mean '" : "", meant ?: "", meant ? "'?" : "");
}

static int apply(const Assignment *a, const Setting *settings, void *to, Err *e) {
        bool known = false;

        for (const Setting *s = settings; s->section; s++) {
                if (!span_is(a->section, s->section))
                        continue;
                known = true;
                if (span_is(a->key, s->key))
                        return s->set(to, a, e);
        }
        if (!known)
                return unknown_section(a, settings, e);
        return a->key.size == 0 ? 0 : unknown_key(a, settings, e);
}

int settings_read(Span text, const Setting *settings, void *to, Err *e) {
        Ini ini = ini_over(text);
        Assignment a;
        int rc;

        while ((rc = ini_next(&ini, &a, e)) > 0) {
                rc = apply(&a, settings, to, e);
                if (rc < 0)
                        return rc;
        }
        return rc < 0 ? -EINVAL : 0;
}
