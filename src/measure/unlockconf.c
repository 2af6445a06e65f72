/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/unlockconf.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "base/settings.h"
#include "base/text.h"
#include "port/luks.h"

enum { SHOWN_MAX = 60, FIELDS_MAX = 4, TRIES = 3 /* crypttab(5) */ };

/* What libdevmapper takes without mangling it, and udev without escaping it. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789#+-.:=@_"

static int shown(Span s) {
        return s.size < SHOWN_MAX ? (int) s.size : SHOWN_MAX;
}

static int wrong(const UnlockLine *l, Span word, const char *what, Err *e) {
        return err_set(e, -EBADMSG, "line %u: '%.*s' %s", l->line, shown(word),
                        (const char *) word.data, what);
}

/* false for a word that is too long, or has a NUL in it */
static bool copy_word(Span word, char *into, size_t max) {
        if (word.size > max || memchr(word.data, '\0', word.size))
                return false;
        if (word.size > 0)
                memcpy(into, word.data, word.size);
        into[word.size] = '\0';
        return true;
}

/* Absolute, and without what systemd's unit files or a shell would read as something else. */
static int read_path(UnlockLine *l, Span word, UnlockWord *ret, Err *e) {
        if (word.size == 0 || word.data[0] != '/')
                return wrong(l, word, "is no absolute path", e);
        for (size_t i = 0; i < word.size; i++)
                if (word.data[i] <= ' ' || word.data[i] == 0x7f || strchr("\"'\\%:", word.data[i]))
                        return wrong(l, word, "has a character that no path here may have", e);
        if (!copy_word(word, ret->text, UNLOCK_WORD_MAX))
                return wrong(l, word, "is longer than a path may be", e);
        return 0;
}

static int read_name(UnlockLine *l, Span word, Err *e) {
        if (!copy_word(word, l->name, UNLOCK_NAME_MAX))
                return wrong(l, word, "is longer than a volume's name may be", e);
        if (l->name[strspn(l->name, PLAIN)] != '\0' || strcmp(l->name, ".") == 0 ||
                        strcmp(l->name, "..") == 0 || l->name[0] == '-')
                return wrong(l, word,
                                "is no name for a volume: letters, digits and #+-.:=@_, and no '-' in front",
                                e);
        return 0;
}

/* As udev names its links (encode_devnode_name() of systemd): what is not plain becomes \xNN. */
static void put_encoded(Buf *to, Span value) {
        while (value.size > 0) {
                size_t n = text_utf8(value, NULL);

                if (n > 1) {
                        buf_bytes(to, (Span){ value.data, n });
                } else {
                        n = 1;
                        if (value.data[0] != '\0' && strchr(PLAIN, value.data[0]))
                                buf_byte(to, value.data[0]);
                        else
                                buf_printf(to, "\\x%02x", value.data[0]);
                }
                value = span_from(value, n);
        }
}

/* UUID=... and the like, or a path. */
static int read_device(UnlockLine *l, Span word, Err *e) {
        static const char *const kinds[][2] = {
                { "UUID=", "by-uuid" },
                { "PARTUUID=", "by-partuuid" },
                { "LABEL=", "by-label" },
                { "PARTLABEL=", "by-partlabel" },
        };

        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                _cleanup_(buf_done) Buf path = BUF_UP_TO(UNLOCK_WORD_MAX);
                const Span kind = span_of(kinds[i][0]);
                Span value = { word.data + kind.size, word.size - kind.size };

                if (!span_starts(word, kind))
                        continue;
                if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
                        value = (Span){ value.data + 1, value.size - 2 };
                if (value.size == 0)
                        return wrong(l, word, "names no device", e);
                buf_printf(&path, "/dev/disk/%s/", kinds[i][1]);
                put_encoded(&path, value);
                if (path.failed < 0)
                        return wrong(l, word, "is longer than a path may be", e);
                (void) copy_word(buf_span(&path), l->device.text, UNLOCK_WORD_MAX);
                return 0;
        }
        return read_path(l, word, &l->device, e);
}

