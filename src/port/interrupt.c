/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/interrupt.h"

#include <errno.h>
#include <stddef.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

Interrupt interrupt_hold(void) {
        Interrupt i = {};
        sigset_t hold;

        (void) sigemptyset(&hold);
        for (size_t n = 0; n < ELEMENTS(signals); n++) {
                struct sigaction now = {};

                /* a signal that is held counts as come even where it is ignored */
                if (sigaction(signals[n], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
                        (void) sigaddset(&hold, signals[n]);
        }
        (void) sigprocmask(SIG_BLOCK, &hold, &i.before);
        return i;
}

sigset_t interrupt_held(void) {
        sigset_t blocked, held;

        (void) sigemptyset(&held);
        (void) sigemptyset(&blocked);
        (void) sigprocmask(SIG_BLOCK, NULL, &blocked);
        for (size_t n = 0; n < ELEMENTS(signals); n++)
                if (sigismember(&blocked, signals[n]) == 1)
                        (void) sigaddset(&held, signals[n]);
        return held;
}

int interrupt_check(Err *e) {
        sigset_t pending;

        /* what is pending is held: another would have ended us */
        (void) sigemptyset(&pending);
        (void) sigpending(&pending);
        for (size_t n = 0; n < ELEMENTS(signals); n++)
                if (sigismember(&pending, signals[n]) == 1)
                        return err_set(e, -EINTR, "interrupted");
        return 0;
}

void interrupt_release(const Interrupt *i) {
        (void) sigprocmask(SIG_SETMASK, &i->before, NULL);
}
