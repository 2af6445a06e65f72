/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tools/progress.h"

/* A terminal: what is written to .slave is read from .master. */
typedef struct Terminal {
        int master, slave;
} Terminal;

static void terminal_open(Terminal *t) {
        t->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        assert_true(t->master >= 0);
        assert_int_equal(grantpt(t->master), 0);
        assert_int_equal(unlockpt(t->master), 0);
        t->slave = open(ptsname(t->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(t->slave >= 0);
}

static void terminal_done(Terminal *t) {
        fd_done(&t->master);
        fd_done(&t->slave);
}

static void assert_drawn(const Terminal *t, const char *expected) {
        char text[512] = "";
        ssize_t n = read(t->master, text, sizeof(text) - 1);

        text[n > 0 ? n : 0] = '\0';
        assert_string_equal(text, expected);
}

static void it_is_drawn_after_a_second_and_wiped_away(void **state) {
        _cleanup_(terminal_done) Terminal t;
        Progress p = progress_begin("verifying");
        Watcher w = progress_watcher(&p);

        (void) state;
        terminal_open(&t);
        p.fd = t.slave;
        assert_int_equal(w.look(w.user, 1, 4, NULL), 0);
        assert_drawn(&t, "");
        progress_end(&p);
        assert_drawn(&t, "");

        p.begin -= 2000;
        assert_int_equal(w.look(w.user, 1, 4, NULL), 0);
        assert_drawn(&t, "\rverifying [##########..............................]  25 %");
        assert_int_equal(w.look(w.user, 1, 4, NULL), 0); /* nothing new */
        assert_drawn(&t, "");
        assert_int_equal(w.look(w.user, UINT64_C(1) << 56, UINT64_C(1) << 56, NULL), 0);
        assert_drawn(&t, "\rverifying [########################################] 100 %");
        progress_end(&p);
        assert_drawn(&t, "\r\033[K");
        progress_end(&p);
        assert_drawn(&t, "");
}

static void only_a_terminal_is_drawn_to(void **state) {
        _cleanup_(terminal_done) Terminal t;
        _cleanup_(fd_done) int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), null = -1;

        (void) state;
        terminal_open(&t);
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        assert_true(dup2(null, STDERR_FILENO) >= 0);
        assert_int_equal(progress_begin("x").fd, -1);
        assert_true(dup2(t.slave, STDERR_FILENO) >= 0);
        assert_int_equal(progress_begin("x").fd, STDERR_FILENO);
        assert_true(dup2(before, STDERR_FILENO) >= 0);
}

static void no_terminal_no_bar(void **state) {
        Progress p = { .what = "x", .fd = -1 };
        Watcher w = progress_watcher(&p);

        (void) state;
        assert_int_equal(w.look(w.user, 1, 4, NULL), 0);
        assert_int_equal(p.shown, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_drawn_after_a_second_and_wiped_away),
                cmocka_unit_test(only_a_terminal_is_drawn_to),
                cmocka_unit_test(no_terminal_no_bar),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
