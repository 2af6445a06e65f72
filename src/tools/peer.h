/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/config.h"

/* Who speaks on the socket, what they may, and how often. */

typedef struct Peer {
        int fd;       /* -1: none */
        uint32_t uid; /* by SO_PEERCRED: who connected, whoever writes since */
        bool may_note;
        Buf in; /* what came and is no whole call yet */
} Peer;

/* Takes a connection over and asks the kernel who it is. ret owns fd then: peer_done(). */
int peer_open(int fd, const Config *config, Peer *ret, Err *e) _must_check_;
void peer_done(Peer *p);

/* How many notes each user wrote lately. */
enum { METERS_MAX = 64 };

typedef struct Meter {
        uint32_t uid;
        int64_t since; /* microseconds, CLOCK_BOOTTIME */
        uint32_t notes;
} Meter;

typedef struct Meters {
        Meter meters[METERS_MAX];
        size_t n;
} Meters;

/* False where this user has had as many as the configuration allows. */
bool meters_allow(Meters *m, uint32_t uid, int64_t now, const Config *config);
