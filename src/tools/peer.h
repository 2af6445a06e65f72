/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "measure/config.h"

/* Who speaks on the socket, and what they may. */

typedef struct Peer {
        int fd;       /* -1: none */
        uint32_t uid; /* by SO_PEERCRED: who connected, whoever writes since */
        bool may_note;
        Buf in; /* what came and is no whole call yet */
} Peer;

/* Takes a connection over and asks the kernel who it is. ret owns fd then: peer_done(). */
int peer_open(int fd, const Config *config, Peer *ret, Err *e) _must_check_;
void peer_done(Peer *p);
