/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/rootline.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/text.h"
#include "wire/limits.h"

static bool is_blank(uint8_t c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word, without its quotation marks. False at the end. */
static bool next_word(Span *rest, Buf *to) {
        uint8_t quote = '\0';
        size_t i = 0;

        while (i < rest->size && is_blank(rest->data[i]))
                i++;
        if (i == rest->size)
                return false;
        for (; i < rest->size && (quote != '\0' || !is_blank(rest->data[i])); i++) {
                uint8_t c = rest->data[i];

                if (c == quote)
                        quote = '\0';
                else if (quote == '\0' && (c == '"' || c == '\''))
                        quote = c;
                else
                        buf_byte(to, c);
        }
        *rest = span_from(*rest, i);
        return true;
}

static void wrong(RootLine *l, const char *key, const char *what) {
        if (l->wrong[0] == '\0')
                (void) snprintf(l->wrong, sizeof(l->wrong), "%s= on the command line %s", key,
                                what);
}

static void read_hash(RootLine *l, const char *key, Span value, bool *has, uint8_t into[32]) {
        uint8_t hash[32];

        if (!text_unhex(value, hash, sizeof(hash)))
                wrong(l, key, "is no SHA-256 in lower case");
        else if (*has && memcmp(hash, into, sizeof(hash)) != 0)
                wrong(l, key, "stands there twice, with two hashes");
        else
                memcpy(into, hash, sizeof(hash));
        *has = true;
}

static void read_switch(RootLine *l, const char *key, Span value) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };

        for (size_t i = 0; i < ELEMENTS(yes); i++)
                if (span_is(value, yes[i]))
                        return;
        wrong(l, key, "does not say that the check is on");
}

/* Words of veritytab(5) with which the kernel hands out what does not fit the hash. */
static void read_options(RootLine *l, const char *key, Span value) {
        static const char *const lax[] = { "ignore-corruption", "ignore-zero-blocks",
                "check-at-most-once" };

        for (size_t i = 0; i < ELEMENTS(lax); i++)
                if (value.size > 0 && memmem(value.data, value.size, lax[i], strlen(lax[i])))
                        wrong(l, key, "weakens the check");
}

/* systemd takes '-' and '_' in a key for the same (proc_cmdline_key_streq()). */
static bool key_is(Span key, const char *name) {
        if (key.size != strlen(name))
                return false;
        for (size_t i = 0; i < key.size; i++)
                if ((key.data[i] == '-' ? '_' : key.data[i]) != (uint8_t) name[i])
                        return false;
        return true;
}

static void read_word(RootLine *l, Span word) {
        const uint8_t *equals;
        Span key = word, value = {};

        if (span_starts(word, SPAN_LITERAL("rd.")))
                key = word = span_from(word, 3);
        equals = word.size > 0 ? memchr(word.data, '=', word.size) : NULL;
        if (equals) {
                key.size = (size_t) (equals - word.data);
                value = (Span){ equals + 1, word.size - key.size - 1 };
        }
        if (key_is(key, "roothash"))
                read_hash(l, "roothash", value, &l->has_root, l->root);
        else if (key_is(key, "usrhash"))
                read_hash(l, "usrhash", value, &l->has_usr, l->usr);
        else if (key_is(key, "root"))
                l->other_root = l->other_root || !span_is(value, "/dev/mapper/root");
        else if (key_is(key, "mount.usr"))
                l->other_usr = l->other_usr || !span_is(value, "/dev/mapper/usr");
        else if (key_is(key, "systemd.verity") && equals)
                read_switch(l, "systemd.verity", value);
        else if (key_is(key, "systemd.verity_root_options"))
                read_options(l, "systemd.verity_root_options", value);
        else if (key_is(key, "systemd.verity_usr_options"))
                read_options(l, "systemd.verity_usr_options", value);
}

int root_line_read(Span line, RootLine *ret, Err *e) {
        RootLine l = {};

        for (;;) {
                _cleanup_(buf_done) Buf word = BUF_UP_TO(COMMAND_LINE_MAX);

                if (!next_word(&line, &word))
                        break;
                if (word.failed < 0)
                        return err_set(e, word.failed, "no memory for a word of the command line");
                read_word(&l, buf_span(&word));
        }
        if (l.has_root && l.other_root)
                wrong(&l, "root", "names another device than the one that roothash= guards");
        if (l.has_usr && l.other_usr)
                wrong(&l, "mount.usr", "names another device than the one that usrhash= guards");

        *ret = l;
        return 0;
}
