/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/host.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-login.h>
#include <unistd.h>

/* Copies as much as fits; what libsystemd hands out is freed. */
static void take(char *into, size_t size, char *text) {
        if (text)
                (void) snprintf(into, size, "%s", text);
        free(text);
}

static void find_terminal(char *into, size_t size) {
        const char *name = ttyname(STDIN_FILENO);

        if (name)
                (void) snprintf(into, size, "%s", name);
}

int host_caller(Caller *ret, Err *e) {
        Caller c = { .uid = getuid() };
        uid_t owner = c.uid;
        char *text = NULL;
        struct passwd *user;

        (void) e;
        if (sd_pid_get_session(0, &text) >= 0) {
                /* the session's owner is who logged in, whatever sudo made of them since */
                if (sd_session_get_uid(text, &owner) < 0)
                        owner = c.uid;
                take(c.session, sizeof(c.session), text);
        }
        c.uid = owner;
        find_terminal(c.tty, sizeof(c.tty));

        user = getpwuid(owner);
        if (user)
                (void) snprintf(c.user, sizeof(c.user), "%s", user->pw_name);
        else
                (void) snprintf(c.user, sizeof(c.user), "%u", (unsigned) owner);
        *ret = c;
        return 0;
}
