/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/fields.h"

#include <errno.h>

const char *const field_keys[] = {
        "ID",
        "VERSION_ID",
        "SYSEXT_LEVEL",
        "CONFEXT_LEVEL",
        "ARCHITECTURE",
        "SYSEXT_SCOPE",
        "CONFEXT_SCOPE",
        "EXTENSION_RELOAD_MANAGER",
        "EXTENSION_RESTART_UNITS",
        "EXTENSION_RELOAD_OR_RESTART_UNITS",
        "SYSEXT_ID",
        "CONFEXT_ID",
        "PORTABLE_PREFIXES",
        "IMAGE_ID",
        "IMAGE_VERSION",
        "NAME",
        "PRETTY_NAME",
        NULL,
};

/* The words of a list, one after the other; empty at its end. */
static Span next_word(Span *list) {
        Span word;
        size_t n = 0;

        while (list->size > 0 && list->data[0] == ' ')
                *list = span_from(*list, 1);
        while (n < list->size && list->data[n] != ' ')
                n++;
        word = (Span){ list->data, n };
        *list = span_from(*list, n);
        return word;
}

static bool is_id(Span value) {
        for (size_t i = 0; i < value.size; i++) {
                uint8_t c = value.data[i];

                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-", c)))
                        return false;
        }
        return value.size > 0;
}

static bool is_scope(Span value) {
        unsigned n = 0;

        for (Span word; (word = next_word(&value)).size > 0; n++)
                if (!span_is(word, "system") && !span_is(word, "initrd") &&
                                !span_is(word, "portable"))
                        return false;
        return n > 0;
}

static bool is_bool(Span value) {
        static const char *const words[] = { "0", "1", "no", "yes", "false", "true", "off", "on" };

        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (span_is(value, words[i]))
                        return true;
        return false;
}

static bool is_unit(Span name) {
        static const char *const suffixes[] = { ".service", ".socket", ".target", ".device",
                ".mount", ".automount", ".swap", ".timer", ".path", ".slice", ".scope" };

        for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
                Span suffix = span_of(suffixes[i]);

                if (name.size > suffix.size && span_ends(name, suffix))
                        return !memchr(name.data, '/', name.size);
        }
        return false;
}

static bool is_units(Span value) {
        for (Span word; (word = next_word(&value)).size > 0;)
                if (!is_unit(word))
                        return false;
        return true;
}

typedef struct Rule {
        const char *key;
        bool (*takes)(Span value);
        const char *wanted;
} Rule;

static const Rule rules[] = {
        { "ID", is_id, "a host's ID=, or _any" },
        { "SYSEXT_SCOPE", is_scope, "words out of system, portable and initrd" },
        { "CONFEXT_SCOPE", is_scope, "words out of system, portable and initrd" },
        { "EXTENSION_RELOAD_MANAGER", is_bool, "yes or no" },
        { "EXTENSION_RESTART_UNITS", is_units, "names of units" },
        { "EXTENSION_RELOAD_OR_RESTART_UNITS", is_units, "names of units" },
};

int field_check(const ImageKind *kind, Span key, Span value, const char *where, Err *e) {
        Span ours = { (const uint8_t *) kind->level, strcspn(kind->level, "_") + 1 };
        bool other = !span_starts(key, ours) &&
                     (span_starts(key, SPAN_LITERAL("SYSEXT_")) ||
                                     span_starts(key, SPAN_LITERAL("CONFEXT_")));

        if (other)
                return err_set(e, -EBADMSG, "%s: no host looks at %.*s= in %s", where,
                                (int) key.size, (const char *) key.data, kind->what);
        for (size_t i = 0; i < ELEMENTS(rules); i++)
                if (span_is(key, rules[i].key) && !rules[i].takes(value))
                        return err_set(e, -EBADMSG, "%s: %s= is '%.*s', not %s", where,
                                        rules[i].key, (int) value.size, (const char *) value.data,
                                        rules[i].wanted);
        return 0;
}
