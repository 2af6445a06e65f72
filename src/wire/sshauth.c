/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/sshauth.h"

#include "base/cursor.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool has_only(Span s, const char *allowed) {
        for (size_t i = 0; i < s.size; i++)
                if (s.data[i] == '\0' || !strchr(allowed, s.data[i]))
                        return false;
        return true;
}

/* What stands before the next blank, or all that is left; steps over the blank. */
static Span word(Cursor *c) {
        Span rest = cursor_rest(c);
        const uint8_t *blank = rest.size > 0 ? memchr(rest.data, ' ', rest.size) : NULL;
        Span w = cursor_bytes(c, blank ? (size_t) (blank - rest.data) : rest.size);

        if (blank)
                (void) cursor_u8(c);
        if (blank && cursor_left(c) == 0)
                cursor_reject(c, "a blank at the end of a line");
        return w;
}

/* One line, without what ends it. */
static const char *read_line(Span line, Span *name, Span *type, Span *key) {
        Cursor c = cursor_over(line);

        *name = word(&c);
        *type = cursor_left(&c) > 0 ? word(&c) : (Span){};
        *key = cursor_left(&c) > 0 ? word(&c) : (Span){};
        if (cursor_end(&c, "", NULL) < 0)
                return "more than a method, the type of a key, and the key";
        if (name->size == 0 || name->size > SSH_WORD_MAX || !has_only(*name, LETTERS "-/.@"))
                return "no name of a method";
        if (type->size > SSH_WORD_MAX || !has_only(*type, LETTERS "-.@") ||
                        (type->size == 0) != (key->size == 0))
                return "not the type of a key and the key";
        if (!has_only(*key, LETTERS "+/="))
                return "a key that is not base64";
        return NULL;
}

/* The last one may do without its end. */
static Span next_line(Cursor *c) {
        Span rest = cursor_rest(c);
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        Span line = cursor_bytes(c, end ? (size_t) (end - rest.data) : rest.size);

        if (end)
                (void) cursor_u8(c);
        return line;
}

int ssh_auth_parse(Span text, SshAuth *ret, Err *e) {
        Cursor c = cursor_over(text);

        *ret = (SshAuth){};
        if (text.size == 0 || text.size > SSH_AUTH_MAX)
                cursor_reject(&c, text.size == 0 ? "empty" : "longer than such a text may be");
        while (cursor_left(&c) > 0) {
                size_t at = c.at, n = ret->n_methods;
                Span line = next_line(&c);
                const char *why = n == SSH_METHODS_MAX ? "more methods than there may be"
                                                       : read_line(line, &ret->methods[n].name,
                                                                         &ret->methods[n].type,
                                                                         &ret->methods[n].key);
                if (why)
                        cursor_reject_at(&c, at, why);
                ret->n_methods++;
        }
        return cursor_end(&c, "sshd's account of a login", e);
}
