/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

/* What we ask of a LUKS2 volume, in our own types. Behind it stands luks.c (libcryptsetup, and the
 * plug-ins for tokens that systemd brings), and in tests a volume that lives in memory.
 *
 * A key is looked for and used in two steps: the first gives the volume key and says which slot
 * gave it, and nobody can use the volume yet; the second makes it a device, with that volume key
 * and without a second look at slots or tokens. So what is said of the first is true of the second.
 */

typedef struct Luks Luks;

enum {
        LUKS_SLOTS = 32, /* of a header, and as many tokens (LUKS2 On-Disk Format, 3.2) */
        LUKS_TYPE_MAX = 63,
        LUKS_UUID_MAX = 40,
        LUKS_KEY_MAX = 1024, /* of a volume key; the longest that there is has 96 bytes */
};

typedef struct LuksToken {
        int id;
        char type[LUKS_TYPE_MAX + 1]; /* "systemd-tpm2" */
        uint32_t slots;               /* a bit for each key slot that it is for */
        bool usable;                  /* libcryptsetup has a plug-in for it */
} LuksToken;

typedef enum LuksFlags {
        LUKS_READ_ONLY = 1 << 0,
        LUKS_DISCARD = 1 << 1,
        LUKS_SAME_CPU = 1 << 2,
        LUKS_SUBMIT = 1 << 3,
        LUKS_NO_READ_QUEUE = 1 << 4,
        LUKS_NO_WRITE_QUEUE = 1 << 5,
} LuksFlags;

typedef struct LuksOps {
        int (*uuid)(Luks *l, char ret[LUKS_UUID_MAX + 1], Err *e);
        int (*tokens)(Luks *l, LuksToken ret[LUKS_SLOTS], size_t *ret_n, Err *e);
        int (*by_token)(Luks *l, const LuksToken *token, const Secret *pin, Secret *ret_key,
                        Err *e);
        int (*by_passphrase)(Luks *l, int slot, Span passphrase, Secret *ret_key, Err *e);
        int (*activate)(Luks *l, const char *name, const Secret *key, LuksFlags flags, Err *e);
        void (*close)(Luks *l);
} LuksOps;

struct Luks {
        const LuksOps *ops;
};

/* As the header has it. */
static inline int luks_uuid(Luks *l, char ret[LUKS_UUID_MAX + 1], Err *e) {
        return l->ops->uuid(l, ret, e);
}

/* The tokens that the header has, by their ids. */
static inline int luks_tokens(Luks *l, LuksToken ret[LUKS_SLOTS], size_t *ret_n, Err *e) {
        return l->ops->tokens(l, ret, ret_n, e);
}

/* Has a token give its key, and the volume key with it (which has room for LUKS_KEY_MAX): returns
 * the slot. pin may be NULL. -ENOANO where it wants a PIN (or another one), -EAGAIN where its
 * hardware is not there; any other error (-ENOENT, too, for a TPM whose PCRs hold other values): it
 * was asked and does not open the volume. */
static inline int luks_by_token(
                Luks *l, const LuksToken *token, const Secret *pin, Secret *ret_key, Err *e) {
        return l->ops->by_token(l, token, pin, ret_key, e);
}

/* The same with a passphrase, in this slot or (-1) in any: -EPERM where it opens none, any other
 * error where it could not be asked. */
static inline int luks_by_passphrase(Luks *l, int slot, Span passphrase, Secret *ret_key, Err *e) {
        return l->ops->by_passphrase(l, slot, passphrase, ret_key, e);
}

/* Makes the volume a device, /dev/mapper/NAME; with no name, it is only looked whether the key is
 * the volume's. */
static inline int luks_activate(
                Luks *l, const char *name, const Secret *key, LuksFlags flags, Err *e) {
        return l->ops->activate(l, name, key, flags, e);
}

static inline void luks_close(Luks **l) {
        if (*l)
                (*l)->ops->close(*l);
        *l = NULL;
}

/* device: a block device, or a file; header: where it is elsewhere, or NULL. -EMEDIUMTYPE for what
 * is no LUKS2. Owner: luks_close(). */
int luks_open(const char *device, const char *header, Luks **ret, Err *e) _must_check_;

/* True where a device of this name is there already. */
bool luks_is_active(const char *name);

/* Takes the device of this name away; -EBUSY while it is used, -ENODEV where there is none. */
int luks_deactivate(const char *name, Err *e) _must_check_;
