/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verify/replay.h"
#include "wire/systemdlog.h"

/* Walking systemd's log, or an array of CEL records, record by record, with what the digests prove
 * of the words: a log's words are anybody's, unless a digest is over them. */

typedef enum SystemdProof {
        SYSTEMD_UNPROVEN, /* the words are not what was measured, or cut short, or none */
        SYSTEMD_KEYED,    /* an HMAC: that something was measured is all that can be seen */
        SYSTEMD_PROVEN,   /* every digest of the record is over these very words */
} SystemdProof;

typedef struct SystemdEntry {
        size_t n; /* which one, from 0 */
        SystemdRecord record;
        Span measured; /* what was measured where proof says so; else what the log tells */
        SystemdWords words;
        SystemdProof proof;
        bool cut; /* systemd left out what came behind 1024 bytes */
} SystemdEntry;

/* Owner: systemd_walk_done(). Entries borrow from the walk until its next step. */
typedef struct SystemdWalk {
        Span rest;        /* of a log, */
        Json array, next; /* or of an array */
        size_t n;
        bool unread; /* words are left alone, as for who only replays: entries have none */
        JsonToken tokens[SYSTEMD_RECORD_TOKENS_MAX];
        Buf text, plain;
} SystemdWalk;

SystemdWalk systemd_walk_log(Span log);
SystemdWalk systemd_walk_array(Json records);
void systemd_walk_done(SystemdWalk *w);

/* 1 and an entry; 0 at the end; -EBADMSG for what is no record: e names which. */
int systemd_walk_next(SystemdWalk *w, SystemdEntry *ret, Err *e) _must_check_;

/* Whether the record stands for an extend: an EV_NO_ACTION of firmware (TCG PC Client Platform
 * Firmware Profile, 10.4.1) does not. */
bool systemd_entry_extends(const SystemdEntry *entry);

/* Extends the replay by all records, and looks at no words. *ret_n: how many there are. */
int systemd_replay(SystemdWalk *w, Replay *r, size_t *ret_n, Err *e) _must_check_;
