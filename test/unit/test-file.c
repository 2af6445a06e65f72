/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "support/folder.h"
#include "support/libc.h"

static mode_t mode_of(const char *path) {
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        return st.st_mode & 07777;
}

static void a_file_is_read_up_to_the_bufs_limit(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        static const size_t sizes[] = { 0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 200000 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(sizes); i++)
                for (size_t less = 0; less < 2 && less <= sizes[i]; less++) {
                        _cleanup_(buf_done) Buf all = BUF_UP_TO(sizes[i]);
                        _cleanup_(buf_done) Buf b = BUF_UP_TO(sizes[i] - less);
                        Err e = {};

                        memset(buf_room(&all, sizes[i]), 'x', sizes[i]);
                        folder_write(&f, "file", buf_span(&all));
                        assert_int_equal(file_read(folder_path(&f, "file"), &b, &e),
                                        less ? -E2BIG : 0);
                        if (less)
                                assert_non_null(strstr(e.text, "file: larger than the"));
                        else
                                assert_true(span_equal(buf_span(&b), buf_span(&all)));
                }
}

/* Writes a text into fd in a process of its own, in two pieces. */
static pid_t write_apart(const char *path, int fd) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        if (path)
                fd = open(path, O_WRONLY | O_CLOEXEC);
        _exit(write(fd, "first ", 6) == 6 && write(fd, "second", 6) == 6 && close(fd) == 0 ? 0 : 1);
}

static void a_pipe_and_a_fifo_are_read_to_their_end(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64), c = BUF_UP_TO(11);
        const char *fifo = folder_path(&f, "fifo");
        int status, ends[2];
        Err e = {};
        pid_t pid;

        (void) state;
        assert_int_equal(mkfifo(fifo, 0600), 0);
        pid = write_apart(fifo, -1);
        assert_int_equal(file_read(fifo, &b, NULL), 0);
        assert_true(span_is(buf_span(&b), "first second"));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);

        assert_int_equal(pipe(ends), 0);
        pid = write_apart(NULL, ends[1]);
        assert_int_equal(close(ends[1]), 0);
        assert_int_equal(file_read_fd(ends[0], "a pipe", &c, &e), -E2BIG);
        assert_string_equal(e.text, "a pipe: larger than the 11 bytes that are read");
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(close(ends[0]), 0);
}

static void what_cannot_be_read_is_named(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
        Err e = {};

        (void) state;
        assert_int_equal(file_read(folder_path(&f, "missing"), &b, &e), -ENOENT);
        assert_non_null(strstr(e.text, "missing: No such file or directory"));
        e = (Err){};
        assert_int_equal(file_read(f.path, &b, &e), -EISDIR);
        assert_non_null(strstr(e.text, f.path));

        folder_write(&f, "file", SPAN_LITERAL("text"));
        libc_fail_after(LIBC_FILES, 1, EINTR, false);
        assert_int_equal(file_read(folder_path(&f, "file"), &b, NULL), 0);
        assert_int_equal(libc_heal(), 1);
        assert_true(span_is(buf_span(&b), "text"));
        libc_fail_after(LIBC_FILES, 1, EIO, false);
        assert_int_equal(file_read(folder_path(&f, "file"), &b, NULL), -EIO);
        assert_int_equal(libc_heal(), 1);
}

static void bytes_at_an_offset_are_all_there_or_refused(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        _cleanup_(fd_done) int fd = -1;
        char into[8];
        Err e = {};

        (void) state;
        folder_write(&f, "file", SPAN_LITERAL("0123456789"));
        fd = open(folder_path(&f, "file"), O_RDWR | O_CLOEXEC);
        assert_int_equal(file_read_at(fd, "file", 3, into, 4, NULL), 0);
        assert_memory_equal(into, "3456", 4);
        assert_int_equal(file_read_at(fd, "file", 2, into, 8, NULL), 0);
        assert_int_equal(file_read_at(fd, "file", 10, into, 0, NULL), 0);
        assert_int_equal(file_read_at(fd, "file", 3, into, 8, &e), -EBADMSG);
        assert_string_equal(e.text, "file: ends at byte 10, where more is needed");
        assert_true(file_read_at(fd, "file", UINT64_MAX - 3, into, 8, NULL) < 0);

        for (uint64_t at = 0; at <= 11; at++) {
                size_t size = 77;

                assert_int_equal(
                                file_read_some(fd, "file", at, into, sizeof(into), &size, NULL), 0);
                assert_int_equal(size, at > 10 ? 0 : at < 2 ? 8 : 10 - at);
                assert_memory_equal(into, &"0123456789"[at > 10 ? 0 : at], size);
        }

        assert_int_equal(file_write_at(fd, "file", 8, SPAN_LITERAL("abcd"), NULL), 0);
        assert_int_equal(file_read_at(fd, "file", 6, into, 6, NULL), 0);
        assert_memory_equal(into, "67abcd", 6);
        for (int error = EINTR; error; error = error == EINTR ? ENOSPC : 0) {
                libc_fail_after(LIBC_FILES, 0, error, false);
                assert_int_equal(file_write_at(fd, "file", 0, SPAN_LITERAL("z"), NULL),
                                error == EINTR ? 0 : -ENOSPC);
                libc_fail_after(LIBC_FILES, 0, error, false);
                assert_int_equal(file_read_at(fd, "file", 0, into, 1, NULL),
                                error == EINTR ? 0 : -ENOSPC);
                assert_int_equal(libc_heal(), 1);
        }
}

