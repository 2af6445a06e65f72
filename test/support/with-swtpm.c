/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "support/swtpm.h"

extern char **environ;

/* with-swtpm COMMAND [ARGUMENT...]: runs it with a software TPM of its own, which $TPM2TOOLS_TCTI
 * names ($SWTPM_SOCKET is its socket, $SWTPM_PID the process), and which is gone when it ends,
 * however it ends. Exits as the command does. */
int main(int argc, char **argv) {
        char socket[sizeof(((Swtpm *) NULL)->folder) + 8], number[16];
        int status = 0;
        Swtpm s;
        pid_t pid;
        int rc;

        if (argc < 2)
                return 2;
        if (swtpm_start(&s) < 0)
                return 3;
        (void) snprintf(socket, sizeof(socket), "%s/tpm", s.folder);
        (void) setenv("TPM2TOOLS_TCTI", s.tcti, 1);
        (void) setenv("SWTPM_SOCKET", socket, 1);
        (void) snprintf(number, sizeof(number), "%d", (int) s.pid);
        (void) setenv("SWTPM_PID", number, 1);
        rc = posix_spawnp(&pid, argv[1], NULL, NULL, argv + 1, environ);
        if (rc != 0) {
                fprintf(stderr, "%s: %s\n", argv[1], strerror(rc));
                swtpm_done(&s);
                return 3;
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        swtpm_done(&s);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
