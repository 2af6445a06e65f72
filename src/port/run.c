/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "port/interrupt.h"
#include "port/leeway.h"

/* LATE: for one that had its time already */
enum { CHUNK = 4096, GRACE_MILLISECONDS = 5000, TELL_MILLISECONDS = 200, LATE_MILLISECONDS = 100 };

/* What is to be run, and how. */
typedef struct Task {
        const char *const *argv;
        const char *const *environment; /* NULL: our own, in English; else it stands apart, too */
        const int *keep_fds;
        int milliseconds; /* until it has to have ended; -1: for ever */
        RunWatch watch;   /* with milliseconds -1 alone */
} Task;

/* What parent and child hold of each other. Owner: child_done(). */
typedef struct Child {
        pid_t pid;
        int exit_fd;   /* readable once the child has ended */
        int output_fd; /* what it prints */
        int exec_fd;   /* an errno where it could not be started, else nothing */
        int signal_fd; /* readable once a held signal came */
} Child;

static void child_done(Child *c) {
        fd_done(&c->exit_fd);
        fd_done(&c->output_fd);
        fd_done(&c->exec_fd);
        fd_done(&c->signal_fd);
}

/* The pipe's ends lie above the standard ones, even where our caller left those closed: the child
 * is to put its own there. */
static int pipe_above(int ret[2]) {
        int p[2];

        if (pipe2(p, O_CLOEXEC) < 0)
                return -errno;
        for (int i = 0; i < 2; i++) {
                ret[i] = p[i] > STDERR_FILENO ? p[i] : fcntl(p[i], F_DUPFD_CLOEXEC, 3);
                if (ret[i] != p[i])
                        (void) close(p[i]);
        }
        return ret[0] < 0 || ret[1] < 0 ? -EMFILE : 0;
}

/* Our own environment, in English and without what would speak against the arguments. */
static int arrange_environment(void) {
        static const char *const unwanted[] = { "SOURCE_DATE_EPOCH", "TAR_OPTIONS" };

        for (size_t i = 0; i < ELEMENTS(unwanted); i++)
                if (unsetenv(unwanted[i]) < 0)
                        return -errno;
        if (setenv("LC_ALL", "C", 1) < 0 || setenv("MKE2FS_CONFIG", "/dev/null", 1) < 0)
                return -errno;
        return 0;
}

/* Our caller may be a program that somebody started with the rights of another (su): whoever that
 * is must not be able to end or to stop the child by a signal or a key, nor to leave it so little
 * room or time that it fails. */
static int stand_apart(void) {
        static const struct {
                __rlimit_resource_t which;
                rlim_t least;
        } limits[] = {
                { RLIMIT_CPU, RLIM_INFINITY },
                { RLIMIT_FSIZE, RLIM_INFINITY },
                { RLIMIT_STACK, 8 * 1024 * 1024 },
        };
        uid_t user = geteuid();

        /* whom a signal may come from is asked of the real user id (kill(2)) */
        if (setresuid(user, user, user) < 0 || setsid() < 0)
                return -errno;
        (void) leeway_take(); /* for good */
        for (size_t i = 0; i < ELEMENTS(limits); i++)
                leeway_raise(limits[i].which, limits[i].least);
        (void) sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){});
        (void) setpriority(PRIO_PROCESS, 0, 0);
        (void) umask(077);
        return 0;
}

/* A signal to all of a control group, which whoever asks may be allowed to send (loginctl(1),
 * kill-session), and which systemd sends where it closes a session, is not to end the child either.
 * What the kernel itself raises comes all the same. */
static void ignore_signals(void) {
        for (int s = 1; s <= SIGRTMAX; s++)
                if (s != SIGCHLD) /* a child that is ignored cannot be waited for */
                        (void) signal(s, SIG_IGN);
}

static int arrange_signals(const Task *t) {
        sigset_t none;

        (void) sigemptyset(&none);
        (void) signal(SIGPIPE, SIG_DFL);
        if (t->environment)
                ignore_signals();
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
                return -errno;
        return 0;
}

