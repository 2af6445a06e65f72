/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/machine.h"

/* The socket: records for those who ask, one after another, from a process that stays.
 * Varlink-shaped (varlink.org): calls and answers are JSON, each with a NUL behind it.
 *
 * Root may record any event, others notes where avouch.conf(5) lists them, and so many in a time;
 * what is left out is recorded as note.lost. The log's lock is given up between calls. */

/* Serves the listening socket that the service manager hands over (sd_listen_fds(3)), until nobody
 * has asked for IDLE_SECONDS or SIGTERM comes. -EINVAL where none was handed over. */
int serve(Machine *m, Err *e) _must_check_;

/* The file descriptor that was handed over, before anything else is opened. */
int serve_listener(int *ret, Err *e) _must_check_;
