/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "quote/before.h"
#include "support/draftlog.h"
#include "support/folder.h"
#include "support/libc.h"

/* Earlier segments are found by what they lead to, whatever their names are. */

enum { SEGMENTS = 3 };

typedef struct Logs {
        DraftLog logs[SEGMENTS];
        Folder one, two;
        char none[128];
} Logs;

static void begin(Logs *x) {
        Digest sha1 = digest_zero(HASH_SHA1), sha256 = digest_zero(HASH_SHA256);

        x->one = folder_new();
        x->two = folder_new();
        (void) snprintf(x->none, sizeof(x->none), "%s/none", x->one.path);
        for (size_t i = 0; i < SEGMENTS; i++) {
                char start[DRAFT_START_MAX];

                x->logs[i] = draft_log();
                draft_register_values(&sha1, &sha256, start);
                draft_log_add(&x->logs[i], EVENT_PHASE_GENESIS,
                                (const DraftChange[]){ { "start", start }, {} });
                draft_log_add(&x->logs[i], EVENT_NOTE_TEXT, NULL);
                sha1 = draft_log_replay(&x->logs[i], 0, sha1);
                sha256 = draft_log_replay(&x->logs[i], 1, sha256);
        }
}

static void end(Logs *x) {
        for (size_t i = 0; i < SEGMENTS; i++)
                draft_log_done(&x->logs[i]);
        folder_done(&x->one);
        folder_done(&x->two);
}

/* What is found before the n-th. */
static void assert_found(const Logs *x, size_t n, const size_t *which, size_t n_which) {
        const char *const folders[] = { x->none, x->one.path, x->two.path, NULL };
        _cleanup_(buf_done) Buf found = BUF_UP_TO(DRAFT_LOG_MAX), wanted = BUF_UP_TO(DRAFT_LOG_MAX);

        for (size_t i = 0; i < n_which; i++)
                buf_bytes(&wanted, draft_log_bytes(&x->logs[which[i]]));
        assert_int_equal(before_find(folders, draft_log_bytes(&x->logs[n]), &found, NULL), 0);
        assert_true(span_equal(buf_span(&found), buf_span(&wanted)));
}

static void segments_are_found_back_to_zero(void **state) {
        Logs x;

        (void) state;
        begin(&x);
        folder_write(&x.one, "b.log", draft_log_bytes(&x.logs[0]));
        folder_write(&x.two, "a.log", draft_log_bytes(&x.logs[1]));
        folder_write(&x.two, "c.log", SPAN_LITERAL("no log"));
        assert_found(&x, 2, (const size_t[]){ 0, 1 }, 2);
        assert_found(&x, 1, (const size_t[]){ 0 }, 1);
        assert_found(&x, 0, NULL, 0);
        end(&x);
}

/* What a crash left of a last line does not keep a log from being found. */
static void a_torn_line_is_left_out(void **state) {
        _cleanup_(buf_done) Buf torn = BUF_UP_TO(DRAFT_LOG_MAX);
        Logs x;

        (void) state;
        begin(&x);
        buf_bytes(&torn, draft_log_bytes(&x.logs[0]));
        buf_string(&torn, "\x1e{\"pcr\"");
        folder_write(&x.one, "b.log", buf_span(&torn));
        assert_found(&x, 1, (const size_t[]){ 0 }, 1);
        end(&x);
}

static void what_does_not_lead_there_is_left_out(void **state) {
        Logs x;

        (void) state;
        begin(&x);
        folder_write(&x.one, "a.log", draft_log_bytes(&x.logs[0])); /* not the one before */
        assert_found(&x, 2, NULL, 0);
        folder_write(&x.one, "b.txt", draft_log_bytes(&x.logs[1]));
        folder_write(&x.one, "measure.log", draft_log_bytes(&x.logs[1]));
        folder_write(&x.one, ".log", draft_log_bytes(&x.logs[1]));
        folder_write(&x.two, "c.log", draft_log_record(&x.logs[1], 0)); /* its genesis alone */
        assert_found(&x, 2, NULL, 0);
        end(&x);
}

/* For who begins a log: whether one leads to what its registers hold. */
static void a_start_is_led_to_or_not(void **state) {
        Logs x;
        Segment s;
        Record r;

        (void) state;
        begin(&x);
        folder_write(&x.two, "b.log", draft_log_bytes(&x.logs[1]));
        for (size_t i = 0; i < SEGMENTS; i++) {
                const char *const folders[] = { x.none, x.one.path, x.two.path, NULL };

                s = segment_over(draft_log_bytes(&x.logs[i]));
                assert_int_equal(segment_next(&s, &r, NULL), 1);
                assert_int_equal(before_leads(folders, &s.chain, NULL), i == 2);
        }
        end(&x);
}

/* As far as it can be led back: whoever judges will say what is missing. */
static void what_is_missing_is_missing(void **state) {
        Logs x;

        (void) state;
        begin(&x);
        folder_write(&x.one, "b.log", draft_log_bytes(&x.logs[1]));
        assert_found(&x, 2, (const size_t[]){ 1 }, 1);
        end(&x);
}

static void a_log_of_another_register_is_none(void **state) {
        DraftLog other = draft_log();
        Logs x;

        (void) state;
        begin(&x);
        other.reg.index = 9;
        draft_log_add(&other, EVENT_PHASE_GENESIS,
                        (const DraftChange[]){ { "register", "\"pcr:9\"" }, {} });
        folder_write(&x.one, "b.log", draft_log_bytes(&other));
        assert_found(&x, 1, NULL, 0);
        draft_log_done(&other);
        end(&x);
}

static void what_does_not_fit_is_said(void **state) {
        const char *folders[] = { NULL, NULL };
        _cleanup_(buf_done) Buf found = BUF_UP_TO(100);
        Logs x;
        Err e = {};

        (void) state;
        begin(&x);
        folders[0] = x.one.path;
        folder_write(&x.one, "b.log", draft_log_bytes(&x.logs[0]));
        assert_int_equal(before_find(folders, draft_log_bytes(&x.logs[1]), &found, &e), -E2BIG);
        assert_non_null(strstr(e.text, "earlier segments"));
        end(&x);
}

/* What could not be read to its end may hold what is looked for. */
static void a_folder_that_cannot_be_read_is_an_error(void **state) {
        const char *folders[] = { NULL, NULL };
        int failed = 1, n = 0;
        Logs x;

        (void) state;
        begin(&x);
        folders[0] = x.one.path;
        folder_write(&x.one, "b.txt", SPAN_LITERAL("no log"));
        for (; failed > 0; n++) {
                _cleanup_(buf_done) Buf found = BUF_UP_TO(DRAFT_LOG_MAX);
                Err e = {};
                int rc;

                libc_fail_after(LIBC_FILES, n, EIO, false);
                rc = before_find(folders, draft_log_bytes(&x.logs[1]), &found, &e);
                failed = libc_heal();
                assert_int_equal(rc, failed > 0 ? -EIO : 0);
                assert_true(failed == 0 || strstr(e.text, x.one.path));
        }
        assert_int_equal(n, 5); /* ., .., the file, the end; and none */
        end(&x);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(segments_are_found_back_to_zero),
                cmocka_unit_test(a_torn_line_is_left_out),
                cmocka_unit_test(what_does_not_lead_there_is_left_out),
                cmocka_unit_test(a_start_is_led_to_or_not),
                cmocka_unit_test(what_is_missing_is_missing),
                cmocka_unit_test(a_log_of_another_register_is_none),
                cmocka_unit_test(what_does_not_fit_is_said),
                cmocka_unit_test(a_folder_that_cannot_be_read_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
