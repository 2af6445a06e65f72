/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/flush.h"
#include "log/store.h"
#include "support/draftlog.h"
#include "support/folder.h"
#include "support/libc.h"
#include "wire/limits.h"

#define BOOT "0123456789abcdef0123456789abcdef" /* of drafts */

static const uint8_t boot[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45,
        0x67, 0x89, 0xab, 0xcd, 0xef };

/* A segment that began at this time, with so many notes. */
static DraftLog segment(const char *time, int notes) {
        const DraftChange changes[] = { { "time", time }, {} };
        DraftLog l = draft_log();

        draft_log_add(&l, EVENT_PHASE_GENESIS, changes);
        for (int i = 0; i < notes; i++)
                draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        return l;
}

static void put(const Folder *f, const char *name, const char *time, int notes) {
        DraftLog l = segment(time, notes);

        folder_write(f, name, draft_log_bytes(&l));
        draft_log_done(&l);
}

static void assert_same(const Folder *a, const char *name, const Folder *b, const char *copy) {
        Buf ours = folder_read(a, name), theirs = folder_read(b, copy);

        assert_true(span_equal(buf_span(&ours), buf_span(&theirs)));
        buf_done(&ours);
        buf_done(&theirs);
}

static Flushed flush(const Folder *from, const Folder *to) {
        Flushed done = {};
        Err e = {};

        if (log_flush(from->path, to->path, boot, 0, &done, &e) < 0)
                fail_msg("%s", e.text);
        return done;
}

static void a_log_is_copied_once_and_then_what_it_gained(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
        Flushed done;

        (void) state;
        put(&from, LOG_FILE, "5", 1);
        done = flush(&from, &to);
        assert_true(done.segments == 1 && done.bytes > 0);
        assert_string_equal(folder_names(&to), BOOT ".log ");
        assert_same(&from, LOG_FILE, &to, BOOT ".log");
        done = flush(&from, &to);
        assert_true(done.segments == 1 && done.bytes == 0);
        put(&from, LOG_FILE, "5", 3);
        done = flush(&from, &to);
        assert_true(done.segments == 1 && done.bytes > 0);
        assert_string_equal(folder_names(&to), BOOT ".log ");
        assert_same(&from, LOG_FILE, &to, BOOT ".log");
}

static void a_copy_is_nobodys_to_read_but_the_owners(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
        char inner[128], path[256];
        struct stat st;
        Flushed done;

        (void) state;
        put(&from, LOG_FILE, "5", 1);
        (void) snprintf(inner, sizeof(inner), "%s/made", to.path);
        assert_int_equal(log_flush(from.path, inner, boot, 0, &done, NULL), 0);
        assert_int_equal(stat(inner, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
        (void) snprintf(path, sizeof(path), "%s/%s.log", inner, BOOT);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(inner), 0);
}

/* Somebody appended to the log without end: it was put aside, and recording went on. */
static void a_log_that_is_too_large_keeps_no_other_from_the_disk(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
        char path[128];
        Flushed done;
        Err e = {};

        (void) state;
        put(&from, BOOT ".full.log", "5", 3);
        put(&from, BOOT ".damaged.log", "7", 1);
        put(&from, LOG_FILE, "9", 2);
        (void) snprintf(path, sizeof(path), "%s/" BOOT ".damaged.log", from.path);
        assert_int_equal(truncate(path, LOG_MAX + 1), 0);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(log_flush(from.path, to.path, boot, 0, &done, &e), -E2BIG);
                assert_non_null(strstr(e.text, BOOT ".damaged.log"));
                assert_string_equal(folder_names(&to), BOOT ".1.log " BOOT ".log ");
                assert_same(&from, BOOT ".full.log", &to, BOOT ".log");
                assert_same(&from, LOG_FILE, &to, BOOT ".1.log");
                put(&from, LOG_FILE, "9", 4);
        }
}

static void segments_keep_their_names_and_their_order(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();

        (void) state;
        put(&from, LOG_FILE, "5", 2);
        (void) flush(&from, &to);
        /* it is put aside, with a record more, and another begins, and one more */
        put(&from, BOOT ".full.log", "5", 3);
        put(&from, BOOT ".register.log", "9", 1);
        put(&from, LOG_FILE, "12", 2);
        assert_int_equal(flush(&from, &to).segments, 3);
        assert_string_equal(folder_names(&to), BOOT ".1.log " BOOT ".2.log " BOOT ".log ");
        assert_same(&from, BOOT ".full.log", &to, BOOT ".log");
        assert_same(&from, BOOT ".register.log", &to, BOOT ".1.log");
        assert_same(&from, LOG_FILE, &to, BOOT ".2.log");
}

#define OTHER_BOOT "ffff456789abcdef0123456789abcdef"

static void put_other_boot(const Folder *f) {
        static const DraftChange other[] = { { "boot", "\"" OTHER_BOOT "\"" }, {} };
        DraftLog l = draft_log();

        draft_log_add(&l, EVENT_PHASE_GENESIS, other);
        folder_write(f, "x.log", draft_log_bytes(&l));
        draft_log_done(&l);
}

