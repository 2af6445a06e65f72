/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/uki-config.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

#define BLANKS " \t\r\f\v"

/* Where the reading stands. Names and values are ended by NULs where they lie, and lines of a value
 * moved up to one another, so that all of them are texts in the file's own bytes. */
typedef struct Reader {
        const char *path;
        char *at;
        unsigned line;
        char *section, *group; /* "PCRSignature" and what stands behind its colon; NULL: none */
} Reader;

typedef struct Setting {
        char *key, *value;
        unsigned line;
} Setting;

/* One that is being filled in. */
typedef struct Taking {
        const Option *options;
        void *values;
        PolicyArgs *keys;
        bool seen[32];     /* by row of plain */
        const char *group; /* of the last key */
        bool seen_in_group[4];
} Taking;

/* Keys of [UKI], and the options that they are. */
static const struct {
        const char *key, *option;
        bool many; /* words with blanks between */
} plain[] = {
        { "Linux", "linux", false },
        { "OSRelease", "os-release", false },
        { "Cmdline", "cmdline", false },
        { "Initrd", "initrd", true },
        { "Firmware", "efifw", false },
        { "Microcode", "microcode", false },
        { "Splash", "splash", false },
        { "DeviceTree", "devicetree", false },
        { "DeviceTreeAuto", "devicetree-auto", true },
        { "HWIDs", "hwids", false },
        { "Uname", "uname", false },
        { "SBAT", "sbat", false },
        { "PCRPKey", "pcrpkey", false },
        { "Profile", "profile", false },
        { "PCRSig", "pcrsig", false },
        { "EFIArch", "efi-arch", false },
        { "Stub", "stub", false },
        { "PCRBanks", "pcr-banks", false },
        { "SigningEngine", "signing-engine", false },
        { "SigningProvider", "signing-provider", false },
        { "SecureBootPrivateKey", "secureboot-private-key", false },
        { "SecureBootCertificate", "secureboot-certificate", false },
        { "SignKernel", "sign-kernel", false },
        { "SignInitrdPCRs", "sign-initrd-pcrs", false },
        /* of ukify's other tools: no image is another for them */
        { "SecureBootSigningTool", NULL, false },
        { "SecureBootCertificateCommonName", NULL, false },
        { "SecureBootCertificateValidity", NULL, false },
};

static const char *const of_groups[] = { "PCRPrivateKey", "PCRPublicKey", "Phases", "PolicyRef" };

static int refuse(const Reader *r, unsigned line, const char *what, const char *word, Err *e) {
        return err_set(e, -EBADMSG, "%s: line %u: %s%s%s%s", r->path, line, what, word ? " '" : "",
                        word ?: "", word ? "'" : "");
}

/* The next line without its comment and the blanks behind it, ended by a NUL; NULL at the end. */
static char *next_line(Reader *r) {
        char *line = r->at, *end = strchr(line, '\n');

        if (!*line)
                return NULL;
        r->at = end ? end + 1 : line + strlen(line);
        if (end)
                *end = '\0';
        r->line++;
        for (char *c = line; (c = strchr(c, '#')); c++)
                if (c == line || strchr(BLANKS, c[-1])) {
                        *c = '\0';
                        break;
                }
        for (end = line + strlen(line); end > line && strchr(BLANKS, end[-1]); end--)
                end[-1] = '\0';
        return line;
}

static int take_section(Reader *r, char *line, Err *e) {
        char *end = line + strlen(line) - 1, *colon;

        if (*end != ']')
                return refuse(r, r->line, "no ']' at the end", NULL, e);
        *end = '\0';
        r->section = line + 1;
        colon = strchr(r->section, ':');
        r->group = NULL;
        if (colon) {
                *colon = '\0';
                r->group = colon + 1;
        }
        if (strcmp(r->section, "UKI") != 0 && strcmp(r->section, "PCRSignature") != 0)
                return refuse(r, r->line,
                                "the section is neither [UKI] nor [PCRSignature:NAME], but",
                                r->section, e);
        if ((strcmp(r->section, "UKI") == 0) != !r->group || (colon && !r->group[0]) ||
                        (colon && strchr(r->group, ':')))
                return refuse(r, r->line, "no such name of a section", NULL, e);
        return 0;
}

/* Lines that begin with a blank go on with the value. */
static void take_more(Reader *r, char *value) {
        char *end = value + strlen(value);

        while (*r->at && strchr(BLANKS, *r->at)) {
                char *line = next_line(r);
                size_t n;

                line += strspn(line, BLANKS);
                n = strlen(line);
                if (n == 0)
                        return;
                *end++ = '\n';
                memmove(end, line, n + 1);
                end += n;
        }
}

/* 1 and a setting, 0 at the end. */
static int next_setting(Reader *r, Setting *ret, Err *e) {
        char *line, *equals, *end;

        while ((line = next_line(r))) {
                int rc = 0;

                line += strspn(line, BLANKS);
                if (*line == '[')
                        rc = take_section(r, line, e);
                if (rc < 0)
                        return rc;
                if (*line && *line != '[')
                        break;
        }
        if (!line)
                return 0;
        equals = strchr(line, '=');
        if (!equals || equals == line)
                return refuse(r, r->line, "neither a section nor KEY=VALUE", NULL, e);
        if (!r->section)
                return refuse(r, r->line, "stands in no section:", line, e);
        for (end = equals; end > line && strchr(BLANKS, end[-1]); end--)
                ;
        *end = '\0';
        *ret = (Setting){ line, equals + 1 + strspn(equals + 1, BLANKS), r->line };
        take_more(r, ret->value);
        return 1;
}

