/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "port/interrupt.h"
#include "port/run.h"

#define ARGV(...) ((const char *[]){ __VA_ARGS__, NULL })
#define SHELL(script) ARGV("sh", "-c", script)

static void assert_printed(const Buf *output, const char *expected) {
        Span printed;

        assert_int_equal(buf_end(output, &printed), 0);
        assert_int_equal(printed.size, strlen(expected));
        assert_true(span_is(printed, expected));
}

static void what_it_printed_is_handed_out_in_its_order(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
        Err e = {};

        (void) state;
        assert_int_equal(
                        run_program(SHELL("echo one; echo two >&2; echo three"), NULL, &output, &e),
                        0);
        assert_printed(&output, "one\ntwo\nthree\n");
        assert_int_equal(e.code, 0);
}

static void a_failure_carries_status_and_last_line(void **state) {
        static const struct {
                const char *script, *text;
        } cases[] = {
                { "echo first; echo the reason >&2; exit 3",
                                "sh failed with status 3: the reason" },
                { "printf 'no newline'; exit 1", "sh failed with status 1: no newline" },
                { "printf 'blank lines after\\n\\n \\n'; exit 1",
                                "sh failed with status 1: blank lines after" },
                { "exit 42", "sh failed with status 42 and said nothing" },
                { "kill -KILL $$", "sh was ended by signal 9 (Killed)" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
                Err e = {};

                assert_int_equal(run_program(SHELL(cases[i].script), NULL, &output, &e), -EIO);
                assert_string_equal(e.text, cases[i].text);
        }
}

static void a_program_that_is_not_there_is_named(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
        char *before = strdup(getenv("PATH") ?: "/usr/bin:/bin");
        Err e = {};

        (void) state;
        assert_non_null(before);
        assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0); /* others may be closed to us */
        assert_int_equal(run_program(ARGV("avouch-no-such-program"), NULL, &output, &e), -ENOENT);
        assert_string_equal(e.text, "avouch-no-such-program: there is no such program on PATH");
        assert_int_equal(setenv("PATH", before, 1), 0);
        free(before);
}

static void a_file_that_is_no_program_is_refused(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
        Err e = {};

        (void) state;
        assert_int_equal(run_program(ARGV("/etc/passwd"), NULL, &output, &e), -EACCES);
        assert_string_equal(e.text, "cannot start /etc/passwd: Permission denied");
}

static void output_beyond_the_bound_is_dropped_and_the_child_goes_on(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(10);
        Err e = {};

        (void) state;
        assert_int_equal(run_program(SHELL("i=0; while [ $i -lt 30000 ]; do echo 0123456; "
                                           "i=$((i+1)); done"),
                                         NULL, &output, &e),
                        0);
        assert_printed(&output, "0123456\n01");
}

static void words_are_not_read_by_a_shell(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);

        (void) state;
        assert_int_equal(run_program(ARGV("printf", "%s|", "$HOME `id` ; exit 1", "*", "a\nb"),
                                         NULL, &output, NULL),
                        0);
        assert_printed(&output, "$HOME `id` ; exit 1|*|a\nb|");
}

static void the_environment_does_not_speak_against_the_arguments(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);

        (void) state;
        assert_int_equal(setenv("SOURCE_DATE_EPOCH", "1", 1), 0);
        assert_int_equal(setenv("MKE2FS_CONFIG", "/etc/other.conf", 1), 0);
        assert_int_equal(setenv("TAR_OPTIONS", "--exclude=*", 1), 0);
        assert_int_equal(run_program(SHELL("echo $LC_ALL ${SOURCE_DATE_EPOCH-unset} $MKE2FS_CONFIG "
                                           "${TAR_OPTIONS-unset}"),
                                         NULL, &output, NULL),
                        0);
        assert_printed(&output, "C unset /dev/null unset\n");
        assert_string_equal(getenv("SOURCE_DATE_EPOCH"), "1"); /* ours stays */
        assert_int_equal(unsetenv("SOURCE_DATE_EPOCH"), 0);
        assert_int_equal(unsetenv("MKE2FS_CONFIG"), 0);
        assert_int_equal(unsetenv("TAR_OPTIONS"), 0);
}

