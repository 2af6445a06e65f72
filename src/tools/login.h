/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/event.h"

/* A login as a record: what pam_avouch.so has to decide, and no word of PAM. */

/* What happens to a login that could not be recorded. */
typedef enum LoginFailure {
        LOGIN_CONSOLE, /* let in at the console, turned away from afar */
        LOGIN_DENY,
        LOGIN_ALLOW,
} LoginFailure;

/* The words behind pam_avouch.so in a file of pam.d. Texts are borrowed from there. */
typedef struct LoginRules {
        LoginFailure on_failure;   /* on-tpm-failure= */
        bool kinds[EVENT_KINDS];   /* kinds=: which are recorded, in the order of event_kinds */
        bool ask;                  /* ask: for a reason, where there is somebody to ask */
        unsigned seconds;          /* timeout=: until it counts as failed */
        const char *program, *tpm; /* program=, tpm=; NULL: as always */
} LoginRules;

/* -EINVAL names the first word that is wrong. All others hold in *ret, wherever they stand, and the
 * defaults do for the rest: who has to decide about a failure can. */
int login_rules(int n, const char *const *words, LoginRules *ret, Err *e) _must_check_;

/* Who comes in, and how. Texts are foreign, and NULL or empty where nothing is known. */
typedef struct Login {
        const char *service, *user, *tty, *rhost, *session, *seat, *reason;
        const char *ssh; /* $SSH_AUTH_INFO_0 */
        uint32_t uid;
} Login;

/* Which kind of opening a session of this service is: one of event_kinds, by its place there. -1
 * where no human comes in: timers, the user's own service manager, a greeter. */
int login_kind(const Login *l);

/* True where somebody comes in from afar, or may: a host is named, or the service is one that is
 * asked from afar. Of a service that is not known, the console is where it says so: by a terminal
 * of the machine's own, or by a seat. */
bool login_is_remote(const Login *l);

/* Records the event (EVENT_GLASS_OPEN, EVENT_GLASS_CLOSE) by running avouch-measure, which outlives
 * no timeout. */
int login_record(const LoginRules *rules, const Login *l, Event event, Err *e) _must_check_;

/* Whether a login that could not be recorded is let in all the same. */
bool login_may_pass(const LoginRules *rules, const Login *l);
