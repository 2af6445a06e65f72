/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum { WORDS_MAX = 8, WORD_MAX = 2048 };

/* What is run; the words end with NULL. */
typedef struct Words {
        char text[WORDS_MAX][WORD_MAX];
        const char *argv[WORDS_MAX + 1];
        size_t n;
} Words;

static void add_word(Words *w, const char *option, const char *value) {
        (void) snprintf(w->text[w->n], WORD_MAX, "%s%s", option, value);
        w->argv[w->n] = w->text[w->n];
        w->n++;
}

static void write_words(const Asking *a, Words *w) {
        add_word(w, "systemd-ask-password", "");
        add_word(w, "--icon=", "drive-harddisk");
        add_word(w, "--id=", a->id);
        add_word(w, "--timeout=", a->timeout && a->timeout[0] ? a->timeout : "0");
        if (a->echo && a->echo[0])
                add_word(w, "--echo=", a->echo);
        add_word(w, "--", "");
        add_word(w, a->message, "");
        w->argv[w->n] = NULL;
}

/* Runs in the child: its output is our pipe, its terminal ours. */
static void become(const Words *w, int output) {
        sigset_t none;

        (void) sigemptyset(&none);
        if (dup2(output, STDOUT_FILENO) >= 0 && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 &&
                        sigprocmask(SIG_SETMASK, &none, NULL) == 0)
                (void) execvp(w->argv[0], (char *const *) (uintptr_t) w->argv);
        _exit(errno == ENOENT ? 127 : 126);
}

static int wait_for(pid_t pid, int *ret) {
        while (waitpid(pid, ret, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

/* systemd-ask-password says why in its own words, on our stderr; its status says only that. */
static int why_none(int status, Err *e) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return err_set(e, -ENOENT, "there is no systemd-ask-password to ask by");
        return err_set(e, -ECANCELED, "nobody answered");
}

int ask_secret(const Asking *a, Secret *ret, Err *e) {
        _cleanup_(fd_done) int from = -1, to = -1;
        int p[2], status = 0, rc, ended;
        Words w = {};
        pid_t pid;

        write_words(a, &w);
        if (pipe2(p, O_CLOEXEC) < 0)
                return err_set(e, -errno, "systemd-ask-password: %s", strerror(errno));
        from = p[0];
        to = p[1];
        pid = fork();
        if (pid < 0)
                return err_set(e, -errno, "systemd-ask-password: %s", strerror(errno));
        if (pid == 0)
                become(&w, to);
        fd_done(&to);
        rc = secret_read_fd(from, "the answer", ret, e);
        fd_done(&from);
        ended = wait_for(pid, &status);
        if (rc < 0)
                return rc;
        if (ended < 0)
                return err_set(e, ended, "systemd-ask-password: %s", strerror(-ended));
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return why_none(status, e);
        if (ret->size > 0 && ret->data[ret->size - 1] == '\n')
                ret->size--;
        return 0;
}
