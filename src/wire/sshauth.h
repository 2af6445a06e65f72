/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/limits.h"

/* What sshd says of how somebody got in: $SSH_AUTH_INFO_0 in the environment of a PAM session
 * (OpenSSH 7.8 and later, auth-pam.c), and the file that ExposeAuthInfo= of sshd_config(5) names. A
 * line for each method that was passed:
 *
 *     publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5...
 *     keyboard-interactive/pam
 *
 * Methods are those of RFC 4252, section 7 ff., with what sshd adds behind a slash; the key is its
 * wire form in base64. Whoever logs in chose the key, so nothing of it is believed but its bytes.
 */
typedef struct SshAuth {
        struct {
                Span name; /* "publickey", "keyboard-interactive/pam" */
                Span type; /* of the key; empty where there is none */
                Span key;  /* base64, letters of its alphabet only; empty where there is none */
        } methods[SSH_METHODS_MAX];
        size_t n_methods; /* at least 1 */
} SshAuth;

/* Strict: empty lines, other separators than one blank, a word too many are refused. Borrows. */
int ssh_auth_parse(Span text, SshAuth *ret, Err *e) _must_check_;