static void a_log_of_another_boot_has_its_own_name(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();

        (void) state;
        put_other_boot(&from);
        put(&from, LOG_FILE, "5", 1);
        assert_int_equal(flush(&from, &to).segments, 2);
        assert_string_equal(folder_names(&to), BOOT ".log " OTHER_BOOT ".log ");
}

/* Whichever of the two is the first. */
static void a_copy_that_cannot_be_written_keeps_no_other_from_the_disk(void **state) {
        static const char *const names[] = { BOOT ".log", OTHER_BOOT ".log" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
                Flushed done;
                Err e = {};

                put_other_boot(&from);
                put(&from, LOG_FILE, "5", 1);
                assert_int_equal(mkdir(folder_path(&to, names[i]), 0700), 0);
                assert_int_equal(log_flush(from.path, to.path, boot, 0, &done, &e), -EISDIR);
                assert_non_null(strstr(e.text, names[i]));
                assert_same(&from, i == 0 ? "x.log" : LOG_FILE, &to, names[1 - i]);
                assert_int_equal(rmdir(folder_path(&to, names[i])), 0);
        }
}

/* Each of a boot of its own. */
static void put_numbered(const Folder *f, int i) {
        char name[32], id[40], time[16];
        const DraftChange changes[] = { { "boot", id }, { "time", time }, {} };
        DraftLog l = draft_log();

        (void) snprintf(name, sizeof(name), "x%d.log", i);
        (void) snprintf(id, sizeof(id), "\"%032x\"", (unsigned) i);
        (void) snprintf(time, sizeof(time), "%d", i + 1);
        draft_log_add(&l, EVENT_PHASE_GENESIS, changes);
        folder_write(f, name, draft_log_bytes(&l));
        draft_log_done(&l);
}

static bool has_copy(const Folder *to, int i) {
        char name[48];

        (void) snprintf(name, sizeof(name), "%032x.log", (unsigned) i);
        return access(folder_path(to, name), F_OK) == 0;
}

static void of_too_many_logs_the_oldest_are_left_out(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
        Flushed done;
        Err e = {};

        (void) state;
        folder_write(&from, "damaged.log", SPAN_LITERAL("what is left of it\n"));
        for (int i = 0; i < LOGS_MAX; i++)
                put_numbered(&from, i);
        put(&from, LOG_FILE, "99999", 1);
        assert_int_equal(log_flush(from.path, to.path, boot, 0, &done, &e), -E2BIG);
        assert_non_null(strstr(e.text,
                        ": 1026 logs, of which the oldest 2 were left out; move them away"));
        assert_int_not_equal(access(folder_path(&to, BOOT ".damaged.log"), F_OK), 0);
        for (int i = 0; i < LOGS_MAX; i++)
                assert_int_equal(has_copy(&to, i), i >= 1);
        assert_same(&from, LOG_FILE, &to, BOOT ".log");

        assert_int_equal(unlink(folder_path(&from, "x7.log")), 0);
        assert_int_equal(unlink(folder_path(&from, "damaged.log")), 0);
        assert_int_equal(flush(&from, &to).segments, LOGS_MAX);
        assert_true(has_copy(&to, 0));
}

static void what_is_no_log_is_kept_too(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();

        (void) state;
        put(&from, LOG_FILE, "5", 1);
        folder_write(&from, BOOT ".damaged.log", SPAN_LITERAL("what is left of it\n"));
        assert_int_equal(flush(&from, &to).segments, 2);
        assert_int_equal(flush(&from, &to).bytes, 0);
        assert_string_equal(folder_names(&to), BOOT ".damaged.log " BOOT ".log ");
        assert_true(folder_holds(&to, BOOT ".damaged.log", "what is left of it\n"));
}

static void other_files_are_none_of_its_business(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();

        (void) state;
        put(&from, LOG_FILE, "5", 1);
        folder_write(&from, "history.log", SPAN_LITERAL("x\n"));
        folder_write(&from, "history.unfit.log", SPAN_LITERAL("x\n"));
        folder_write(&from, ".measure.log.next", SPAN_LITERAL("x\n"));
        folder_write(&from, "notes", SPAN_LITERAL("x\n"));
        folder_write(&from, ".log", SPAN_LITERAL("x\n"));
        assert_int_equal(flush(&from, &to).segments, 1);
        assert_string_equal(folder_names(&to), BOOT ".log ");
}

static void an_unfinished_line_is_not_copied(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
        DraftLog l = segment("5", 2);
        Span bytes = draft_log_bytes(&l);

        (void) state;
        folder_write(&from, LOG_FILE, (Span){ bytes.data, bytes.size - 9 });
        (void) flush(&from, &to);
        put(&from, "expected", "5", 1);
        assert_same(&from, "expected", &to, BOOT ".log");
        draft_log_done(&l);
}

/* What a flush that died left behind. */
static void an_unfinished_copy_is_finished(void **state) {
        DraftLog l = segment("5", 3);
        Span bytes = draft_log_bytes(&l);

        (void) state;
        for (size_t n = 0; n <= bytes.size; n += n % 7 + 1) {
                _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();

                folder_write(&from, LOG_FILE, bytes);
                folder_write(&to, BOOT ".log", (Span){ bytes.data, n });
                assert_int_equal(flush(&from, &to).segments, 1);
                assert_string_equal(folder_names(&to), BOOT ".log ");
                assert_same(&from, LOG_FILE, &to, BOOT ".log");
        }
        draft_log_done(&l);
}

