/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure/unlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "measure/recovery.h"

enum {
        MEMBERS_MAX = 7,
        ANSWER_MAX = 1024,
        KEY_FILE_MAX = 8 * 1024 * 1024, /* as cryptsetup(8) has it */
};

/* One run over the keys. Owner: search_done(). */
typedef struct Search {
        const Unlocker *u;
        char uuid[LUKS_UUID_MAX + 1];
        LuksToken tokens[LUKS_SLOTS];
        size_t n_tokens;
        unsigned tries; /* that did not open it */
        Secret volume_key;
} Search;

static void search_done(Search *s) {
        secret_done(&s->volume_key);
}

/* The tokens that we know, and what they are to policy. A person belongs to the last two: systemd
 * enrols FIDO2 with a touch, and a PKCS#11 token with its PIN. */
typedef struct UnlockKind {
        const char *type, *method;
        UnlockFlags flag;
        bool human;
} UnlockKind;

static const UnlockKind kinds[] = {
        { "systemd-tpm2", "tpm2", UNLOCK_TPM2, false },
        { "luks2-keyring", "keyring", 0, false },
        { "systemd-fido2", "fido2", UNLOCK_FIDO2, true },
        { "systemd-pkcs11", "pkcs11", UNLOCK_PKCS11, true },
};

enum { ASKED_FOR = UNLOCK_TPM2 | UNLOCK_FIDO2 | UNLOCK_PKCS11 };

#define RECOVERY_TYPE "systemd-recovery"

static Member text_member(const char *name, const char *text) {
        return (Member){ .name = name, .type = MEMBER_TEXT, .bytes = span_of(text) };
}

static Member number_member(const char *name, int64_t number) {
        return (Member){ .name = name, .type = MEMBER_INTEGER, .number = number };
}

static int record(const Search *s, Event event, const UnlockKey *k, Err *e) {
        Member members[MEMBERS_MAX];
        size_t n = 0;

        members[n++] = text_member("volume", s->u->line->name);
        members[n++] = text_member("luks", s->uuid);
        members[n++] = text_member("method", k->method);
        members[n++] = number_member("human", k->human);
        members[n++] = number_member("tries", s->tries + (event == EVENT_UNLOCK_OPEN ? 1 : 0));
        if (k->slot >= 0)
                members[n++] = number_member("keyslot", k->slot);
        if (k->token >= 0)
                members[n++] = number_member("token", k->token);
        return s->u->record(s->u, event, members, n, k->human, e);
}

/* A try that opened nothing. Where it cannot be recorded, there is no other. */
static int record_failed(Search *s, const UnlockKey *k, const Err *why, Err *e) {
        s->u->say(s->u, why->text);
        s->tries++;
        return record(s, EVENT_UNLOCK_FAIL, k, e);
}

static int say(const Search *s, const Err *why) {
        s->u->say(s->u, why->text);
        return 0;
}

/* From here on: 1 where a key opened a slot, 0 where the next may be tried, negative where it ends.
 */