static void standard_input_is_empty(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);

        (void) state;
        assert_int_equal(run_program(ARGV("cat"), NULL, &output, NULL), 0);
        assert_printed(&output, "");
}

/* Also those that were opened without O_CLOEXEC, by whoever. */
static void only_the_files_that_are_kept_reach_the_child(void **state) {
        _cleanup_(fd_done) int kept = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        _cleanup_(fd_done) int stray = open("/etc/passwd", O_RDONLY);
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
        char script[128];

        (void) state;
        assert_true(kept > 2 && stray > 2);
        (void) snprintf(script, sizeof(script),
                        "for f in /proc/$$/fd/*; do [ $f -ef /etc/passwd ] && echo ${f##*/}; done; "
                        "echo end");
        assert_int_equal(run_program(SHELL(script), (int[]){ kept, -1 }, &output, NULL), 0);
        (void) snprintf(script, sizeof(script), "%d\nend\n", kept);
        assert_printed(&output, script);
        assert_true(fcntl(kept, F_GETFD) & FD_CLOEXEC); /* our own stays as it was */

        buf_done(&output);
        assert_int_equal(run_program(SHELL("cd /proc/$$/fd; echo *"), NULL, &output, NULL), 0);
        assert_null(memmem(output.data, output.size, "3 ", 2));
}

static void a_child_that_leaves_its_output_open_elsewhere_is_not_waited_for(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
        uint64_t pid;

        (void) state;
        assert_int_equal(run_program(SHELL("sleep 1000 & printf $!"), NULL, &output, NULL), 0);
        assert_true(text_number(buf_span(&output), INT32_MAX, &pid));
        assert_int_equal(kill((pid_t) pid, SIGKILL), 0);
}

static void closed_standard_files_are_no_harm(void **state) {
        pid_t pid = fork();
        int status;

        (void) state;
        assert_true(pid >= 0);
        if (pid == 0) {
                _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
                int rc;

                for (int fd = 0; fd < 3; fd++)
                        (void) close(fd);
                rc = run_program(SHELL("cat; echo out; echo err >&2"), NULL, &output, NULL);
                _exit(rc == 0 && span_is(buf_span(&output), "out\nerr\n") ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void a_held_signal_ends_the_child_and_stays_for_us(void **state) {
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                pid_t pid = fork();
                int status;

                assert_true(pid >= 0);
                if (pid == 0) {
                        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
                        Interrupt interrupt;
                        char script[64];
                        Err e = {};

                        /* whoever runs this may have it ignored, as nohup does */
                        (void) signal(signals[i], SIG_DFL);
                        interrupt = interrupt_hold();
                        /* the child sends the signal to us, and would never end by itself */
                        (void) snprintf(script, sizeof(script), "kill -%d $PPID; exec sleep 1000",
                                        signals[i]);
                        if (interrupt_check(NULL) != 0 ||
                                        run_program(SHELL(script), NULL, &output, &e) != -EINTR ||
                                        interrupt_check(NULL) != -EINTR)
                                _exit(1);
                        interrupt_release(&interrupt);
                        _exit(2);
                }
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status));
                assert_int_equal(WTERMSIG(status), signals[i]);
        }
}

