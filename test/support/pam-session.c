/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* pam-session FOLDER SERVICE USER [NAME=VALUE...]: opens a session as login or sshd would, with the
 * rules of FOLDER/SERVICE, and closes it again. tty=, rhost= and ruser= are PAM's items, the others
 * go into its environment. Prints what the user is shown; a question is answered with $ANSWER.
 * Exits with 1 where the session is refused. */

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/macro.h"

static int converse(int n, const struct pam_message **m, struct pam_response **ret, void *data) {
        struct pam_response *answers = calloc((size_t) n, sizeof(*answers));

        (void) data;
        for (int i = 0; answers && i < n; i++) {
                printf("%s\n", m[i]->msg);
                if (m[i]->msg_style == PAM_PROMPT_ECHO_ON)
                        answers[i].resp = strdup(getenv("ANSWER") ?: "");
        }
        *ret = answers;
        return answers ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int set(pam_handle_t *h, const char *word) {
        static const struct {
                const char *name;
                int item;
        } items[] = { { "tty=", PAM_TTY }, { "rhost=", PAM_RHOST }, { "ruser=", PAM_RUSER } };

        for (size_t i = 0; i < ELEMENTS(items); i++)
                if (strncmp(word, items[i].name, strlen(items[i].name)) == 0)
                        return pam_set_item(h, items[i].item, word + strlen(items[i].name));
        return pam_putenv(h, word);
}

int main(int argc, char **argv) {
        const struct pam_conv conv = { converse, NULL };
        pam_handle_t *h = NULL;
        int rc;

        if (argc < 4 || pam_start_confdir(argv[2], argv[3], &conv, argv[1], &h) != PAM_SUCCESS)
                return 2;
        for (int i = 4; i < argc; i++)
                if (set(h, argv[i]) != PAM_SUCCESS)
                        return 2;
        rc = pam_open_session(h, 0);
        printf("%s\n", rc == PAM_SUCCESS ? "in" : pam_strerror(h, rc));
        (void) fflush(stdout);
        if (rc == PAM_SUCCESS)
                rc = pam_close_session(h, 0);
        (void) pam_end(h, rc);
        if (waitpid(-1, NULL, WNOHANG) != -1) /* the module leaves no child behind */
                return 3;
        return rc == PAM_SUCCESS ? 0 : 1;
}
