/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/stored.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/libc.h"

/* With a first line, let go and taken again. */
static Store *taken_again(const Folder *f) {
        Store *s = opened(f);

        assert_int_equal(store_append(s, SPAN_LITERAL("one\n"), NULL), 0);
        assert_int_equal(store_pause(s, NULL), 0);
        assert_int_equal(store_resume(s, 0, NULL), 1);
        return s;
}

/* Let go and taken again, the log is the same only where this store left it so. */
static void what_could_not_be_undone_is_noticed(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Store *s = taken_again(&f);

        (void) state;
        for (int for_ever = 0; for_ever < 2; for_ever++) {
                /* written, and neither synced nor cut; where it ends is looked at the second time
                 */
                libc_fail_after(LIBC_FILES, 1 + for_ever, EIO, true);
                assert_int_equal(store_append(s, SPAN_LITERAL("two\n"), NULL), -EIO);
                libc_fail_after(LIBC_FILES, 0, EIO, for_ever);
                assert_int_equal(store_pause(s, NULL), -EIO);
                assert_true(libc_heal() > 0);
                assert_int_equal(store_resume(s, 0, NULL), 0);
                assert_loads(s, for_ever ? "one\ntwo\n" : "one\n");
        }
        assert_int_equal(store_pause(s, NULL), 0);
        assert_int_equal(store_resume(s, 0, NULL), 1);
        store_leave(s);
        assert_int_equal(store_resume(s, 0, NULL), 0);
        store_leave(s);
        store_leave(s);
        store_close(&s);
}

/* That it is the same is known for what comes first, and for nothing behind that. */
static void what_was_taken_again_is_never_written_over(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Store *s = taken_again(&f);

        (void) state;
        assert_int_equal(store_append(s, SPAN_LITERAL("two\n"), NULL), 0);
        assert_int_equal(store_append(s, SPAN_LITERAL("three\n"), NULL), 0);
        assert_loads(s, "one\ntwo\nthree\n");
        assert_int_equal(store_pause(s, NULL), 0);
        assert_int_equal(store_resume(s, 0, NULL), 1);
        assert_int_equal(store_cut(s, strlen("one\n"), NULL), 0);
        assert_int_equal(store_append(s, SPAN_LITERAL("four\n"), NULL), 0);
        assert_loads(s, "one\nfour\n");
        assert_int_equal(store_pause(s, NULL), 0);
        assert_int_equal(store_resume(s, 0, NULL), 1);
        assert_int_equal(store_retire(s, "old", NULL), 0);
        assert_int_equal(store_append(s, SPAN_LITERAL("five\n"), NULL), 0);
        assert_loads(s, "five\n");
        store_close(&s);
}

/* The log is what has its name, whatever became of the file in between. */
static void what_was_let_go_is_taken_by_its_name(void **state) {
        enum { WRITTEN, PUT_ASIDE, REMOVED, REPLACED, _WAYS };
        _cleanup_(folder_done) Folder f = folder_new();
        const char *path = folder_path(&f, LOG_FILE), *aside = folder_path(&f, "aside");
        Store *s = opened(&f), *other = NULL;

        (void) state;
        for (int way = WRITTEN; way < _WAYS; way++) {
                assert_int_equal(store_append(s, SPAN_LITERAL("ours\n"), NULL), 0);
                assert_int_equal(store_pause(s, NULL), 0);
                if (way == WRITTEN || way == PUT_ASIDE) { /* by who locks it: it is free */
                        other = opened(&f);
                        if (way == PUT_ASIDE)
                                assert_int_equal(store_retire(other, "old", NULL), 0);
                        assert_int_equal(store_append(other, SPAN_LITERAL("other\n"), NULL), 0);
                        store_close(&other);
                } else
                        assert_int_equal(way == REMOVED ? unlink(path) : rename(path, aside), 0);
                if (way == REPLACED)
                        folder_write(&f, LOG_FILE, SPAN_LITERAL("ours\n"));
                assert_int_equal(store_resume(s, 0, NULL), 0);
                assert_int_equal(store_open_file(f.path, 0, &other, NULL), -EBUSY);
                if (way == WRITTEN)
                        assert_loads(s, "ours\nother\n");
                else
                        assert_loads(s, way == PUT_ASIDE ? "other\n"
                                        : way == REMOVED ? ""
                                                         : "ours\n");
                assert_int_equal(store_cut(s, 0, NULL), 0);
        }
        store_close(&s);
}

/* Whoever cannot take it again keeps nobody from it. */
static void a_log_that_was_left_is_anybodys(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        Store *s = opened(&f), *other;

        (void) state;
        assert_int_equal(store_pause(s, NULL), 0);
        for (int n = 0, rc = -EIO; rc < 0; n++) {
                libc_fail_after(LIBC_FILES, n, EIO, false);
                rc = store_resume(s, 0, NULL);
                (void) libc_heal();
                store_leave(s);
                other = opened(&f);
                store_close(&other);
        }
        store_close(&s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_could_not_be_undone_is_noticed),
                cmocka_unit_test(what_was_taken_again_is_never_written_over),
                cmocka_unit_test(what_was_let_go_is_taken_by_its_name),
                cmocka_unit_test(a_log_that_was_left_is_anybodys),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