static void an_ignored_signal_is_not_held(void **state) {
        pid_t pid = fork();
        int status;

        (void) state;
        assert_true(pid >= 0);
        if (pid == 0) {
                Interrupt interrupt;

                (void) signal(SIGHUP, SIG_IGN);
                interrupt = interrupt_hold();
                (void) raise(SIGHUP);
                if (interrupt_check(NULL) != 0)
                        _exit(1);
                interrupt_release(&interrupt);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void a_held_signal_ends_a_wait(void **state) {
        pid_t pid = fork();
        int status;

        (void) state;
        assert_true(pid >= 0);
        if (pid == 0) {
                Interrupt interrupt;
                int p[2];

                (void) signal(SIGTERM, SIG_DFL);
                interrupt = interrupt_hold();
                if (pipe(p) < 0 || write(p[1], "x", 1) != 1 || interrupt_wait(p[0], NULL) != 0)
                        _exit(1); /* there was something */
                if (read(p[0], &status, 1) != 1 || raise(SIGTERM) != 0 ||
                                interrupt_wait(p[0], NULL) != -EINTR)
                        _exit(2);
                interrupt_release(&interrupt);
                _exit(3);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void the_child_does_not_inherit_what_we_hold(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
        Interrupt interrupt = interrupt_hold();

        (void) state;
        assert_int_equal(run_program(SHELL("grep SigBlk /proc/self/status"), NULL, &output, NULL),
                        0);
        interrupt_release(&interrupt);
        assert_printed(&output, "SigBlk:\t0000000000000000\n");
}

#define NOTHING ((const char *[]){ NULL })

static void who_is_late_is_ended(void **state) {
        static const char *const scripts[] = { "exec sleep 1000",
                "trap '' TERM; while :; do :; done", "echo before; exec sleep 1000" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(scripts); i++) {
                _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
                Err e = {};

                assert_int_equal(run_program_within(ARGV("/bin/sh", "-c", scripts[i]), NOTHING, 1,
                                                 &output, &e),
                                -ETIMEDOUT);
                assert_string_equal(e.text, "/bin/sh did not end within 1 s");
                assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* none is left */
        }
}

static void who_is_in_time_is_not(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
        Err e = {};

        (void) state;
        assert_int_equal(run_program_within(ARGV("/bin/sh", "-c", "echo done"), NOTHING, 60,
                                         &output, NULL),
                        0);
        assert_printed(&output, "done\n");
        assert_int_equal(run_program_within(
                                         ARGV("/bin/sh", "-c", "exit 3"), NOTHING, 60, &output, &e),
                        -EIO);
}

/* A variable of who asks for a session must not reach a program that runs as root. */
static void the_environment_is_what_we_say(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);

        (void) state;
        assert_int_equal(setenv("AVOUCH_LOG_DIR", "/tmp/mine", 1), 0);
        assert_int_equal(run_program_within(ARGV("/usr/bin/env"), ARGV("A=1", "B=two words"), 60,
                                         &output, NULL),
                        0);
        assert_int_equal(unsetenv("AVOUCH_LOG_DIR"), 0);
        assert_printed(&output, "A=1\nB=two words\n");
}

/* What a child says of itself when it was started by somebody who wants it to fail. */
static void run_hindered(const char *script, void (*hinder)(void), const char *expected) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);

                hinder();
                if (run_program_within(ARGV("/bin/sh", "-pc", script), NOTHING, 60, &output, NULL) <
                                0)
                        _exit(1);
                _exit(span_is(buf_span(&output), expected) ? 0 : 2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void be_what_we_are(void) {
}

static void leave_no_room(void) {
        static const __rlimit_resource_t limits[] = { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE,
                RLIMIT_STACK };

        for (size_t i = 0; i < ELEMENTS(limits); i++) {
                struct rlimit l;

                assert_int_equal(getrlimit(limits[i], &l), 0);
                l.rlim_cur = limits[i] == RLIMIT_FSIZE ? 0 : 512;
                l.rlim_cur *= limits[i] == RLIMIT_STACK ? 1024 : 1;
                assert_int_equal(setrlimit(limits[i], &l), 0);
        }
        (void) umask(0);
}

static void be_slow(void) {
        (void) sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){});
        (void) setpriority(PRIO_PROCESS, 0, 10);
}

static void be_set_user_id(void) {
        (void) !setresuid(65534, geteuid(), geteuid()); /* where we may: as root */
}

/* A key that is pressed reaches the processes of a terminal's session, and a signal of any user
 * those whose real user id is theirs: a login is not to be kept off the record by either. */
static void no_key_and_no_signal_of_who_asks_reaches_the_child(void **state) {
        char ids[64];

        (void) state;
        run_hindered("read -r all </proc/$$/stat; set -- $all; echo $(($1 == $5)) $(($1 == $6))",
                        be_what_we_are, "1 1\n");
        (void) snprintf(ids, sizeof(ids), "%u %u %u %u\n", geteuid(), geteuid(), geteuid(),
                        geteuid());
        run_hindered("while read -r name ids; do case $name in Uid:) echo $ids;; esac; done "
                     "</proc/$$/status",
                        be_set_user_id, ids);
}

static void what_who_asks_has_left_of_room_and_time_is_not_the_childs(void **state) {
        (void) state;
        run_hindered("ulimit -t; ulimit -f; ulimit -n; ulimit -s; umask", leave_no_room,
                        "unlimited\nunlimited\n1024\n8192\n0077\n");
        run_hindered("read -r all </proc/$$/stat; set -- $all; echo ${19} ${41}", be_slow,
                        geteuid() == 0 ? "0 0\n" : "10 0\n");
}

static unsigned ended;

static void count_ended(int signal) {
        (void) signal;
        ended++;
        (void) waitpid(-1, NULL, WNOHANG);
}

/* sshd, sudo and others look after their children; ours is not among them. */
static void the_caller_does_not_see_our_child(void **state) {
        struct sigaction theirs = { .sa_handler = count_ended }, now;

        (void) state;
        assert_int_equal(sigaction(SIGCHLD, &theirs, NULL), 0);
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);

                assert_int_equal(run_program_within(ARGV("/bin/sh", "-c", "exit 0"), NOTHING, 60,
                                                 &output, NULL),
                                0);
        }
        assert_int_equal(ended, 0);
        assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
        assert_true(now.sa_handler == count_ended);
        (void) signal(SIGCHLD, SIG_IGN); /* nobody waits at all */
        {
                _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);

                assert_int_equal(run_program_within(ARGV("/bin/sh", "-c", "exit 3"), NOTHING, 60,
                                                 &output, NULL),
                                -EIO);
        }
        (void) signal(SIGCHLD, SIG_DFL);
}

