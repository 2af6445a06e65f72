/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/libc.h"

static mode_t mode_of(const char *path) {
        struct stat st;

        assert_int_equal(lstat(path, &st), 0);
        return st.st_mode & 07777;
}

static void what_is_appended_stays(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Store *s = opened(&f);

        (void) state;
        assert_loads(s, "");
        assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
        assert_int_equal(store_append(s, SPAN_LITERAL("two\n"), NULL), 0);
        assert_loads(s, "one\ntwo\n");
        assert_loads(s, "one\ntwo\n"); /* from its beginning each time */
        store_close(&s);
        assert_null(s);
        store_close(&s);

        s = opened(&f);
        assert_int_equal(store_append(s, SPAN_LITERAL("three\n"), NULL), 0);
        assert_loads(s, "one\ntwo\nthree\n");
        for (int n = 0; n < 2; n++) { /* it is cut, and synced */
                libc_fail_after(LIBC_FILES, n, EIO, false);
                assert_int_equal(store_cut(s, 8, NULL), -EIO);
                assert_int_equal(libc_heal(), 1);
        }
        assert_int_equal(store_cut(s, 8, NULL), 0);
        assert_loads(s, "one\ntwo\n");
        assert_int_equal(store_append(s, SPAN_LITERAL("four\n"), NULL), 0);
        assert_loads(s, "one\ntwo\nfour\n");
        store_close(&s);
        assert_string_equal(folder_names(&f), LOG_FILE " ");
}

static void a_log_is_loaded_up_to_the_bufs_limit(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2);
        Store *s = opened(&f);
        Err e = {};

        (void) state;
        assert_int_equal(store_append(s, SPAN_LITERAL("one"), NULL), 0);
        assert_int_equal(store_load(s, &b, &e), -E2BIG);
        assert_non_null(strstr(e.text, "/" LOG_FILE ": larger than the 2 bytes"));
        store_close(&s);
}

static void log_and_folder_are_their_owners_alone(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        mode_t mask = umask(0);
        Store *s = NULL;

        (void) state;
        assert_int_equal(store_open_file(folder_path(&f, "log/avouch"), 0, &s, NULL), 0);
        assert_int_equal(mode_of(folder_path(&f, "log")), 0755); /* others have logs there too */
        assert_int_equal(mode_of(folder_path(&f, "log/avouch")), 0700);
        assert_int_equal(mode_of(folder_path(&f, "log/avouch/" LOG_FILE)), 0600);
        assert_int_equal(store_retire(s, "old", NULL), 0);
        assert_int_equal(mode_of(folder_path(&f, "log/avouch/" LOG_FILE)), 0600);
        assert_int_equal(mode_of(folder_path(&f, "log/avouch/old.log")), 0600);
        store_close(&s);
        (void) umask(mask);
}

static void where_there_is_no_log_there_is_nothing_to_read(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        int fd = -1;
        Err e = {};

        (void) state;
        assert_int_equal(store_open_shared(f.path, 0, &fd, &e), 0);
        assert_int_equal(store_open_shared(folder_path(&f, "missing"), 0, &fd, &e), 0);
        assert_int_equal(e.code, 0);
        assert_string_equal(folder_names(&f), ""); /* a reader makes nothing */
        folder_write(&f, "file", SPAN_LITERAL("x"));
        assert_int_equal(store_open_shared(folder_path(&f, "file"), 0, &fd, &e), -ENOTDIR);
        assert_non_null(strstr(e.text, "/file: cannot be opened"));
        assert_int_equal(fd, -1);
}

static void what_is_read_is_named_by_its_whole_path(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(3), small = BUF_UP_TO(2);
        int fd = -1;
        Err e = {};

        (void) state;
        assert_int_equal(store_read_shared(f.path, "x", 0, &b, &fd, &e), 0);
        folder_write(&f, "x", SPAN_LITERAL("abc"));
        assert_int_equal(store_read_shared(f.path, "x", 0, &b, &fd, &e), 1);
        assert_true(span_is(buf_span(&b), "abc"));
        fd_done(&fd);
        assert_int_equal(store_read_shared(f.path, "x", 0, &small, &fd, &e), -E2BIG);
        assert_non_null(strstr(e.text, folder_path(&f, "x")));
        fd_done(&fd);
}