static int read_key(UnlockLine *l, Span word, Err *e) {
        if (word.size == 0 || span_is(word, "-") || span_is(word, "none"))
                return 0;
        return read_path(l, word, &l->key, e);
}

/* How an option is read. */
typedef enum Kind {
        KIND_FLAG,   /* flag; no value */
        KIND_YES,    /* yes or no */
        KIND_AUTO,   /* "auto", the device that there is: sets flag */
        KIND_PATH,   /* to a word at where */
        KIND_TIME,   /* the same: what systemd takes for a time, such as 90s */
        KIND_ECHO,   /* the same: yes, no or masked */
        KIND_NUMBER, /* to a uint64_t at where */
        KIND_SLOT,
        KIND_NOTHING, /* true of all that we unlock */
        KIND_REFUSED, /* crypttab has it; why says why it has no place here */
} Kind;

static const struct {
        const char *name;
        Kind kind;
        UnlockFlags flag;
        size_t where;
        const char *why;
} options[] = {
        { "luks", KIND_NOTHING },
        { "read-only", KIND_FLAG, UNLOCK_READ_ONLY },
        { "readonly", KIND_FLAG, UNLOCK_READ_ONLY },
        { "discard", KIND_FLAG, UNLOCK_DISCARD },
        { "same-cpu-crypt", KIND_FLAG, UNLOCK_SAME_CPU },
        { "submit-from-crypt-cpus", KIND_FLAG, UNLOCK_SUBMIT },
        { "no-read-workqueue", KIND_FLAG, UNLOCK_NO_READ_QUEUE },
        { "no-write-workqueue", KIND_FLAG, UNLOCK_NO_WRITE_QUEUE },
        { "headless", KIND_YES, UNLOCK_HEADLESS },
        { "tpm2-device", KIND_AUTO, UNLOCK_TPM2 },
        { "fido2-device", KIND_AUTO, UNLOCK_FIDO2 },
        { "pkcs11-uri", KIND_AUTO, UNLOCK_PKCS11 },
        { "noauto", KIND_FLAG, UNLOCK_NOAUTO },
        { "nofail", KIND_FLAG, UNLOCK_NOFAIL },
        { "_netdev", KIND_FLAG, UNLOCK_NETDEV },
        { "x-initrd.attach", KIND_FLAG, UNLOCK_IN_INITRD },
        { "header", KIND_PATH, 0, offsetof(UnlockLine, header) },
        { "x-systemd.device-timeout", KIND_TIME, 0, offsetof(UnlockLine, device_timeout) },
        { "timeout", KIND_TIME, 0, offsetof(UnlockLine, timeout) },
        { "password-echo", KIND_ECHO, 0, offsetof(UnlockLine, echo) },
        { "tries", KIND_NUMBER, 0, offsetof(UnlockLine, tries) },
        { "keyfile-offset", KIND_NUMBER, 0, offsetof(UnlockLine, key_offset) },
        { "keyfile-size", KIND_NUMBER, 0, offsetof(UnlockLine, key_size) },
        { "key-slot", KIND_SLOT },
        { "keyslot", KIND_SLOT },
        { "plain", KIND_REFUSED, .why = "is for volumes that are not LUKS2" },
        { "swap", KIND_REFUSED, .why = "is for volumes that are not LUKS2" },
        { "tmp", KIND_REFUSED, .why = "is for volumes that are not LUKS2" },
        { "bitlk", KIND_REFUSED, .why = "is for volumes that are not LUKS2" },
        { "tcrypt", KIND_REFUSED, .why = "is for volumes that are not LUKS2" },
        { "tpm2-measure-pcr", KIND_REFUSED,
                        .why = "is systemd's own record; avouch writes its own, or leave the volume to crypttab" },
        { "tpm2-measure-keyslot-nvpcr", KIND_REFUSED,
                        .why = "is systemd's own record; avouch writes its own, or leave the volume to crypttab" },
        { "tpm2-measure-bank", KIND_REFUSED,
                        .why = "is systemd's own record; avouch writes its own, or leave the volume to crypttab" },
        { "try-empty-password", KIND_REFUSED, .why = "would open a volume that has no lock" },
};

