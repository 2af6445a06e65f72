/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/file.h"

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

int interrupt_wait(int fd, Err *e) {
        const sigset_t held = interrupt_held();
        _cleanup_(fd_done) int come = signalfd(-1, &held, SFD_CLOEXEC);
        struct pollfd p[] = { { fd, POLLIN, 0 }, { come, POLLIN, 0 } };
        int n;

        if (come < 0)
                return err_set(e, -errno, "signals cannot be waited for: %s", strerror(errno));
        do
                n = poll(p, ELEMENTS(p), -1);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return err_set(e, -errno, "cannot wait: %s", strerror(errno));
        return p[1].revents != 0 ? err_set(e, -EINTR, "interrupted") : 0;
}

void interrupt_release(const Interrupt *i) {
        (void) sigprocmask(SIG_SETMASK, &i->before, NULL);
}