static void a_copy_that_has_more_is_left_as_it_is(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new(), whole = folder_new();

        (void) state;
        put(&whole, "whole", "5", 4);
        put(&to, BOOT ".log", "5", 4);
        put(&from, LOG_FILE, "5", 1); /* somebody has cut it off */
        assert_int_equal(flush(&from, &to).bytes, 0);
        assert_same(&whole, "whole", &to, BOOT ".log");
}

static void a_folder_without_a_log_is_nothing_to_do(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
        Flushed done = { .segments = 7 };

        (void) state;
        assert_int_equal(flush(&from, &to).segments, 0);
        assert_int_equal(log_flush("/nonexistent", to.path, boot, 0, &done, NULL), 0);
        assert_int_equal(done.segments, 0);
        assert_string_equal(folder_names(&to), "");
}

static void a_writer_is_waited_for(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
        Flushed done = {};
        Store *s = NULL;

        (void) state;
        put(&from, LOG_FILE, "5", 1);
        assert_int_equal(store_open_file(from.path, 0, &s, NULL), 0);
        assert_int_equal(log_flush(from.path, to.path, boot, 0, &done, NULL), -EBUSY);
        store_close(&s);
        assert_int_equal(flush(&from, &to).segments, 1);
}

/* Two segments, one of which is there in part. */
static void prepare(const Folder *from, const Folder *to) {
        put(from, BOOT ".full.log", "5", 3);
        put(from, LOG_FILE, "12", 2);
        put(to, BOOT ".log", "5", 1);
}

static void assert_whole(const Folder *from, const Folder *to) {
        assert_int_equal(flush(from, to).segments, 2);
        assert_string_equal(folder_names(to), BOOT ".1.log " BOOT ".log ");
        assert_same(from, BOOT ".full.log", to, BOOT ".log");
        assert_same(from, LOG_FILE, to, BOOT ".1.log");
}

static unsigned any_call_may_fail(LibcCalls calls, int error, bool for_ever) {
        unsigned hit = 0;
        int failed;
        int n = 0;

        do {
                _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
                Flushed done;
                int rc;

                prepare(&from, &to);
                libc_fail_after(calls, n++, error, for_ever);
                rc = log_flush(from.path, to.path, boot, 0, &done, NULL);
                failed = libc_heal();
                hit += failed > 0;
                assert_true(rc == 0 || failed > 0);
                assert_whole(&from, &to);
        } while (failed > 0);
        return hit;
}

static void whatever_fails_the_next_one_goes_on(void **state) {
        (void) state;
        assert_true(any_call_may_fail(LIBC_FILES, EIO, false) > 20);
        assert_true(any_call_may_fail(LIBC_FILES, ENOSPC, true) > 20);
        assert_true(any_call_may_fail(LIBC_MEMORY, ENOMEM, false) > 5);
}

static void killed_at_every_step_the_next_one_goes_on(void **state) {
        bool killed = true;
        int n = 0;

        (void) state;
        for (; killed; n++) {
                _cleanup_(folder_done) Folder from = folder_new(), to = folder_new();
                Flushed done;
                int status;
                pid_t child;

                prepare(&from, &to);
                child = fork();
                assert_true(child >= 0);
                if (child == 0) {
                        libc_die_after(LIBC_FILES, n);
                        _exit(log_flush(from.path, to.path, boot, 0, &done, NULL) == 0 ? 0 : 1);
                }
                assert_int_equal(waitpid(child, &status, 0), child);
                killed = WIFSIGNALED(status);
                assert_true(killed || status == 0);
                assert_whole(&from, &to);
        }
        assert_true(n > 20);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_log_is_copied_once_and_then_what_it_gained),
                cmocka_unit_test(a_copy_is_nobodys_to_read_but_the_owners),
                cmocka_unit_test(a_log_that_is_too_large_keeps_no_other_from_the_disk),
                cmocka_unit_test(segments_keep_their_names_and_their_order),
                cmocka_unit_test(a_log_of_another_boot_has_its_own_name),
                cmocka_unit_test(a_copy_that_cannot_be_written_keeps_no_other_from_the_disk),
                cmocka_unit_test(of_too_many_logs_the_oldest_are_left_out),
                cmocka_unit_test(what_is_no_log_is_kept_too),
                cmocka_unit_test(other_files_are_none_of_its_business),
                cmocka_unit_test(an_unfinished_line_is_not_copied),
                cmocka_unit_test(an_unfinished_copy_is_finished),
                cmocka_unit_test(a_copy_that_has_more_is_left_as_it_is),
                cmocka_unit_test(a_folder_without_a_log_is_nothing_to_do),
                cmocka_unit_test(a_writer_is_waited_for),
                cmocka_unit_test(whatever_fails_the_next_one_goes_on),
                cmocka_unit_test(killed_at_every_step_the_next_one_goes_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
