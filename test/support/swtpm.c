/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/swtpm.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ATTEMPTS = 500, BETWEEN = 20000 }; /* microseconds: ten seconds in all */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where) {
        (void) st, (void) type, (void) where;
        return remove(path);
}

static int answers(const char *folder, const char *name) {
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd, rc;

        (void) snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", folder, name);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return 0;
        rc = connect(fd, (struct sockaddr *) &a, sizeof(a));
        (void) close(fd);
        return rc == 0;
}

static int spawn(Swtpm *s) {
        char state[96], server[96], control[96], messages[96];
        char *argv[] = { (char[]){ "setpriv" }, (char[]){ "--pdeathsig=KILL" }, (char[]){ "--" },
                (char[]){ "swtpm" }, (char[]){ "socket" }, (char[]){ "--tpm2" },
                (char[]){ "--tpmstate" }, state, (char[]){ "--server" }, server,
                (char[]){ "--ctrl" }, control, (char[]){ "--flags" },
                (char[]){ "not-need-init,startup-clear" }, NULL };
        posix_spawn_file_actions_t files;
        int rc;

        (void) snprintf(state, sizeof(state), "dir=%s", s->folder);
        (void) snprintf(server, sizeof(server), "type=unixio,path=%s/tpm", s->folder);
        /* libtss2-tcti-swtpm looks for the control socket under exactly this name */
        (void) snprintf(control, sizeof(control), "type=unixio,path=%s/tpm.ctrl", s->folder);
        (void) snprintf(messages, sizeof(messages), "%s/messages", s->folder);

        if (posix_spawn_file_actions_init(&files) != 0)
                return -1;
        /* it prints a line at each connection */
        rc = posix_spawn_file_actions_addopen(
                        &files, STDOUT_FILENO, messages, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (rc == 0)
                rc = posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
        if (rc == 0)
                rc = posix_spawnp(&s->pid, argv[0], &files, NULL, argv, environ);
        (void) posix_spawn_file_actions_destroy(&files);
        if (rc != 0) {
                fprintf(stderr, "swtpm: %s\n", strerror(rc));
                s->pid = 0;
                return -1;
        }
        return 0;
}

int swtpm_on(Swtpm *s) {
        if (spawn(s) < 0)
                return -1;
        for (int i = 0; i < ATTEMPTS; i++) {
                if (answers(s->folder, "tpm") && answers(s->folder, "tpm.ctrl"))
                        return 0;
                if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
                        fprintf(stderr, "swtpm: ended at once; see %s/messages\n", s->folder);
                        s->pid = 0;
                        return -1;
                }
                (void) usleep(BETWEEN);
        }
        fprintf(stderr, "swtpm: does not answer in %s\n", s->folder);
        swtpm_off(s);
        return -1;
}

int swtpm_start(Swtpm *ret) {
        Swtpm s = { .folder = "/tmp/avouch-swtpm-XXXXXX" };

        if (!mkdtemp(s.folder)) {
                perror(s.folder);
                return -1;
        }
        (void) snprintf(s.tcti, sizeof(s.tcti), "swtpm:path=%s/tpm", s.folder);
        *ret = s;
        return swtpm_on(ret);
}

void swtpm_off(Swtpm *s) {
        char path[96];

        if (s->pid <= 0)
                return;
        (void) kill(s->pid, SIGTERM);
        while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        s->pid = 0;
        /* else the next one could be met by a socket that nobody listens to */
        (void) snprintf(path, sizeof(path), "%s/tpm", s->folder);
        (void) unlink(path);
        (void) snprintf(path, sizeof(path), "%s/tpm.ctrl", s->folder);
        (void) unlink(path);
}

void swtpm_done(Swtpm *s) {
        swtpm_off(s);
        if (s->folder[0] != '\0')
                (void) nftw(s->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        s->folder[0] = '\0';
}
