/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "quote/systemd.h"
#include "support/draftlog.h"
#include "support/folder.h"
#include "support/libc.h"

/* systemd's log of a kernel that started another one is kept for it, and put before its own. */

enum { BOOTS = 3 };

static const uint8_t boots[BOOTS][16] = { { 0xa1 }, { 0xb2 }, { 0xc3 } };

#define A1 "a1000000000000000000000000000000"
#define B2 "b2000000000000000000000000000000"
#define C3 "c3000000000000000000000000000000"

static void add_segment(DraftLog *l, const char *boot) {
        draft_log_add(l, EVENT_PHASE_GENESIS, (const DraftChange[]){ { "boot", boot }, {} });
}

/* A segment each of these boots, of which the last is the present one. */
static void join(const Folder *f, const char *const *before, const char *present, Buf *to) {
        _cleanup_(buf_done) Buf earlier = BUF_UP_TO(DRAFT_LOG_MAX);
        _cleanup_(draft_log_done) DraftLog log = draft_log();

        for (; *before; before++) {
                _cleanup_(draft_log_done) DraftLog l = draft_log();

                add_segment(&l, *before);
                buf_bytes(&earlier, draft_log_bytes(&l));
        }
        add_segment(&log, present);
        buf_string(to, "present\n");
        assert_int_equal(systemd_log_join(f->path, buf_span(&earlier), draft_log_bytes(&log), to,
                                         NULL),
                        0);
}

static void assert_joined(const Folder *f, const char *const *before, const char *expected) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);

        join(f, before, "\"" C3 "\"", &b);
        assert_true(span_is(buf_span(&b), expected));
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void a_log_is_kept_and_put_before_the_next(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), f = folder_new();

        (void) state;
        folder_write(&from, "log", SPAN_LITERAL("first\n"));
        assert_int_equal(systemd_log_keep(from.path, "log", f.path, boots[0], 1, NULL), 0);
        folder_write(&from, "log", SPAN_LITERAL("first\nand last\ntorn"));
        assert_int_equal(systemd_log_keep(from.path, "log", f.path, boots[0], 1, NULL), 0);
        folder_write(&from, "log", SPAN_LITERAL("second\n"));
        assert_int_equal(systemd_log_keep(from.path, "log", f.path, boots[1], 1, NULL), 0);
        assert_string_equal(folder_names(&f), A1 ".systemd " B2 ".systemd ");

        assert_joined(&f, LIST("\"" A1 "\"", "\"" B2 "\""), "first\nand last\nsecond\npresent\n");
        /* a log that was put aside does not bring systemd's again */
        assert_joined(&f, LIST("\"" A1 "\"", "\"" A1 "\"", "\"" B2 "\""),
                        "first\nand last\nsecond\npresent\n");
        /* nor does that of this boot come before itself */
        folder_write(&f, C3 ".systemd", SPAN_LITERAL("present\n"));
        assert_joined(&f, LIST("\"" B2 "\"", "\"" C3 "\""), "second\npresent\n");
        assert_joined(&f, LIST(NULL), "present\n");
}

static void what_was_not_kept_is_left_out(void **state) {
        _cleanup_(folder_done) Folder from = folder_new(), f = folder_new();
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);

        (void) state;
        assert_int_equal(systemd_log_keep(from.path, "log", f.path, boots[0], 1, NULL), 0);
        assert_string_equal(folder_names(&f), "");
        folder_write(&f, B2 ".systemd", SPAN_LITERAL("second\n"));
        assert_joined(&f, LIST("\"" A1 "\"", "\"" B2 "\""), "second\npresent\n");

        /* no log of ours tells which boots there were */
        buf_string(&b, "present\n");
        assert_int_equal(systemd_log_join(f.path, SPAN_LITERAL("no log"), (Span){}, &b, NULL), 0);
        assert_true(span_is(buf_span(&b), "present\n"));
}

static void it_is_kept_whole_or_not_at_all(void **state) {
        (void) state;
        for (int n = 0, struck = 1; struck; n++) {
                _cleanup_(folder_done) Folder from = folder_new(), f = folder_new();
                int rc;

                folder_write(&from, "log", SPAN_LITERAL("first\n"));
                folder_write(&f, A1 ".systemd", SPAN_LITERAL("old\n"));
                libc_fail_after(LIBC_FILES | LIBC_MEMORY, n, EIO, true);
                rc = systemd_log_keep(from.path, "log", f.path, boots[0], 1, NULL);
                struck = libc_heal();
                assert_true(rc < 0 || !struck);
                assert_true(folder_holds(&f, A1 ".systemd", "first\n") ||
                                (rc < 0 && folder_holds(&f, A1 ".systemd", "old\n")));
        }
}

static void without_memory_nothing_is_left_out(void **state) {
        (void) state;
        for (int n = 0, struck = 1; struck; n++) {
                _cleanup_(folder_done) Folder f = folder_new();
                _cleanup_(draft_log_done) DraftLog one = draft_log(), two = draft_log();
                _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
                int rc;

                add_segment(&one, "\"" A1 "\"");
                add_segment(&two, "\"" C3 "\"");
                folder_write(&f, A1 ".systemd", SPAN_LITERAL("first\n"));
                buf_string(&b, "present\n");
                libc_fail_after(LIBC_MEMORY, n, ENOMEM, true);
                rc = systemd_log_join(
                                f.path, draft_log_bytes(&one), draft_log_bytes(&two), &b, NULL);
                struck = libc_heal();
                assert_true(rc < 0 ? struck : !struck);
                assert_true(span_is(buf_span(&b), rc < 0 ? "present\n" : "first\npresent\n"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_log_is_kept_and_put_before_the_next),
                cmocka_unit_test(what_was_not_kept_is_left_out),
                cmocka_unit_test(it_is_kept_whole_or_not_at_all),
                cmocka_unit_test(without_memory_nothing_is_left_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