static void a_mark_outlasts_the_log(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Store *s = opened(&f);

        (void) state;
        assert_int_equal(store_knows(s, "ab", NULL), 0);
        for (int i = 0; i < 2; i++)
                assert_int_equal(store_mark(s, "abc", NULL), 0);
        assert_int_equal(store_knows(s, "ab", NULL), 1);
        assert_int_equal(store_knows(s, "b", NULL), 0);
        assert_int_equal(mode_of(folder_path(&f, "abc.begun")), 0600);
        store_close(&s);
        assert_int_equal(unlink(folder_path(&f, LOG_FILE)), 0);
        s = opened(&f);
        assert_int_equal(store_knows(s, "abc", NULL), 1);
        libc_fail_after(LIBC_FILES, 0, ENOSPC, false);
        assert_int_equal(store_mark(s, "abd", NULL), -ENOSPC);
        assert_int_equal(libc_heal(), 1);
        store_close(&s);
}

static void what_is_no_file_in_the_logs_place_is_refused(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        const char *targets[] = { "target", "missing", NULL, NULL };

        (void) state;
        folder_write(&f, "target", SPAN_LITERAL("theirs"));
        for (size_t i = 0; i < ELEMENTS(targets); i++) {
                const char *path = folder_path(&f, LOG_FILE);
                Store *s = NULL;
                int fd = -1;
                Err e = {};

                if (targets[i])
                        assert_int_equal(symlink(targets[i], path), 0);
                else
                        assert_int_equal(i == 2 ? mkfifo(path, 0600) : mkdir(path, 0700), 0);
                assert_true(store_open_file(f.path, 0, &s, &e) < 0);
                assert_non_null(strstr(e.text, "/" LOG_FILE ": "));
                assert_null(s);
                e = (Err){};
                assert_true(store_open_shared(f.path, 0, &fd, &e) < 0);
                assert_non_null(strstr(e.text, "/" LOG_FILE ": "));
                assert_int_equal(fd, -1);
                assert_string_equal(folder_names(&f), LOG_FILE " target ");
                assert_true(folder_holds(&f, "target", "theirs"));
                assert_int_equal(remove(folder_path(&f, LOG_FILE)), 0);
        }
}

/* Whichever call fails, once or from then on: the log is as it was. The next line stands behind
 * whole lines. */
static void a_failed_append_leaves_the_log_as_it_was(void **state) {
        (void) state;
        for (int for_ever = 0; for_ever < 2; for_ever++) {
                int n = 0, rc;

                do {
                        _cleanup_(folder_done) Folder f = folder_new();
                        Store *s = opened(&f);

                        assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
                        libc_fail_after(LIBC_FILES, n++, EIO, for_ever);
                        rc = store_append(s, SPAN_LITERAL("lost\n"), NULL);
                        if (libc_heal() == 0)
                                assert_int_equal(rc, 0);
                        else
                                assert_int_equal(rc, -EIO);
                        if (!for_ever)
                                assert_loads(s, rc < 0 ? "one\n" : "one\nlost\n");
                        assert_int_equal(store_append(s, SPAN_LITERAL("two\n"), NULL), 0);
                        assert_loads(s, rc < 0 ? "one\ntwo\n" : "one\nlost\ntwo\n");
                        store_close(&s);
                } while (rc < 0);
                assert_int_equal(n, 4); /* it is measured, written and synced */
        }
}

static void a_full_disk_tears_nothing(void **state) {
        (void) state;
        for (int cut_fails = 0; cut_fails < 2; cut_fails++) {
                _cleanup_(folder_done) Folder f = folder_new();
                struct rlimit before, six = { .rlim_cur = 6 };
                Store *s = opened(&f);

                assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
                assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
                six.rlim_max = before.rlim_max;
                assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
                assert_int_equal(setrlimit(RLIMIT_FSIZE, &six), 0);
                if (cut_fails) /* after it was measured and half of it written */
                        libc_fail_after(LIBC_FILES, 3, EIO, true);
                assert_int_equal(store_append(s, SPAN_LITERAL("two\n"), NULL), -EFBIG);
                assert_int_equal(libc_heal(), cut_fails);
                assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
                assert_true(signal(SIGXFSZ, SIG_DFL) != SIG_ERR);

                assert_true(folder_holds(&f, LOG_FILE, cut_fails ? "one\ntw" : "one\n"));
                assert_int_equal(store_append(s, SPAN_LITERAL("two\n"), NULL), 0);
                assert_true(folder_holds(&f, LOG_FILE, "one\ntwo\n"));
                store_close(&s);
        }
}

