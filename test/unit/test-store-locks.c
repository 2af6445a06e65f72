/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/stored.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* A second process with the log. It is made before this one opens anything: a lock is held until
 * every copy of the descriptor is closed. */
typedef struct Other {
        pid_t pid;
        int says, hears;
} Other;

static char other_does(char what, const Folder *f, Store **s, int *shared) {
        char first = '\0';

        switch (what) {
        case 'o': /* opens it for writing, and waits for as long as it takes */
                return store_open_file(f->path, 600, s, NULL) == 0 ? 'y' : 'n';
        case 't': /* tries to */
                return store_open_file(f->path, 0, s, NULL) == 0 ? 'y' : 'n';
        case 'r': /* opens it for reading, and tells its first byte */
                if (store_open_shared(f->path, 600, shared, NULL) != 1)
                        return 'n';
                return (char) (pread(*shared, &first, 1, 0) == 1 ? first : '-');
        case 'a': /* appends a line */
                return store_append(*s, SPAN_LITERAL("other\n"), NULL) == 0 ? 'y' : 'n';
        default: /* closes it */
                store_close(s);
                fd_done(shared);
                return 'y';
        }
}

static Other other_new(const Folder *f) {
        int says[2], hears[2], shared = -1;
        Store *s = NULL;
        Other o;
        char c;

        assert_true(pipe2(says, O_CLOEXEC) == 0 && pipe2(hears, O_CLOEXEC) == 0);
        o = (Other){ fork(), says[0], hears[1] };
        assert_true(o.pid >= 0);
        if (o.pid > 0) {
                fd_done(&says[1]);
                fd_done(&hears[0]);
                return o;
        }
        fd_done(&hears[1]);
        while (read(hears[0], &c, 1) == 1) {
                c = other_does(c, f, &s, &shared);
                if (write(says[1], &c, 1) != 1)
                        _exit(1);
        }
        _exit(0);
}

static void other_done(Other *o) {
        int status;

        fd_done(&o->hears);
        assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
        assert_int_equal(status, 0);
        fd_done(&o->says);
}

static void tell(const Other *o, char what) {
        assert_int_equal(write(o->hears, &what, 1), 1);
}

static char answer(const Other *o) {
        char c = 0;

        assert_int_equal(read(o->says, &c, 1), 1);
        return c;
}

static char ask(const Other *o, char what) {
        tell(o, what);
        return answer(o);
}

static void two_writers_take_turns(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Other o = other_new(&f);
        Store *s = NULL;
        Err e = {};

        (void) state;
        assert_int_equal(ask(&o, 'o'), 'y');
        assert_int_equal(store_open_file(f.path, 0, &s, &e), -EBUSY);
        assert_non_null(strstr(e.text, "another program holds the log"));
        assert_null(s);
        assert_int_equal(ask(&o, 'a'), 'y');
        assert_int_equal(ask(&o, 'c'), 'y');

        s = opened(&f);
        assert_int_equal(ask(&o, 't'), 'n');
        tell(&o, 'o'); /* it waits, until the log is closed here */
        assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
        store_close(&s);
        assert_int_equal(answer(&o), 'y');
        assert_int_equal(ask(&o, 'a'), 'y');
        other_done(&o);
        assert_true(folder_holds(&f, LOG_FILE, "other\none\nother\n"));
}

static void readers_share_the_log_and_keep_writers_out(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(fd_done) int fd = -1, second = -1;
        Other o = other_new(&f);
        char byte;
        Err e = {};

        (void) state;
        assert_int_equal(ask(&o, 'o'), 'y');
        assert_int_equal(ask(&o, 'a'), 'y');
        assert_int_equal(store_open_shared(f.path, 0, &fd, &e), -EBUSY);
        assert_non_null(strstr(e.text, LOG_FILE ": another program holds the log"));
        assert_int_equal(fd, -1);
        assert_int_equal(ask(&o, 'c'), 'y');

        assert_int_equal(store_open_shared(f.path, 0, &fd, NULL), 1);
        assert_int_equal(store_open_shared(f.path, 0, &second, NULL), 1);
        assert_int_equal(ask(&o, 'r'), 'o');
        assert_int_equal(ask(&o, 't'), 'n');
        assert_int_equal(read(fd, &byte, 1), 1);
        assert_int_equal(write(fd, &byte, 1), -1);
        fd_done(&fd);
        fd_done(&second);
        assert_int_equal(ask(&o, 'c'), 'y');
        assert_int_equal(ask(&o, 't'), 'y');
        other_done(&o);
}

/* Waits until a process has the log open, and so asks for its lock. */
static void wait_for_open(pid_t pid, const char *path) {
        for (bool found = false; !found;) {
                struct dirent *entry;
                char folder[64];
                DIR *d;

                (void) snprintf(folder, sizeof(folder), "/proc/%d/fd", (int) pid);
                d = opendir(folder);
                assert_non_null(d);
                while ((entry = readdir(d))) {
                        char link[512], target[512];
                        ssize_t n;

                        (void) snprintf(link, sizeof(link), "%s/%s", folder, entry->d_name);
                        n = readlink(link, target, sizeof(target));
                        found = found || (n >= 0 && (size_t) n == strlen(path) &&
                                                         memcmp(target, path, (size_t) n) == 0);
                }
                (void) closedir(d);
        }
}

static void who_waits_for_a_log_that_is_put_aside_gets_the_new_one(void **state) {
        (void) state;
        for (int reads = 0; reads < 2; reads++) {
                _cleanup_(folder_done) Folder f = folder_new();
                Other o = other_new(&f);
                Store *s = opened(&f);

                assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
                tell(&o, reads ? 'r' : 'o');
                wait_for_open(o.pid, folder_path(&f, LOG_FILE));
                assert_int_equal(store_retire(s, "old", NULL), 0);
                assert_int_equal(store_append(s, SPAN_LITERAL("two\n"), NULL), 0);
                store_close(&s);
                assert_int_equal(answer(&o), reads ? 't' : 'y');
                if (!reads)
                        assert_int_equal(ask(&o, 'a'), 'y');
                other_done(&o);
                assert_true(folder_holds(&f, "old.log", "one\n"));
                assert_true(folder_holds(&f, LOG_FILE, reads ? "two\n" : "two\nother\n"));
        }
}

static void who_waits_for_a_log_that_is_removed_begins_another(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Other o = other_new(&f);
        Store *s = opened(&f);

        (void) state;
        assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
        tell(&o, 'o');
        wait_for_open(o.pid, folder_path(&f, LOG_FILE));
        assert_int_equal(unlink(folder_path(&f, LOG_FILE)), 0);
        store_close(&s);
        assert_int_equal(answer(&o), 'y');
        assert_int_equal(ask(&o, 'a'), 'y');
        other_done(&o);
        assert_true(folder_holds(&f, LOG_FILE, "other\n"));
}

static void nobody_gets_between_the_old_log_and_the_new_one(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Other o = other_new(&f);
        Store *s = opened(&f);

        (void) state;
        assert_int_equal(store_retire(s, "old", NULL), 0);
        assert_int_equal(ask(&o, 't'), 'n'); /* the new one is held as the old one was */
        store_close(&s);
        assert_int_equal(ask(&o, 't'), 'y');
        other_done(&o);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_writers_take_turns),
                cmocka_unit_test(readers_share_the_log_and_keep_writers_out),
                cmocka_unit_test(who_waits_for_a_log_that_is_put_aside_gets_the_new_one),
                cmocka_unit_test(who_waits_for_a_log_that_is_removed_begins_another),
                cmocka_unit_test(nobody_gets_between_the_old_log_and_the_new_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
