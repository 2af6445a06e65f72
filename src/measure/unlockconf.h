/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/limits.h"

/* unlock.conf(5): the volumes that avouch unlocks, a line each, as crypttab(5) has them: name,
 * device, key file, options. What crypttab means by an option is what it means here; one that is
 * not known, or that has no place with LUKS2, is refused: a line that is not understood must not
 * look as if it were obeyed. */

#define UNLOCK_CONF_FILE "unlock.conf"

typedef enum UnlockFlags {
        UNLOCK_READ_ONLY = 1 << 0, /* read-only */
        UNLOCK_DISCARD = 1 << 1,   /* discard */
        UNLOCK_SAME_CPU = 1 << 2,  /* same-cpu-crypt */
        UNLOCK_SUBMIT = 1 << 3,    /* submit-from-crypt-cpus */
        UNLOCK_NO_READ_QUEUE = 1 << 4,
        UNLOCK_NO_WRITE_QUEUE = 1 << 5,
        UNLOCK_HEADLESS = 1 << 6, /* headless=: nobody is asked */
        UNLOCK_TPM2 = 1 << 7,     /* tpm2-device=auto: of the tokens, those of these kinds alone */
        UNLOCK_FIDO2 = 1 << 8,
        UNLOCK_PKCS11 = 1 << 9,
        UNLOCK_NOAUTO = 1 << 10, /* the rest is for the boot, not for the volume */
        UNLOCK_NOFAIL = 1 << 11,
        UNLOCK_NETDEV = 1 << 12,
        UNLOCK_IN_INITRD = 1 << 13, /* x-initrd.attach */
} UnlockFlags;

/* A word as it is to be handed on; empty where there is none. */
typedef struct UnlockWord {
        char text[UNLOCK_WORD_MAX + 1];
} UnlockWord;

/* One volume. A value. */
typedef struct UnlockLine {
        unsigned line; /* from 1 */
        UnlockFlags flags;
        char name[UNLOCK_NAME_MAX + 1];
        UnlockWord device;             /* a path; UUID= and the like have become one in /dev/disk */
        UnlockWord key;                /* a path; empty: there is none */
        UnlockWord header;             /* a path; empty: on the device */
        UnlockWord device_timeout;     /* x-systemd.device-timeout=, as systemd takes it */
        UnlockWord timeout;            /* timeout=, the same */
        UnlockWord echo;               /* password-echo= */
        int64_t key_slot;              /* key-slot=; -1: any */
        uint64_t key_offset, key_size; /* keyfile-offset=, keyfile-size=; size 0: to its end */
        uint64_t tries;                /* tries=; 0: for ever */
} UnlockLine;

typedef struct UnlockConf {
        Span text, rest;
        unsigned line;
} UnlockConf;

static inline UnlockConf unlock_conf_over(Span text) {
        return (UnlockConf){ .text = text, .rest = text };
}

/* 1 and a line, 0 at the end, -EBADMSG for a line that is wrong, or the second of its name: e names
 * it, and the next call goes on behind it. */
int unlock_conf_next(UnlockConf *c, UnlockLine *ret, Err *e) _must_check_;

/* The line of a volume, of two the first. -ENOENT where there is none, -EBADMSG where it is wrong;
 * what is wrong with other lines is theirs. */
int unlock_conf_find(Span text, const char *name, UnlockLine *ret, Err *e) _must_check_;