static void nothing_is_written_behind_half_a_line(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Store *s = opened(&f);
        Err e = {};

        (void) state;
        assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
        libc_fail_after(LIBC_FILES, 2, EIO, true); /* written, and neither synced nor cut */
        assert_int_equal(store_append(s, SPAN_LITERAL("two\n"), NULL), -EIO);
        libc_fail_after(LIBC_FILES, 0, EIO, false);
        assert_int_equal(store_append(s, SPAN_LITERAL("three\n"), &e), -EIO);
        assert_non_null(strstr(e.text, "cannot be cut to its last whole record"));
        assert_int_equal(libc_heal(), 1);
        assert_int_equal(store_append(s, SPAN_LITERAL("four\n"), NULL), 0);
        assert_loads(s, "one\nfour\n");
        store_close(&s);
}

static void any_call_may_fail_while_a_log_is_opened(void **state) {
        int n = 0, rc, depth = 0;

        (void) state;
        do {
                _cleanup_(folder_done) Folder f = folder_new();
                Store *s = NULL;
                Err e = {};

                depth = 1;
                for (const char *p = f.path; *p; p++)
                        depth += *p == '/';
                libc_fail_after(LIBC_FILES | LIBC_MEMORY, n++, EIO, false);
                rc = store_open_file(folder_path(&f, "log"), 0, &s, &e);
                assert_int_equal(libc_heal(), rc < 0);
                assert_int_equal(s == NULL, rc < 0);
                assert_int_equal(e.code, rc);
                store_close(&s);
                assert_int_equal(store_open_file(folder_path(&f, "log"), 0, &s, NULL), 0);
                store_close(&s);
        } while (rc < 0);
        /* each folder of its path; memory, folder, path, log, what it is, its lock, who has its
         * name, how long it is, and as it is new, the folder's sync; and once nothing */
        assert_int_equal(n, depth + 10);
        n = 0;
        do {
                _cleanup_(folder_done) Folder f = folder_new();
                Store *s = opened(&f);
                int fd = -1;

                store_close(&s);
                libc_fail_after(LIBC_FILES, n++, EIO, false);
                rc = store_open_shared(f.path, 0, &fd, NULL);
                assert_int_equal(libc_heal(), rc < 0);
                assert_int_equal(fd >= 0, rc == 1);
                fd_done(&fd);
        } while (rc < 0);
        assert_int_equal(n, 6); /* folder, log, what it is, its lock, who has its name */
}

static void an_interrupted_lock_is_asked_for_again(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Store *s = opened(&f);
        int n = 0, fd = -1;

        (void) state;
        store_close(&s);
        do {
                fd_done(&fd);
                libc_fail_after(LIBC_FILES, n++, EINTR, false);
        } while (store_open_shared(f.path, 0, &fd, NULL) < 0);
        assert_int_equal(libc_heal(), 1); /* of the five only the lock goes on */
        assert_int_equal(n, 4);
        fd_done(&fd);
}

static void a_log_is_put_aside_under_a_name_of_its_own(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Store *s = opened(&f);

        (void) state;
        folder_write(&f, "old.1.log", SPAN_LITERAL("theirs"));
        for (char c = '0'; c < '3'; c++) {
                assert_int_equal(store_append(s, (Span){ (const uint8_t *) &c, 1 }, NULL), 0);
                assert_int_equal(store_retire(s, "old", NULL), 0);
                assert_loads(s, "");
        }
        assert_int_equal(store_append(s, SPAN_LITERAL("new"), NULL), 0);
        store_close(&s);
        assert_string_equal(folder_names(&f), LOG_FILE " old.1.log old.2.log old.3.log old.log ");
        assert_true(folder_holds(&f, "old.log", "0"));
        assert_true(folder_holds(&f, "old.1.log", "theirs"));
        assert_true(folder_holds(&f, "old.2.log", "1"));
        assert_true(folder_holds(&f, "old.3.log", "2"));
        assert_true(folder_holds(&f, LOG_FILE, "new"));
}

