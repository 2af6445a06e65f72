/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

#define VERSIONED ".raw.v"

/* "extension-release.NAME" and "NAME_VERSION.raw" must still be file names. */
enum { WORD_MAX = 120 };

static const char *wrong_with(Span s) {
        if (s.size == 0)
                return "is empty";
        if (s.size > WORD_MAX)
                return "is longer than 120 bytes";
        if (s.data[0] == '.' || s.data[0] == '-')
                return "begins with a dot or a dash";
        if (s.data[0] == ' ' || s.data[s.size - 1] == ' ')
                return "has a blank at its end";
        while (s.size > 0) {
                uint32_t character;
                size_t n = text_utf8(s, &character);

                if (n == 0)
                        return "is not valid UTF-8";
                if (character == '/' || character < ' ' || character == 0x7f)
                        return "has a slash or a control character in it";
                if (character > 0xffff)
                        return "has a character that no partition label takes (above U+FFFF)";
                s = span_from(s, n);
        }
        return NULL;
}

int image_word_check(const char *what, const char *word, Err *e) {
        const char *wrong = wrong_with(span_of(word));

        return wrong ? err_set(e, -EINVAL, "the %s '%s' %s", what, word, wrong) : 0;
}

int image_version_check(const char *version, Err *e) {
        int rc = image_word_check("version", version, e);

        if (rc < 0)
                return rc;
        for (const char *c = version; *c; c++)
                if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                                    (*c >= '0' && *c <= '9') || strchr("-.~^", *c)))
                        return err_set(e, -EINVAL,
                                        "the version '%s' has a character in it that versions are not "
                                        "compared by; take letters, digits and -.~^ (UAPI.10)",
                                        version);
        return 0;
}

FolderPath image_folder_of(const char *path) {
        const char *slash = strrchr(path, '/');
        size_t n = slash ? (size_t) (slash - path) : 0;
        FolderPath f = { .text = "." };

        if (slash)
                (void) snprintf(f.text, sizeof(f.text), "%.*s/", (int) n, path);
        return f;
}

int image_apart_check(const char *path, const char *source, Err *e) {
        FolderPath folder = image_folder_of(path);
        char inside[PATH_MAX], tree[PATH_MAX];
        size_t n;

        if (!realpath(folder.text, inside) || !realpath(source, tree))
                return 0; /* is said where they are opened */
        n = strlen(tree);
        if (n > 1 && (strncmp(inside, tree, n) != 0 || (inside[n] != '/' && inside[n] != '\0')))
                return 0;
        return err_set(e, -EINVAL, "%s: would lie in the source tree", path);
}

static bool is_folder(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The last part of the path of a folder, slashes behind it taken off. */
static Span last_part(const char *path) {
        Span s = span_of(path);
        size_t begin;

        while (s.size > 0 && s.data[s.size - 1] == '/')
                s.size--;
        begin = s.size;
        while (begin > 0 && s.data[begin - 1] != '/')
                begin--;
        return span_from(s, begin);
}

/* The suffix that files in this folder have; NULL where others belong there. */
static const char *suffix_in(const char *folder, const ImageKind *kind, const char *name) {
        Span last = last_part(folder), tail = SPAN_LITERAL(VERSIONED);

        if (!span_ends(last, tail))
                return kind->suffix;
        last.size -= tail.size;
        return span_is(last, name) ? ".raw" : NULL;
}

int image_output_path(const char *given, const ImageKind *kind, const char *name,
                const char *version, FolderPath *ret, Err *e) {
        const char *suffix = kind->suffix, *folder = "", *slash = "";
        int n;

        if (given && !is_folder(given)) {
                n = snprintf(ret->text, sizeof(ret->text), "%s", given);
        } else {
                if (given) {
                        folder = given;
                        slash = given[strlen(given) - 1] == '/' ? "" : "/";
                        suffix = suffix_in(given, kind, name);
                }
                if (!suffix)
                        return err_set(e, -EINVAL,
                                        "%s: a folder for versions of an image of another name than "
                                        "'%s'",
                                        given, name);
                n = snprintf(ret->text, sizeof(ret->text), "%s%s%s_%s%s", folder, slash, name,
                                version, suffix);
        }
        if (n < 0 || (size_t) n >= sizeof(ret->text))
                return err_set(e, -EINVAL, "the path of the image is too long");
        return 0;
}
