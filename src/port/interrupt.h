/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "base/err.h"

/* SIGINT, SIGTERM and SIGHUP at a moment that suits us: while they are held they wait, so that a
 * program which has something to clear away can ask for them, return through its callers, and only
 * then be ended by the very signal that came. */
typedef struct Interrupt {
        sigset_t before;
} Interrupt;

/* From here on the three signals wait; those that our caller has us ignore (nohup) stay ignored. */
Interrupt interrupt_hold(void);

/* The signals that are waited for and end the work: those of the three that are held. */
sigset_t interrupt_held(void);

/* -EINTR where one of them came, 0 otherwise. */
int interrupt_check(Err *e) _must_check_;

/* Waits until there is something to be read, or the end of it. -EINTR where one of the signals that
 * are held comes first. */
int interrupt_wait(int fd, Err *e) _must_check_;

/* Back to what was before. A signal that came takes effect here, and as a rule does not return. */
void interrupt_release(const Interrupt *i);