/* What the file lists comes ahead of what is there. */
static int prepend(const Reader *r, const Setting *s, bool many, Strings *list, Err *e) {
        Strings before = *list;
        char *rest = s->value, *word;

        list->n = 0;
        while ((word = strsep(&rest, many ? BLANKS "\n" : ""))) {
                if (!*word)
                        continue;
                if (list->n + before.n == OPTION_REPEAT_MAX)
                        return refuse(r, s->line, "too many of", s->key, e);
                list->values[list->n++] = word;
        }
        memcpy(list->values + list->n, before.values, before.n * sizeof(before.values[0]));
        list->n += before.n;
        return 0;
}

static int take_flag(const Reader *r, const Setting *s, bool *flag, Err *e) {
        static const char *const yes[] = { "1", "true", "yes", "y", "t", "on" };
        static const char *const no[] = { "0", "false", "no", "n", "f", "off" };

        for (size_t i = 0; i < ELEMENTS(yes); i++) {
                if (strcasecmp(s->value, yes[i]) == 0)
                        *flag = true;
                if (strcasecmp(s->value, yes[i]) == 0 || strcasecmp(s->value, no[i]) == 0)
                        return 0;
        }
        return refuse(r, s->line, "neither yes nor no:", s->value, e);
}

static int take_option(const Reader *r, const Setting *s, size_t row, Taking *t, Err *e) {
        const Option *o = t->options;
        char *at;

        while (o->name && strcmp(o->name, plain[row].option) != 0)
                o++;
        if (!o->name)
                return refuse(r, s->line, "no use for", s->key, e);
        at = (char *) t->values + o->where;
        if (o->kind == OPTION_REPEATED)
                return prepend(r, s, plain[row].many, (Strings *) at, e);
        if (o->kind == OPTION_FLAG)
                return take_flag(r, s, (bool *) at, e);
        if (!*(const char **) at)
                *(const char **) at = s->value;
        return 0;
}

static int take_plain(const Reader *r, const Setting *s, Taking *t, Err *e) {
        const char *names[ELEMENTS(plain) + 1] = {};
        const char *near;
        size_t row = 0;

        for (size_t i = 0; i < ELEMENTS(plain); i++)
                names[i] = plain[i].key;
        while (row < ELEMENTS(plain) && strcmp(plain[row].key, s->key) != 0)
                row++;
        if (row == ELEMENTS(plain)) {
                near = text_nearest(span_of(s->key), names);
                return refuse(r, s->line, near ? "unknown key; one that is near is" : "unknown key",
                                near ?: s->key, e);
        }
        if (t->seen[row])
                return refuse(r, s->line, "given twice:", s->key, e);
        t->seen[row] = true;
        return plain[row].option ? take_option(r, s, row, t, e) : 0;
}

/* One more key, behind those that there are. */
static int begin_group(const Reader *r, const Setting *s, Taking *t, Err *e) {
        Strings *keys = &t->keys->private_keys;

        if (t->group && !t->seen_in_group[0])
                return refuse(r, s->line, "no PCRPrivateKey= in the section before this one", NULL,
                                e);
        if (keys->n == OPTION_REPEAT_MAX)
                return refuse(r, s->line, "too many keys", NULL, e);
        t->group = r->group;
        memset(t->seen_in_group, 0, sizeof(t->seen_in_group));
        keys->values[keys->n++] = NULL;
        return 0;
}

static int take_of_group(const Reader *r, const Setting *s, Taking *t, Err *e) {
        PolicyArgs *k = t->keys;
        Strings *const lists[] = { &k->private_keys, &k->public_keys, &k->phases, &k->references };
        size_t row = 0;
        int rc;

        if (t->group != r->group) {
                rc = begin_group(r, s, t, e);
                if (rc < 0)
                        return rc;
        }
        while (row < ELEMENTS(of_groups) && strcmp(of_groups[row], s->key) != 0)
                row++;
        if (row == ELEMENTS(of_groups))
                return refuse(r, s->line, "unknown key", s->key, e);
        if (t->seen_in_group[row])
                return refuse(r, s->line, "given twice:", s->key, e);
        t->seen_in_group[row] = true;
        while (lists[row]->n < k->private_keys.n)
                lists[row]->values[lists[row]->n++] = NULL;
        lists[row]->values[k->private_keys.n - 1] = s->value;
        return 0;
}

/* Where one key has it and another has not. */
static void fill_up(PolicyArgs *k) {
        Strings *const lists[] = { &k->public_keys, &k->phases, &k->references };

        for (size_t i = 0; i < ELEMENTS(lists); i++)
                while (lists[i]->n > 0 && lists[i]->n < k->private_keys.n)
                        lists[i]->values[lists[i]->n++] = NULL;
}

int uki_config_take(const char *path, const Option *options, void *values, PolicyArgs *keys,
                Buf *text, Err *e) {
        Taking t = { .options = options, .values = values, .keys = keys };
        Reader r = { .path = path };
        Setting s = {};
        int rc;

        rc = file_read(path, text, e);
        if (rc < 0)
                return rc;
        if (text->size > 0 && memchr(text->data, 0, text->size))
                return err_set(e, -EBADMSG, "%s: has a NUL in it, so it is no text", path);
        buf_byte(text, 0);
        if (text->failed < 0)
                return err_set(e, text->failed, "%s: no memory", path);
        r.at = (char *) text->data;
        while ((rc = next_setting(&r, &s, e)) > 0) {
                rc = r.group ? take_of_group(&r, &s, &t, e) : take_plain(&r, &s, &t, e);
                if (rc < 0)
                        return rc;
        }
        if (rc == 0 && t.group && !t.seen_in_group[0])
                rc = err_set(e, -EBADMSG, "%s: [PCRSignature:%s] has no PCRPrivateKey=", path,
                                t.group);
        fill_up(keys);
        return rc;
}
