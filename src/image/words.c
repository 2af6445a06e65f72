/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

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
                s = (Span){ s.data + n, s.size - n };
        }
        return NULL;
}

int image_word_check(const char *what, const char *word, Err *e) {
        const char *wrong = wrong_with(span_of(word));

        return wrong ? err_set(e, -EINVAL, "the %s '%s' %s", what, word, wrong) : 0;
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
