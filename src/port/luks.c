/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/luks.h"

#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What libcryptsetup, or a plug-in of it, said last of what went wrong. */
typedef struct Said {
        char text[ERR_TEXT_MAX / 2];
} Said;

typedef struct RealLuks {
        Luks base;
        struct crypt_device *cd;
        Said said;
        char device[256];
} RealLuks;

static void hear(int level, const char *message, void *user) {
        Said *s = user;

        if (level == CRYPT_LOG_ERROR)
                (void) snprintf(s->text, sizeof(s->text), "%.*s", (int) strcspn(message, "\n"),
                                message);
}

/* Passing 0 on would be taken for success, and -EINVAL for a question asked wrongly. */
static int code_of(int rc) {
        return rc < 0 && rc != -EINVAL ? rc : -EIO;
}

static int failed(const RealLuks *l, int rc, const char *what, Err *e) {
        rc = code_of(rc);
        return err_set(e, rc, "%s: %s: %s", l->device, what,
                        l->said.text[0] ? l->said.text : strerror(-rc));
}

static int real_uuid(Luks *base, char ret[LUKS_UUID_MAX + 1], Err *e) {
        RealLuks *l = (RealLuks *) base;
        const char *uuid = crypt_get_uuid(l->cd);

        if (!uuid || strlen(uuid) > LUKS_UUID_MAX)
                return failed(l, -EBADMSG, "the header has no UUID", e);
        (void) snprintf(ret, LUKS_UUID_MAX + 1, "%s", uuid);
        return 0;
}

static int real_tokens(Luks *base, LuksToken ret[LUKS_SLOTS], size_t *ret_n, Err *e) {
        RealLuks *l = (RealLuks *) base;
        size_t n = 0;

        (void) e;
        for (int id = 0; id < crypt_token_max(CRYPT_LUKS2) && n < LUKS_SLOTS; id++) {
                const char *type = NULL;
                crypt_token_info is = crypt_token_status(l->cd, id, &type);
                LuksToken t = { .id = id,
                        .usable = is == CRYPT_TOKEN_INTERNAL || is == CRYPT_TOKEN_EXTERNAL };

                if (is == CRYPT_TOKEN_INACTIVE || is == CRYPT_TOKEN_INVALID)
                        continue;
                /* one that is cut off is no type that we know */
                (void) snprintf(t.type, sizeof(t.type), "%s", type ?: "");
                for (int slot = 0; slot < LUKS_SLOTS; slot++)
                        if (crypt_token_is_assigned(l->cd, id, slot) == 0)
                                t.slots |= UINT32_C(1) << slot;
                ret[n++] = t;
        }
        *ret_n = n;
        return 0;
}

static int key_size(const RealLuks *l, const Secret *key, size_t *ret, Err *e) {
        int size = crypt_get_volume_key_size(l->cd);

        if (size <= 0 || (size_t) size > key->room)
                return failed(l, -EBADMSG, "its volume key has a size that none has", e);
        *ret = (size_t) size;
        return 0;
}

static int real_by_token(
                Luks *base, const LuksToken *token, const Secret *pin, Secret *ret_key, Err *e) {
        RealLuks *l = (RealLuks *) base;
        struct crypt_keyslot_context *how = NULL;
        char what[32];
        size_t size;
        int rc;

        rc = key_size(l, ret_key, &size, e);
        if (rc < 0)
                return rc;
        l->said = (Said){};
        rc = crypt_keyslot_context_init_by_token(l->cd, token->id, NULL,
                        pin ? (const char *) pin->data : NULL, pin ? pin->size : 0, NULL, &how);
        if (rc == 0)
                rc = crypt_volume_key_get_by_keyslot_context(
                                l->cd, CRYPT_ANY_SLOT, (char *) ret_key->data, &size, how);
        crypt_keyslot_context_free(how);
        (void) snprintf(what, sizeof(what), "token %d", token->id);
        if (rc < 0)
                return failed(l, rc, what, e);
        ret_key->size = size;
        return rc;
}

