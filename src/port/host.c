/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/host.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-login.h>
#include <unistd.h>

/* What /etc/machine-id is hashed with, so that our records do not give it away. Drawn once, for
 * ever. */
static const sd_id128_t application =
                SD_ID128_MAKE(5e, 1b, 66, 0d, 9c, 4e, 4a, 2b, 8f, 3d, 70, a2, 41, 7e, c9, 58);

int host_boot_id(uint8_t ret[16], Err *e) {
        sd_id128_t id;
        int rc = sd_id128_get_boot(&id);

        if (rc < 0)
                return err_set(e, rc, "cannot read this boot's id: %s", strerror(-rc));
        memcpy(ret, id.bytes, sizeof(id.bytes));
        return 0;
}

int host_machine_id(uint8_t ret[16], Err *e) {
        sd_id128_t id = SD_ID128_NULL;
        int rc = -ENOENT;

        /* what systemd calls so in an initrd is drawn for it, and forgotten with it */
        if (access("/etc/initrd-release", F_OK) < 0)
                rc = sd_id128_get_machine_app_specific(application, &id);

        if (rc == -ENOENT || rc == -ENOMEDIUM || rc == -ENOPKG || rc == -EUCLEAN)
                id = SD_ID128_NULL;
        else if (rc < 0)
                return err_set(e, rc, "/etc/machine-id: %s", strerror(-rc));
        memcpy(ret, id.bytes, sizeof(id.bytes));
        return 0;
}

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