/* Whichever call fails: the file is the old one, or none, and nothing lies beside it. Only when the
 * folder cannot be synced in the end it is the new one already, whole. */
static void a_new_file_is_whole_or_leaves_nothing(void **state) {
        (void) state;
        for (int way = 0; way < 4; way++) {
                bool there = way & 1;
                int n = 0, rc;

                libc_without_tmpfile(way & 2);
                do {
                        _cleanup_(folder_done) Folder f = folder_new();
                        Buf b;

                        if (there)
                                folder_write(&f, "file", SPAN_LITERAL("old"));
                        libc_fail_after(LIBC_FILES, n++, EIO, false);
                        rc = file_write(folder_path(&f, "file"), 0640, SPAN_LITERAL("new"), NULL);
                        assert_int_equal(libc_heal(), rc < 0);
                        if (!there && rc < 0 && strcmp(folder_names(&f), "") == 0)
                                continue;
                        assert_string_equal(folder_names(&f), "file ");
                        b = folder_read(&f, "file");
                        assert_true(span_is(buf_span(&b), "new") ||
                                        (rc < 0 && there && span_is(buf_span(&b), "old")));
                        buf_done(&b);
                } while (rc < 0);
                assert_true(n >= 6); /* opened twice, written, synced twice, and named */
        }
        libc_without_tmpfile(false);
}

static void a_new_file_that_is_not_committed_leaves_nothing(void **state) {
        (void) state;
        for (int without = 0; without < 2; without++) {
                _cleanup_(folder_done) Folder f = folder_new();
                NewFile new;

                libc_without_tmpfile(without);
                folder_write(&f, "file", SPAN_LITERAL("old"));
                assert_int_equal(new_file_open(folder_path(&f, "file"), 0600, &new, NULL), 0);
                assert_int_equal(file_write_at(new.fd, "file", 0, SPAN_LITERAL("new"), NULL), 0);
                assert_string_equal(folder_names(&f), without ? ".file.part file " : "file ");
                new_file_done(&new);
                assert_string_equal(folder_names(&f), "file ");
                new_file_done(&new); /* twice is once */
                new = NEW_FILE_NONE;
                new_file_done(&new);
                assert_string_equal(folder_names(&f), "file ");
        }
        libc_without_tmpfile(false);
}

static void a_new_file_takes_the_place_of_what_a_kill_left(void **state) {
        (void) state;
        for (int without = 0; without < 2; without++) {
                _cleanup_(folder_done) Folder f = folder_new();
                mode_t mask = umask(022);

                libc_without_tmpfile(without);
                folder_write(&f, ".file.part", SPAN_LITERAL("left"));
                assert_int_equal(file_write(folder_path(&f, "file"), 0664, SPAN_LITERAL("new"),
                                                 NULL),
                                0);
                assert_string_equal(folder_names(&f), "file ");
                assert_int_equal(mode_of(folder_path(&f, "file")), 0644);
                (void) umask(mask);
        }
        libc_without_tmpfile(false);
}

static void where_no_file_can_be_none_is_left(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        char long_path[5000];
        Err e = {};

        (void) state;
        assert_int_equal(mkdir(folder_path(&f, "folder"), 0700), 0);
        for (int without = 0; without < 2; without++) {
                libc_without_tmpfile(without);
                assert_int_equal(file_write(folder_path(&f, "folder"), 0600, SPAN_LITERAL("x"),
                                                 NULL),
                                -EISDIR);
                assert_true(file_write(folder_path(&f, "folder/"), 0600, SPAN_LITERAL("x"), NULL) <
                                0);
                assert_int_equal(file_write(folder_path(&f, "none/file"), 0600, SPAN_LITERAL("x"),
                                                 NULL),
                                -ENOENT);
                assert_string_equal(folder_names(&f), "folder ");
        }
        libc_without_tmpfile(false);
        memset(long_path, 'x', sizeof(long_path));
        long_path[sizeof(long_path) - 1] = '\0';
        assert_int_equal(file_write(long_path, 0600, SPAN_LITERAL("x"), &e), -ENAMETOOLONG);
        assert_int_equal(e.code, -ENAMETOOLONG);
}