static int read_key_file(const UnlockLine *l, Secret *ret, Err *e) {
        _cleanup_(fd_done) int fd = -1;
        int rc;

        rc = secret_new(KEY_FILE_MAX, ret, e);
        if (rc < 0)
                return rc;
        fd = open(l->key.text, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return err_set(e, -errno, "%s: %s", l->key.text, strerror(errno));
        if (l->key_offset > 0 && lseek(fd, (off_t) l->key_offset, SEEK_SET) < 0)
                return err_set(e, -errno, "%s: keyfile-offset: %s", l->key.text, strerror(errno));
        if (l->key_size > KEY_FILE_MAX)
                return err_set(e, -E2BIG, "%s: keyfile-size is above %d", l->key.text,
                                KEY_FILE_MAX);
        if (l->key_size == 0)
                return secret_read_fd(fd, l->key.text, ret, e);
        rc = file_read_at(fd, l->key.text, l->key_offset, ret->data, l->key_size, e);
        if (rc == 0)
                ret->size = l->key_size;
        return rc;
}

static int try_key_file(Search *s, UnlockKey *k, Err *e) {
        const UnlockLine *l = s->u->line;
        _cleanup_(secret_done) Secret content = {};
        Err why = {};
        int rc;

        *k = (UnlockKey){ .method = "keyfile", .slot = -1, .token = -1 };
        if (!l->key.text[0])
                return 0;
        rc = read_key_file(l, &content, &why);
        if (rc < 0)
                return say(s, &why);
        rc = luks_by_passphrase(
                        s->u->luks, (int) l->key_slot, secret_span(&content), &s->volume_key, &why);
        if (rc < 0)
                return record_failed(s, k, &why, e);
        k->slot = rc;
        return 1;
}

static int ask_pin(Search *s, const LuksToken *t, UnlockKey *k, Err *e) {
        _cleanup_(secret_done) Secret pin = {};
        int rc;

        k->human = true;
        rc = secret_new(ANSWER_MAX, &pin, e);
        for (uint64_t i = 0; rc == 0 && (i < s->u->line->tries || s->u->line->tries == 0); i++) {
                Err why = {};

                rc = s->u->ask(s->u, UNLOCK_WANT_PIN, &pin, &why);
                if (rc < 0)
                        return say(s, &why);
                rc = luks_by_token(s->u->luks, t, &pin, &s->volume_key, &why);
                if (rc >= 0) {
                        k->slot = rc;
                        return 1;
                }
                rc = record_failed(s, k, &why, e);
        }
        return rc;
}

static int try_token(Search *s, const LuksToken *t, UnlockKey *k, Err *e) {
        Err why = {};
        int rc;

        rc = luks_by_token(s->u->luks, t, NULL, &s->volume_key, &why);
        if (rc >= 0) {
                k->slot = rc;
                return 1;
        }
        if (rc == -ENOANO && !(s->u->line->flags & UNLOCK_HEADLESS))
                return ask_pin(s, t, k, e);
        if (rc == -ENOANO || rc == -EAGAIN)
                return say(s, &why);
        return record_failed(s, k, &why, e);
}

/* What we know a token's type as; NULL for one that the line does not want, that is for no key
 * slot, or that we do not know. */
static const UnlockKind *kind_of(const UnlockLine *l, const LuksToken *t) {
        const UnlockFlags asked = l->flags & ASKED_FOR;

        if (t->slots == 0 || (l->key_slot >= 0 && !(t->slots >> l->key_slot & 1)))
                return NULL;
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (strcmp(kinds[i].type, t->type) == 0)
                        return asked && !(asked & kinds[i].flag) ? NULL : &kinds[i];
        return NULL;
}

static int try_tokens(Search *s, UnlockKey *k, Err *e) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < s->n_tokens; i++) {
                const LuksToken *t = &s->tokens[i];
                const UnlockKind *kind = kind_of(s->u->line, t);
                Err why = {};

                if (!kind)
                        continue;
                *k = (UnlockKey){ kind->method, kind->human, -1, t->id };
                if (t->usable)
                        rc = try_token(s, t, k, e);
                else if (err_set(&why, -ENOENT,
                                         "token %d (%s): libcryptsetup has no plug-in for it",
                                         t->id, t->type) < 0)
                        rc = say(s, &why);
        }
        return rc;
}

/* What was typed opened a slot: it is a recovery key if that was enrolled as one. */
static void know_by_slot(const Search *s, int slot, UnlockKey *k) {
        *k = (UnlockKey){ .method = "passphrase", .human = true, .slot = slot, .token = -1 };
        for (size_t i = 0; i < s->n_tokens; i++)
                if (strcmp(s->tokens[i].type, RECOVERY_TYPE) == 0 &&
                                (s->tokens[i].slots >> slot & 1)) {
                        k->method = "recovery";
                        k->token = s->tokens[i].id;
                }
}

