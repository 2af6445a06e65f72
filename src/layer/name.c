/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer/name.h"

#include "base/text.h"

enum { LABEL_UNITS = 36 }; /* UEFI 2.10, 5.3.3: 72 bytes of UTF-16 */

static const struct {
        const char *suffix;
        LeafType type;
} suffixes[] = {
        { ".sysext.raw", LEAF_SYSEXT }, { ".confext.raw", LEAF_CONFEXT },
        { ".raw", LEAF_INVALID }, /* which tells nothing */
};

/* The file's name without its folder and suffix; its type too. */
static Span file_name(const char *path, LeafType *ret_type) {
        const char *slash = strrchr(path, '/');
        Span name = span_of(slash ? slash + 1 : path);

        *ret_type = LEAF_INVALID;
        for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
                Span suffix = span_of(suffixes[i].suffix);

                if (name.size > suffix.size && span_ends(name, suffix)) {
                        *ret_type = suffixes[i].type;
                        return (Span){ name.data, name.size - suffix.size };
                }
        }
        return name;
}

/* Whether a label takes all the room that a label has. */
static bool is_full(Span label) {
        size_t units = 0;

        while (label.size > 0) {
                uint32_t character = 0;
                size_t n = text_utf8(label, &character);

                if (n == 0)
                        n = 1;
                units += character > 0xffff ? 2 : 1;
                label = span_from(label, n);
        }
        return units >= LABEL_UNITS;
}

static void copy(Span from, char to[NAME_TEXT_MAX + 1]) {
        size_t n = from.size < NAME_TEXT_MAX ? from.size : NAME_TEXT_MAX;

        if (n > 0)
                memcpy(to, from.data, n);
        to[n] = '\0';
}

/* Where the last "_" stands that has something on both sides; 0 where none has. */
static size_t find_separator(Span text) {
        for (size_t i = text.size; i > 2; i--)
                if (text.data[i - 2] == '_')
                        return i - 2;
        return 0;
}

void layer_name(const char *label, const char *path, char name[NAME_TEXT_MAX + 1],
                char version[NAME_TEXT_MAX + 1]) {
        LeafType unused;
        Span file = file_name(path, &unused), text = span_of(label);
        size_t at;

        if (find_separator(text) == 0 || (is_full(text) && span_starts(file, text)))
                text = file;
        at = find_separator(text);
        copy((Span){ text.data, at > 0 ? at : text.size }, name);
        copy(at > 0 ? (Span){ text.data + at + 1, text.size - at - 1 } : (Span){}, version);
}

LeafType layer_type_of_path(const char *path, bool usr) {
        LeafType type;

        (void) file_name(path, &type);
        if (type != LEAF_INVALID)
                return type;
        return usr ? LEAF_USR : LEAF_SYSEXT;
}
