/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/unlockconf.h"
#include "port/luks.h"
#include "wire/content.h"

/* Opens a volume with the first key that does, and has recorded which before anybody can use it:
 *
 *     a key opens a slot -> unlock.open in log and register -> the volume is a device
 *
 * Keys are looked for in the key file, then in the tokens by their ids, then with whoever answers.
 * Each one that was asked and does not open the volume is an unlock.fail, recorded before the next
 * is tried. What cannot be recorded opens nothing. While somebody is asked, or a token works,
 * neither log nor register is held. */

/* What is asked for. */
typedef enum UnlockWant { UNLOCK_WANT_PASSPHRASE, UNLOCK_WANT_PIN } UnlockWant;

/* What the outside does for us. Owner: the caller. */
typedef struct Unlocker {
        Luks *luks;
        const UnlockLine *line;
        /* -ECANCELED where nobody answers */
        int (*ask)(const struct Unlocker *u, UnlockWant want, Secret *ret, Err *e);
        /* human: somebody was there, and it is counted (measure/odometer) where it is an opening */
        int (*record)(const struct Unlocker *u, Event event, const Member *members,
                        size_t n_members, bool human, Err *e);
        /* one line on what did not do, and why */
        void (*say)(const struct Unlocker *u, const char *text);
        void *user;
} Unlocker;

/* Which key it was. */
typedef struct UnlockKey {
        const char *method; /* one of event_methods */
        bool human;         /* somebody was there: typed it, or touched something */
        int slot;           /* -1 where none was opened */
        int token;          /* -1 where it has none */
} UnlockKey;

/* ret: what opened it, and was recorded. -EKEYREJECTED where no key did. */
int unlock_volume(const Unlocker *u, UnlockKey *ret, Err *e) _must_check_;