/* Runs in the child, between fork and exec. */
static int arrange(const Task *t, int output) {
        int null, rc = t->environment ? stand_apart() : arrange_environment();

        if (rc < 0)
                return rc;
        null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        /* standard input first: where our caller left it closed, null itself may be a lower number
         */
        if (null < 0 || (null != STDIN_FILENO && dup2(null, STDIN_FILENO) < 0) ||
                        fcntl(STDIN_FILENO, F_SETFD, 0) < 0)
                return -errno;
        if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
                return -errno;

        if (close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
                return -errno;
        for (const int *fd = t->keep_fds; fd && *fd >= 0; fd++)
                if (fcntl(*fd, F_SETFD, 0) < 0)
                        return -errno;
        return arrange_signals(t);
}

static void become(const Task *t, int output, int exec_fd) {
        /* exec takes words that it does not change as if it did (POSIX, exec, rationale) */
        char *const *argv = (char *const *) (uintptr_t) t->argv;
        char *const *environment = (char *const *) (uintptr_t) t->environment;
        int rc = arrange(t, output);

        if (rc == 0) {
                (void) (environment ? execve(argv[0], argv, environment) : execvp(argv[0], argv));
                rc = -errno;
        }
        if (write(exec_fd, &rc, sizeof(rc)) != (ssize_t) sizeof(rc))
                _exit(126);
        _exit(127);
}

static int start(const Task *t, Child *ret) {
        _cleanup_(child_done) Child c = {
                .exit_fd = -1, .output_fd = -1, .exec_fd = -1, .signal_fd = -1
        };
        _cleanup_(fd_done) int exec_end = -1, output_end = -1;
        sigset_t held = interrupt_held();
        int p[2], rc;

        rc = pipe_above(p);
        if (rc < 0)
                return rc;
        c.output_fd = p[0];
        output_end = p[1];
        rc = pipe_above(p);
        if (rc < 0)
                return rc;
        c.exec_fd = p[0];
        exec_end = p[1];
        /* behind a door they are not ours: who asks can have them wait for us before exec */
        if (!t->environment) {
                c.signal_fd = signalfd(-1, &held, SFD_CLOEXEC);
                if (c.signal_fd < 0)
                        return -errno;
        }
        if (fcntl(c.output_fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;

        c.pid = fork();
        if (c.pid < 0)
                return -errno;
        if (c.pid == 0)
                become(t, output_end, exec_end);
        c.exit_fd = pidfd_open(c.pid, 0);
        if (c.exit_fd < 0) {
                rc = -errno;
                (void) kill(c.pid, SIGKILL);
                (void) waitpid(c.pid, NULL, 0);
                return rc;
        }

        *ret = c;
        c = (Child){ .exit_fd = -1, .output_fd = -1, .exec_fd = -1, .signal_fd = -1 };
        return 0;
}

/* Takes what is there to be read. False at the end of the pipe. */
static bool take_output(int fd, Buf *output) {
        uint8_t chunk[CHUNK];

        for (;;) {
                ssize_t n = read(fd, chunk, sizeof(chunk));
                size_t fits = output->failed < 0 ? 0 : output->max - output->size;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN;
                if (n == 0)
                        return false;
                buf_bytes(output, (Span){ chunk, fits < (size_t) n ? fits : (size_t) n });
        }
}

static bool has_ended_within(const Child *c, int milliseconds) {
        struct pollfd p = { c->exit_fd, POLLIN, 0 };
        int n;

        do
                n = poll(&p, 1, milliseconds);
        while (n < 0 && errno == EINTR);
        return n > 0;
}

/* Asks the child to end, and makes it. */
static void end_child(const Child *c, int grace) {
        (void) kill(c->pid, SIGTERM);
        if (!has_ended_within(c, grace))
                (void) kill(c->pid, SIGKILL);
}

static int64_t now_milliseconds(void) {
        struct timespec t = {};

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the child has ended: its output may be held open longer, by what it started itself. */
static int watch(const Child *c, const Task *t, Buf *output) {
        int milliseconds = t->milliseconds;
        int64_t left = t->watch.tell ? TELL_MILLISECONDS : milliseconds;
        int64_t end = now_milliseconds() + milliseconds;
        struct pollfd p[] = {
                { c->exit_fd, POLLIN, 0 },
                { c->signal_fd, POLLIN, 0 },
                { c->output_fd, POLLIN, 0 },
        };

        for (;;) {
                if (poll(p, ELEMENTS(p), (int) left) < 0 && errno != EINTR) {
                        end_child(c, GRACE_MILLISECONDS);
                        return -EIO;
                }
                if (t->watch.tell)
                        t->watch.tell(t->watch.user);
                if (milliseconds >= 0)
                        left = end - now_milliseconds();
                if (milliseconds >= 0 && left <= 0 && p[0].revents == 0) {
                        end_child(c, LATE_MILLISECONDS);
                        return -ETIMEDOUT;
                }
                if (p[2].revents != 0 && !take_output(c->output_fd, output))
                        p[2].fd = -1;
                if (p[0].revents != 0)
                        return 0;
                if (p[1].revents != 0) {
                        end_child(c, GRACE_MILLISECONDS);
                        return -EINTR;
                }
        }
}

/* The last line that has something in it. */
static Span last_line(const Buf *output) {
        Span all = buf_span(output);
        size_t begin;

        while (all.size > 0 && memchr(" \n\r\t", all.data[all.size - 1], 4))
                all.size--;
        begin = all.size;
        while (begin > 0 && all.data[begin - 1] != '\n')
                begin--;
        return span_from(all, begin);
}

static int judge(const char *name, int status, const Buf *output, Err *e) {
        Span line = last_line(output);
        int shown = line.size < 200 ? (int) line.size : 200;

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (WIFSIGNALED(status))
                return err_set(e, -EIO, "%s was ended by signal %d (%s)", name, WTERMSIG(status),
                                strsignal(WTERMSIG(status)));
        if (line.size == 0)
                return err_set(e, -EIO, "%s failed with status %d and said nothing", name,
                                WEXITSTATUS(status));
        return err_set(e, -EIO, "%s failed with status %d: %.*s", name, WEXITSTATUS(status), shown,
                        (const char *) line.data);
}

static int refuse(const char *name, int why, Err *e) {
        if (why == -ENOENT)
                return err_set(e, why, "%s: there is no such program on PATH", name);
        return err_set(e, why, "cannot start %s: %s", name, strerror(-why));
}

static int run(const Task *t, Buf *output, Err *e) {
        _cleanup_(child_done) Child c = {
                .exit_fd = -1, .output_fd = -1, .exec_fd = -1, .signal_fd = -1
        };
        const char *name = t->argv[0];
        int rc, not_started = 0, status = 0;

        rc = start(t, &c);
        if (rc < 0)
                return err_set(e, rc, "%s cannot be watched over: %s", name, strerror(-rc));

        rc = watch(&c, t, output);
        if (rc == -ETIMEDOUT &&
                        !has_ended_within(&c,
                                        LATE_MILLISECONDS)) /* it sits in the kernel; we do not */
                return err_set(e, rc, "%s did not end within %d s, nor when it was told to", name,
                                t->milliseconds / 1000);
        while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
                ;
        (void) take_output(c.output_fd, output);
        if (rc == -EINTR)
                return err_set(e, rc, "interrupted while %s ran", name);
        if (rc == -ETIMEDOUT)
                return err_set(e, rc, "%s did not end within %d s", name, t->milliseconds / 1000);
        if (rc < 0)
                return err_set(e, rc, "lost sight of %s", name);

        if (read(c.exec_fd, &not_started, sizeof(not_started)) == (ssize_t) sizeof(not_started))
                return refuse(name, not_started, e);
        return judge(name, status, output, e);
}

int run_program(const char *const argv[], const int *keep_fds, Buf *output, Err *e) {
        return run_program_watched(argv, keep_fds, &(RunWatch){}, output, e);
}

int run_program_watched(const char *const argv[], const int *keep_fds, const RunWatch *w,
                Buf *output, Err *e) {
        for (const int *fd = keep_fds; fd && *fd >= 0; fd++)
                if (*fd <= STDERR_FILENO)
                        return err_set(e, -EBADF,
                                        "cannot start %s: standard input, output or error is closed",
                                        argv[0]);
        return run(&(Task){ .argv = argv, .keep_fds = keep_fds, .milliseconds = -1, .watch = *w },
                        output, e);
}

int run_program_within(const char *const argv[], const char *const environment[], unsigned seconds,
                Buf *output, Err *e) {
        const Task t = {
                .argv = argv, .environment = environment, .milliseconds = (int) seconds * 1000
        };
        struct sigaction mine = { .sa_handler = SIG_DFL }, theirs;
        Interrupt interrupt;
        int rc;

        if (sigaction(SIGCHLD, &mine, &theirs) < 0)
                return err_set(e, -errno, "%s cannot be waited for: %s", argv[0], strerror(errno));
        interrupt = interrupt_hold();
        rc = run(&t, output, e);
        interrupt_release(&interrupt);
        (void) sigaction(SIGCHLD, &theirs, NULL);
        return rc;
}