static int real_by_passphrase(Luks *base, int slot, Span passphrase, Secret *ret_key, Err *e) {
        RealLuks *l = (RealLuks *) base;
        size_t size;
        int rc;

        rc = key_size(l, ret_key, &size, e);
        if (rc < 0)
                return rc;
        l->said = (Said){};
        rc = crypt_volume_key_get(l->cd, slot < 0 ? CRYPT_ANY_SLOT : slot, (char *) ret_key->data,
                        &size, (const char *) passphrase.data, passphrase.size);
        if (rc < 0)
                return failed(l, rc, rc == -EPERM ? "no key slot opens" : "its key slots", e);
        ret_key->size = size;
        return rc;
}

static uint32_t flags_of(LuksFlags flags) {
        static const struct {
                LuksFlags ours;
                uint32_t theirs;
        } table[] = {
                { LUKS_READ_ONLY, CRYPT_ACTIVATE_READONLY },
                { LUKS_DISCARD, CRYPT_ACTIVATE_ALLOW_DISCARDS },
                { LUKS_SAME_CPU, CRYPT_ACTIVATE_SAME_CPU_CRYPT },
                { LUKS_SUBMIT, CRYPT_ACTIVATE_SUBMIT_FROM_CRYPT_CPUS },
                { LUKS_NO_READ_QUEUE, CRYPT_ACTIVATE_NO_READ_WORKQUEUE },
                { LUKS_NO_WRITE_QUEUE, CRYPT_ACTIVATE_NO_WRITE_WORKQUEUE },
        };
        uint32_t theirs = 0;

        for (size_t i = 0; i < ELEMENTS(table); i++)
                if (flags & table[i].ours)
                        theirs |= table[i].theirs;
        return theirs;
}

static int real_activate(Luks *base, const char *name, const Secret *key, LuksFlags flags, Err *e) {
        RealLuks *l = (RealLuks *) base;
        int rc;

        l->said = (Said){};
        rc = crypt_activate_by_volume_key(
                        l->cd, name, (const char *) key->data, key->size, flags_of(flags));
        return rc < 0 ? failed(l, rc, "cannot be activated", e) : 0;
}

static void real_close(Luks *base) {
        RealLuks *l = (RealLuks *) base;

        crypt_free(l->cd);
        free(l);
}

static const LuksOps real_ops = {
        .uuid = real_uuid,
        .tokens = real_tokens,
        .by_token = real_by_token,
        .by_passphrase = real_by_passphrase,
        .activate = real_activate,
        .close = real_close,
};

int luks_open(const char *device, const char *header, Luks **ret, Err *e) {
        RealLuks *l = calloc(1, sizeof(*l));
        Luks *base;
        int rc;

        if (!l)
                return err_set(e, -ENOMEM, "%s: no memory", device);
        l->base.ops = &real_ops;
        (void) snprintf(l->device, sizeof(l->device), "%s", device);
        base = &l->base;
        crypt_set_log_callback(NULL, hear, &l->said); /* before there is a handle to ask by */
        rc = header ? crypt_init_data_device(&l->cd, header, device) : crypt_init(&l->cd, device);
        crypt_set_log_callback(NULL, NULL, NULL);
        if (rc < 0) {
                rc = failed(l, rc, "cannot be opened", e);
                luks_close(&base);
                return rc;
        }
        crypt_set_log_callback(l->cd, hear, &l->said);
        rc = crypt_load(l->cd, CRYPT_LUKS2, NULL);
        if (rc < 0) {
                l->said = (Said){};
                rc = err_set(e, rc == -EINVAL ? -EMEDIUMTYPE : rc,
                                "%s: there is no LUKS2 header: %s", header ?: device,
                                strerror(-rc));
                luks_close(&base);
                return rc;
        }
        *ret = base;
        return 0;
}

static void be_silent(int level, const char *message, void *user) {
        (void) level;
        (void) message;
        (void) user;
}

bool luks_is_active(const char *name) {
        crypt_status_info is;

        crypt_set_log_callback(NULL, be_silent, NULL);
        is = crypt_status(NULL, name);
        crypt_set_log_callback(NULL, NULL, NULL);
        return is == CRYPT_ACTIVE || is == CRYPT_BUSY;
}

int luks_deactivate(const char *name, Err *e) {
        Said said = {};
        int rc;

        crypt_set_log_callback(NULL, hear, &said);
        rc = crypt_deactivate(NULL, name);
        crypt_set_log_callback(NULL, NULL, NULL);
        if (rc < 0)
                return err_set(e, code_of(rc), "%s cannot be closed: %s", name,
                                said.text[0] ? said.text : strerror(-rc));
        return 0;
}
