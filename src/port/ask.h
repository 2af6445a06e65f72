/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/secret.h"

/* Asks whoever sits in front of the machine, by systemd-ask-password(1): on the terminal, the
 * console of a boot, or wherever an agent of theirs listens. */

typedef struct Asking {
        const char *message;
        const char *id;      /* for agents, "avouch:/dev/sda2" */
        const char *timeout; /* as systemd takes it; NULL or empty: for ever */
        const char *echo;    /* yes, no, masked; NULL or empty: as systemd has it */
} Asking;

/* The longest answer, as systemd's agents have it. */
enum { ASK_MAX = 1024 };

/* Takes the answer over, without the end of its line. -ECANCELED where there was none in time, or
 * somebody said no; -ENOENT where there is no systemd-ask-password. */
int ask_secret(const Asking *a, Secret *ret, Err *e) _must_check_;