/* A device most of all: "--output=/dev/null" must not end in a file of that name. */
static void what_is_no_file_is_not_replaced_by_one(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        const char *path = folder_path(&f, "fifo");
        Err e = {};

        (void) state;
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(file_write(path, 0600, SPAN_LITERAL("x"), &e), -EEXIST);
        assert_non_null(strstr(e.text, "/fifo: is there already, and not as a file"));
}

static void a_name_without_a_folder_is_in_the_working_one(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        char *before = getcwd(NULL, 0);

        (void) state;
        assert_non_null(before);
        assert_int_equal(chdir(f.path), 0);
        assert_int_equal(file_write("file", 0600, SPAN_LITERAL("x"), NULL), 0);
        assert_int_equal(chdir(before), 0);
        assert_string_equal(folder_names(&f), "file ");
        free(before);
}

static void a_folder_is_made_with_its_parents(void **state) {
        static const char *const paths[] = { "a/b/c", "a/b/c/", "a/b/c//", "d//e", "f/", "a" };
        _cleanup_(folder_done) Folder f = folder_new();
        mode_t mask = umask(0);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(paths); i++)
                assert_int_equal(dir_make(folder_path(&f, paths[i]), 0700, NULL), 0);
        /* what belongs to everybody stays open to everybody */
        assert_int_equal(mode_of(folder_path(&f, "a")), 0755);
        assert_int_equal(mode_of(folder_path(&f, "a/b")), 0755);
        assert_int_equal(mode_of(folder_path(&f, "a/b/c")), 0700);
        assert_int_equal(mode_of(folder_path(&f, "d")), 0755);
        assert_int_equal(mode_of(folder_path(&f, "d/e")), 0700);
        assert_int_equal(mode_of(folder_path(&f, "f")), 0700);
        assert_int_equal(dir_make("/", 0700, NULL), 0);
        (void) umask(mask);
}

static void where_no_folder_can_be_that_is_said(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        char long_path[5000];
        Err e = {};

        (void) state;
        folder_write(&f, "file", SPAN_LITERAL("x"));
        assert_int_equal(dir_make(folder_path(&f, "file"), 0700, &e), -ENOTDIR);
        assert_non_null(strstr(e.text, "/file: not a folder"));
        assert_int_equal(dir_make(folder_path(&f, "file/a"), 0700, NULL), -ENOTDIR);
        assert_int_equal(dir_make("", 0700, NULL), -ENAMETOOLONG);
        memset(long_path, 'x', sizeof(long_path));
        long_path[sizeof(long_path) - 1] = '\0';
        assert_int_equal(dir_make(long_path, 0700, NULL), -ENAMETOOLONG);
        for (int n = 0; n < 2; n++) {
                libc_fail_after(LIBC_FILES, n + 2, EROFS, false);
                assert_int_equal(dir_make(folder_path(&f, "a/b"), 0700, NULL), -EROFS);
                assert_int_equal(libc_heal(), 1);
        }
}

static void a_descriptor_is_closed_once(void **state) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), was = fd;

        (void) state;
        fd_done(&fd);
        assert_int_equal(fd, -1);
        assert_int_equal(fcntl(was, F_GETFD), -1);
        fd_done(&fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_file_is_read_up_to_the_bufs_limit),
                cmocka_unit_test(a_pipe_and_a_fifo_are_read_to_their_end),
                cmocka_unit_test(what_cannot_be_read_is_named),
                cmocka_unit_test(bytes_at_an_offset_are_all_there_or_refused),
                cmocka_unit_test(a_new_file_is_whole_or_leaves_nothing),
                cmocka_unit_test(a_new_file_that_is_not_committed_leaves_nothing),
                cmocka_unit_test(a_new_file_takes_the_place_of_what_a_kill_left),
                cmocka_unit_test(where_no_file_can_be_none_is_left),
                cmocka_unit_test(what_is_no_file_is_not_replaced_by_one),
                cmocka_unit_test(a_name_without_a_folder_is_in_the_working_one),
                cmocka_unit_test(a_folder_is_made_with_its_parents),
                cmocka_unit_test(where_no_folder_can_be_that_is_said),
                cmocka_unit_test(a_descriptor_is_closed_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