/* As it was typed, and where it may be a recovery key in another spelling, as that was enrolled. */
static int try_answer(Search *s, const Secret *answer, UnlockKey *k, Err *why, Err *e) {
        _cleanup_(secret_done) Secret spelled = {};
        const int slot = (int) s->u->line->key_slot;
        bool recovery;
        int rc;

        rc = secret_new(RECOVERY_SIZE, &spelled, e);
        if (rc < 0)
                return rc;
        recovery = recovery_read(secret_span(answer), &spelled);
        rc = luks_by_passphrase(s->u->luks, slot, secret_span(answer), &s->volume_key, why);
        if (rc == -EPERM && recovery && !span_equal(secret_span(answer), secret_span(&spelled)))
                rc = luks_by_passphrase(
                                s->u->luks, slot, secret_span(&spelled), &s->volume_key, NULL);
        if (rc >= 0) {
                know_by_slot(s, rc, k);
                return 1;
        }
        if (rc != -EPERM)
                return err_set(e, rc, "%s", why->text);
        *k = (UnlockKey){ recovery ? "recovery" : "passphrase", true, -1, -1 };
        return 0;
}

static int try_person(Search *s, UnlockKey *k, Err *e) {
        const UnlockLine *l = s->u->line;
        _cleanup_(secret_done) Secret answer = {};
        int rc;

        if (l->flags & UNLOCK_HEADLESS)
                return 0;
        rc = secret_new(ANSWER_MAX, &answer, e);
        for (uint64_t i = 0; rc == 0 && (i < l->tries || l->tries == 0); i++) {
                Err why = {};

                rc = s->u->ask(s->u, UNLOCK_WANT_PASSPHRASE, &answer, e);
                if (rc < 0)
                        return rc;
                rc = try_answer(s, &answer, k, &why, e);
                if (rc == 0)
                        rc = record_failed(s, k, &why, e);
        }
        return rc;
}

static int find_key(Search *s, UnlockKey *k, Err *e) {
        int rc;

        rc = try_key_file(s, k, e);
        if (rc == 0)
                rc = try_tokens(s, k, e);
        if (rc == 0)
                rc = try_person(s, k, e);
        if (rc == 0)
                return err_set(e, -EKEYREJECTED,
                                "'%s' stays locked: %u tries, and no key opens it%s",
                                s->u->line->name, s->tries,
                                s->u->line->flags & UNLOCK_HEADLESS
                                                ? " (headless: nobody was asked)"
                                                : "");
        return rc < 0 ? rc : 0;
}

static LuksFlags luks_flags(UnlockFlags flags) {
        static const struct {
                UnlockFlags line;
                LuksFlags luks;
        } table[] = {
                { UNLOCK_READ_ONLY, LUKS_READ_ONLY },
                { UNLOCK_DISCARD, LUKS_DISCARD },
                { UNLOCK_SAME_CPU, LUKS_SAME_CPU },
                { UNLOCK_SUBMIT, LUKS_SUBMIT },
                { UNLOCK_NO_READ_QUEUE, LUKS_NO_READ_QUEUE },
                { UNLOCK_NO_WRITE_QUEUE, LUKS_NO_WRITE_QUEUE },
        };
        LuksFlags luks = 0;

        for (size_t i = 0; i < ELEMENTS(table); i++)
                if (flags & table[i].line)
                        luks |= table[i].luks;
        return luks;
}

int unlock_volume(const Unlocker *u, UnlockKey *ret, Err *e) {
        _cleanup_(search_done) Search s = { .u = u };
        Err why = {};
        UnlockKey k;
        int rc;

        rc = secret_new(LUKS_KEY_MAX, &s.volume_key, e);
        if (rc == 0)
                rc = luks_uuid(u->luks, s.uuid, e);
        if (rc == 0)
                rc = luks_tokens(u->luks, s.tokens, &s.n_tokens, e);
        if (rc == 0)
                rc = find_key(&s, &k, e);
        if (rc < 0)
                return rc;
        rc = record(&s, EVENT_UNLOCK_OPEN, &k, &why);
        if (rc < 0)
                return err_set(e, rc,
                                "'%s' stays locked: a key opens it, but that could not be recorded: %s",
                                u->line->name, why.text);
        rc = luks_activate(u->luks, u->line->name, &s.volume_key, luks_flags(u->line->flags), e);
        if (rc == 0)
                *ret = k;
        return rc;
}