static int unknown_option(const UnlockLine *l, Span word, Span name, Err *e) {
        const char *names[ELEMENTS(options) + 1] = {}, *meant;

        for (size_t i = 0; i < ELEMENTS(options); i++)
                names[i] = options[i].name;
        meant = text_nearest(name, names);
        return err_set(e, -EBADMSG, "line %u: '%.*s' is no option that is known here%s%s%s",
                        l->line, shown(word), (const char *) word.data,
                        meant ? ", did you mean '" : "", meant ?: "", meant ? "'?" : "");
}

/* What systemd takes for a span of time; it reads it itself. */
static bool is_time(Span value) {
        bool digit = false;

        for (size_t i = 0; i < value.size; i++) {
                digit = digit || (value.data[i] >= '0' && value.data[i] <= '9');
                if (value.data[i] == '\0' ||
                                !strchr("0123456789.abcdefghijklmnopqrstuvwxyz", value.data[i]))
                        return false;
        }
        return digit || span_is(value, "infinity");
}

static int read_echo(UnlockLine *l, Span word, Span value, UnlockWord *ret, Err *e) {
        if (!span_is(value, "yes") && !span_is(value, "no") && !span_is(value, "masked"))
                return wrong(l, word, "is neither yes nor no nor masked", e);
        (void) copy_word(value, ret->text, UNLOCK_WORD_MAX);
        return 0;
}

static int read_slot(UnlockLine *l, Span word, Span value, Err *e) {
        uint64_t n;

        if (!text_number(value, LUKS_SLOTS - 1, &n))
                return wrong(l, word, "is no key slot of LUKS2", e);
        l->key_slot = (int64_t) n;
        return 0;
}

static int read_value(UnlockLine *l, size_t option, Span word, Span value, Err *e) {
        const UnlockFlags flag = options[option].flag;
        void *where = (char *) l + options[option].where;

        switch (options[option].kind) {
        case KIND_YES:
                if (!span_is(value, "yes") && !span_is(value, "no"))
                        return wrong(l, word, "is neither yes nor no", e);
                l->flags = span_is(value, "yes") ? l->flags | flag : l->flags & ~flag;
                return 0;
        case KIND_AUTO:
                if (!span_is(value, "auto"))
                        return wrong(l, word,
                                        "names a device; the token's plug-in finds its own: auto",
                                        e);
                l->flags |= flag;
                return 0;
        case KIND_PATH:
                return read_path(l, value, where, e);
        case KIND_TIME:
                if (!is_time(value) || !copy_word(value, where, UNLOCK_WORD_MAX))
                        return wrong(l, word, "is no time, such as 90s or 5min", e);
                return 0;
        case KIND_ECHO:
                return read_echo(l, word, value, where, e);
        case KIND_NUMBER:
                if (!text_number(value, UINT32_MAX, where))
                        return wrong(l, word, "is no number that it may be", e);
                return 0;
        case KIND_SLOT:
                return read_slot(l, word, value, e);
        default:
                return wrong(l, word, "takes no value", e);
        }
}

static int read_option(UnlockLine *l, Span word, Err *e) {
        const uint8_t *equals = memchr(word.data, '=', word.size);
        Span name = { word.data, equals ? (size_t) (equals - word.data) : word.size };
        size_t i = 0;

        while (i < ELEMENTS(options) && !span_is(name, options[i].name))
                i++;
        if (i == ELEMENTS(options))
                return unknown_option(l, word, name, e);
        if (options[i].kind == KIND_REFUSED)
                return wrong(l, word, options[i].why, e);
        if (equals)
                return read_value(l, i, word, (Span){ equals + 1, word.size - name.size - 1 }, e);
        if (options[i].kind != KIND_FLAG && options[i].kind != KIND_YES &&
                        options[i].kind != KIND_NOTHING)
                return wrong(l, word, "needs a value", e);
        l->flags |= options[i].flag;
        return 0;
}