static void count(void *user) {
        (*(unsigned *) user)++;
}

/* While it runs, and not more often than the child says something or some time goes by. */
static void who_watches_is_told(void **state) {
        _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
        unsigned told = 0;

        (void) state;
        assert_int_equal(
                        run_program_watched((const char *[]){ "sleep", "1", NULL }, NULL,
                                        &(RunWatch){ .tell = count, .user = &told }, &output, NULL),
                        0);
        assert_in_range(told, 1, 20);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_it_printed_is_handed_out_in_its_order),
                cmocka_unit_test(a_failure_carries_status_and_last_line),
                cmocka_unit_test(a_program_that_is_not_there_is_named),
                cmocka_unit_test(a_file_that_is_no_program_is_refused),
                cmocka_unit_test(output_beyond_the_bound_is_dropped_and_the_child_goes_on),
                cmocka_unit_test(words_are_not_read_by_a_shell),
                cmocka_unit_test(the_environment_does_not_speak_against_the_arguments),
                cmocka_unit_test(standard_input_is_empty),
                cmocka_unit_test(only_the_files_that_are_kept_reach_the_child),
                cmocka_unit_test(a_child_that_leaves_its_output_open_elsewhere_is_not_waited_for),
                cmocka_unit_test(closed_standard_files_are_no_harm),
                cmocka_unit_test(a_held_signal_ends_the_child_and_stays_for_us),
                cmocka_unit_test(an_ignored_signal_is_not_held),
                cmocka_unit_test(who_is_late_is_ended),
                cmocka_unit_test(who_is_in_time_is_not),
                cmocka_unit_test(the_environment_is_what_we_say),
                cmocka_unit_test(no_key_and_no_signal_of_who_asks_reaches_the_child),
                cmocka_unit_test(what_who_asks_has_left_of_room_and_time_is_not_the_childs),
                cmocka_unit_test(the_caller_does_not_see_our_child),
                cmocka_unit_test(a_held_signal_ends_a_wait),
                cmocka_unit_test(the_child_does_not_inherit_what_we_hold),
                cmocka_unit_test(who_watches_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