static void a_log_that_no_name_is_left_for_stays(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        char long_name[512];
        Store *s = opened(&f);
        Err e = {};

        (void) state;
        assert_int_equal(store_append(s, SPAN_LITERAL("one"), NULL), 0);
        memset(long_name, 'x', sizeof(long_name));
        long_name[252] = '\0';
        assert_int_equal(store_retire(s, long_name, NULL), -ENAMETOOLONG);
        assert_loads(s, "one");
        long_name[251] = '\0';
        assert_int_equal(store_retire(s, long_name, NULL), 0);
        assert_int_equal(store_append(s, SPAN_LITERAL("two"), NULL), 0);
        folder_write(&f, "old.log", SPAN_LITERAL(""));
        for (int i = 1; i < 1000; i++) {
                char name[32];

                (void) snprintf(name, sizeof(name), "old.%d.log", i);
                folder_write(&f, name, SPAN_LITERAL(""));
        }
        assert_int_equal(store_retire(s, "old", &e), -EEXIST);
        assert_non_null(strstr(e.text, "too many logs were put aside as old; move some away"));
        assert_loads(s, "two");
        store_close(&s);
        assert_int_equal(access(folder_path(&f, "." LOG_FILE ".next"), F_OK), -1);
}

/* Whichever call fails: the log stands under its name or under the other one, whole, and trying
 * again puts it aside once. */
static void any_call_may_fail_while_a_log_is_put_aside(void **state) {
        (void) state;
        for (int for_ever = 0; for_ever < 2; for_ever++) {
                int n = 0, rc;

                do {
                        _cleanup_(folder_done) Folder f = folder_new();
                        _cleanup_(buf_done) Buf log = BUF_UP_TO(64);
                        Store *s = opened(&f);

                        assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
                        libc_fail_after(LIBC_FILES, n++, EIO, for_ever);
                        rc = store_retire(s, "old", NULL);
                        assert_int_equal(libc_heal() > 0, rc < 0);
                        assert_int_equal(store_load(s, &log, NULL), 0);
                        if (log.size > 0) { /* it is the old one still */
                                assert_int_equal(rc, -EIO);
                                assert_loads(s, "one\n");
                                assert_int_equal(store_retire(s, "old", NULL), 0);
                        }
                        assert_loads(s, "");
                        store_close(&s);
                        assert_string_equal(folder_names(&f), LOG_FILE " old.log ");
                        assert_true(folder_holds(&f, "old.log", "one\n"));
                        assert_true(folder_holds(&f, LOG_FILE, ""));
                } while (rc < 0);
                assert_true(n >= 7);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_appended_stays),
                cmocka_unit_test(a_log_is_loaded_up_to_the_bufs_limit),
                cmocka_unit_test(log_and_folder_are_their_owners_alone),
                cmocka_unit_test(where_there_is_no_log_there_is_nothing_to_read),
                cmocka_unit_test(what_is_read_is_named_by_its_whole_path),
                cmocka_unit_test(a_mark_outlasts_the_log),
                cmocka_unit_test(what_is_no_file_in_the_logs_place_is_refused),
                cmocka_unit_test(a_failed_append_leaves_the_log_as_it_was),
                cmocka_unit_test(a_full_disk_tears_nothing),
                cmocka_unit_test(nothing_is_written_behind_half_a_line),
                cmocka_unit_test(any_call_may_fail_while_a_log_is_opened),
                cmocka_unit_test(an_interrupted_lock_is_asked_for_again),
                cmocka_unit_test(a_log_is_put_aside_under_a_name_of_its_own),
                cmocka_unit_test(a_log_that_no_name_is_left_for_stays),
                cmocka_unit_test(any_call_may_fail_while_a_log_is_put_aside),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
