/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "port/run.h"
#include "support/scratch.h"

/* How a process ends that has a script run behind a door, started with these signals waiting. */
static int outcome(const char *script, const int *waiting) {
        const char *const argv[] = { "/bin/sh", "-c", script, NULL };
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                _cleanup_(buf_done) Buf output = BUF_UP_TO(1024);
                sigset_t held;

                /* whoever runs this may have it ignored, as nohup does */
                (void) signal(SIGINT, SIG_DFL);
                (void) signal(SIGTERM, SIG_DFL);
                (void) signal(SIGHUP, SIG_DFL);
                (void) sigemptyset(&held);
                for (const int *s = waiting; *s; s++)
                        (void) sigaddset(&held, *s);
                (void) sigprocmask(SIG_SETMASK, &held, NULL);
                for (const int *s = waiting; *s; s++)
                        (void) raise(*s);
                _exit(run_program_within(argv, (const char *[]){ NULL }, 60, &output, NULL) == 0 &&
                                                                span_is(buf_span(&output), "in\n")
                                                ? 0
                                                : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

/* As exec leaves them to us, of a set-user-id program too. */
static void what_waits_for_who_asks_does_not_end_the_child(void **state) {
        (void) state;
        assert_int_equal(outcome("sleep 1; echo in",
                                         (const int[]){ SIGINT, SIGTERM, SIGHUP, SIGUSR1, 0 }),
                        0);
}

static void what_is_sent_to_all_does_not_end_the_child(void **state) {
        (void) state;
        assert_int_equal(outcome("for s in $(seq 64); do\n"
                                 "case $s in 9|17|19|32|33) ;; *) kill -$s $$ ;; esac\n"
                                 "done\n"
                                 "echo in",
                                         (const int[]){ 0 }),
                        0);
}

/* Who asks is ended by it, once the record is made. */
static void what_comes_to_us_waits_until_the_child_has_ended(void **state) {
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                _cleanup_(scratch_done) Scratch s = scratch_new();
                char script[PATH_MAX + 64];
                int status;

                (void) snprintf(script, sizeof(script), "kill -%d $PPID; sleep 1; echo in >%s",
                                signals[i], scratch_path(&s, "made").text);
                status = outcome(script, (const int[]){ 0 });
                assert_true(WIFSIGNALED(status));
                assert_int_equal(WTERMSIG(status), signals[i]);
                assert_int_equal(access(scratch_path(&s, "made").text, F_OK), 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_waits_for_who_asks_does_not_end_the_child),
                cmocka_unit_test(what_is_sent_to_all_does_not_end_the_child),
                cmocka_unit_test(what_comes_to_us_waits_until_the_child_has_ended),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
