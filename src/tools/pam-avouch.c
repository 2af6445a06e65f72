/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* pam_avouch.so: the door to PAM. What a session is, and what to do about it, is decided in
 * login.c; the record is made by avouch-measure, a process of its own: no TPM library, no thread
 * and no lock of ours gets into sshd or sudo. */

#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>
#include <stdlib.h>
#include <syslog.h>

#include "tools/login.h"

static const char *item(pam_handle_t *h, int which) {
        const void *value = NULL;

        return pam_get_item(h, which, &value) == PAM_SUCCESS ? value : NULL;
}

/* Who comes in; of sudo and its like, who asks for it. */
static void ask_who(pam_handle_t *h, Login *l) {
        const char *user = item(h, PAM_RUSER);
        int kind = login_kind(l);
        const struct passwd *p;

        if (kind < 0 || strcmp(event_kinds[kind], "sudo") != 0 || !user || !user[0])
                user = item(h, PAM_USER);
        p = user ? pam_modutil_getpwnam(h, user) : NULL;
        l->user = user;
        l->uid = p ? p->pw_uid : UINT32_MAX;
}

static Login ask_pam(pam_handle_t *h) {
        Login l = {
                .service = item(h, PAM_SERVICE),
                .tty = item(h, PAM_TTY),
                .rhost = item(h, PAM_RHOST),
                .session = pam_getenv(h, "XDG_SESSION_ID"),
                .seat = pam_getenv(h, "XDG_SEAT"),
                .ssh = pam_getenv(h, "SSH_AUTH_INFO_0"),
                /* the word of whoever comes in, wherever it was said */
                .reason = pam_getenv(h, "AVOUCH_REASON") ?: getenv("AVOUCH_REASON"),
        };

        ask_who(h, &l);
        return l;
}

/* An answer is asked for where there is somebody who can give one: sshd shows texts by now, and
 * takes none. */
static char *ask_reason(pam_handle_t *h, const LoginRules *r, const Login *l, int flags) {
        char *answer = NULL;

        if (!r->ask || ((unsigned) flags & PAM_SILENT) || (l->reason && l->reason[0]) ||
                        login_is_remote(l))
                return NULL;
        return pam_prompt(h, PAM_PROMPT_ECHO_ON, &answer,
                               "Why is this machine opened? (on record for good) ") == PAM_SUCCESS
                               ? answer
                               : NULL;
}

static bool is_recorded(const LoginRules *r, const Login *l) {
        int kind = login_kind(l);

        return kind >= 0 && r->kinds[kind];
}

static void say(pam_handle_t *h, int flags, const char *text) {
        if (!((unsigned) flags & PAM_SILENT))
                (void) pam_info(h, "%s", text);
}

/* It could not be recorded: in with them, or out. */
static int judge(pam_handle_t *h, int flags, const LoginRules *r, const Login *l, const Err *e) {
        bool pass = login_may_pass(r, l);

        pam_syslog(h, LOG_CRIT, "not recorded, and %s: %s", pass ? "let in" : "turned away",
                        e->text);
        say(h, flags,
                        pass ? "avouch: this login could not be recorded."
                             : "avouch: this login could not be recorded, so it is refused.");
        return pass ? PAM_SUCCESS : PAM_SESSION_ERR;
}

int pam_sm_open_session(pam_handle_t *h, int flags, int argc, const char **argv) {
        Login l = ask_pam(h);
        char *answer = NULL;
        LoginRules r;
        Err e = {};
        int rc;

        rc = login_rules(argc, argv, &r, &e);
        if (rc == 0 && !is_recorded(&r, &l))
                return PAM_SUCCESS;
        if (rc == 0) {
                answer = ask_reason(h, &r, &l, flags);
                l.reason = answer ?: l.reason;
                rc = login_record(&r, &l, EVENT_GLASS_OPEN, &e);
        }
        if (rc < 0)
                rc = judge(h, flags, &r, &l, &e);
        else
                say(h, flags, "avouch: this login is on record. That cannot be undone, nor by a reboot.");
        free(answer);
        return rc;
}

int pam_sm_close_session(pam_handle_t *h, int flags, int argc, const char **argv) {
        Login l = ask_pam(h);
        LoginRules r;
        Err e = {};
        int rc;

        (void) flags;
        rc = login_rules(argc, argv, &r, &e);
        l.reason = NULL;
        if (rc == 0 && is_recorded(&r, &l))
                rc = login_record(&r, &l, EVENT_GLASS_CLOSE, &e);
        if (rc < 0) /* they are gone already */
                pam_syslog(h, LOG_ERR, "the end of a session is not recorded: %s", e.text);
        return PAM_SUCCESS;
}