static int read_options(UnlockLine *l, Span list, Err *e) {
        int rc = 0;

        if (span_is(list, "-") || span_is(list, "none"))
                return 0;
        while (rc == 0 && list.size > 0) {
                const uint8_t *comma = memchr(list.data, ',', list.size);
                size_t n = comma ? (size_t) (comma - list.data) : list.size;

                if (n > 0)
                        rc = read_option(l, (Span){ list.data, n }, e);
                n += comma ? 1 : 0;
                list = span_from(list, n);
        }
        return rc;
}

static int read_line(Span text, UnlockLine *l, Err *e) {
        Span fields[FIELDS_MAX], rest = text;
        int rc;

        for (size_t i = 0; i < FIELDS_MAX; i++)
                fields[i] = setting_word(&rest);
        rest = setting_word(&rest);
        rc = read_name(l, fields[0], e);
        if (rc == 0 && fields[1].size == 0)
                rc = wrong(l, fields[0], "names no device", e);
        if (rc == 0)
                rc = read_device(l, fields[1], e);
        if (rc == 0)
                rc = read_key(l, fields[2], e);
        if (rc == 0)
                rc = read_options(l, fields[3], e);
        if (rc == 0 && rest.size > 0)
                rc = wrong(l, rest, "stands behind the options, which have no blanks in them", e);
        return rc;
}

/* The next line that is not empty and no comment; false at the end. */
static bool next_line(UnlockConf *c, Span *ret) {
        while (c->rest.size > 0) {
                const uint8_t *end = memchr(c->rest.data, '\n', c->rest.size);
                size_t n = end ? (size_t) (end - c->rest.data) : c->rest.size;
                Span line = { c->rest.data, n }, copy = line;

                n += end ? 1 : 0;
                c->rest = span_from(c->rest, n);
                c->line++;
                copy = setting_word(&copy);
                if (copy.size > 0 && copy.data[0] != '#') {
                        *ret = line;
                        return true;
                }
        }
        return false;
}

/* The number of the line above this one that has the same name; 0 where none has. */
static unsigned same_above(const UnlockConf *c, const UnlockLine *l) {
        UnlockConf above = unlock_conf_over(c->text);
        Span line;

        while (next_line(&above, &line) && above.line < l->line)
                if (span_is(setting_word(&line), l->name))
                        return above.line;
        return 0;
}

int unlock_conf_next(UnlockConf *c, UnlockLine *ret, Err *e) {
        UnlockLine l = { .key_slot = -1, .tries = TRIES };
        unsigned above;
        Span line;
        int rc;

        if (!next_line(c, &line))
                return 0;
        l.line = c->line;
        rc = read_line(line, &l, e);
        if (rc < 0)
                return rc;
        above = same_above(c, &l);
        if (above > 0)
                return err_set(e, -EBADMSG, "line %u: '%s' stands in line %u already", l.line,
                                l.name, above);
        *ret = l;
        return 1;
}

int unlock_conf_find(Span text, const char *name, UnlockLine *ret, Err *e) {
        UnlockConf all = unlock_conf_over(text);
        Span line;

        while (next_line(&all, &line)) {
                UnlockConf one = { .rest = line, .line = all.line - 1 };
                int rc;

                if (!span_is(setting_word(&line), name))
                        continue;
                rc = unlock_conf_next(&one, ret, e);
                return rc < 0 ? rc : 0;
        }
        return err_set(e, -ENOENT, "has no line for a volume '%s'", name);
}
