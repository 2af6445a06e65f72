/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/draftlog.h"
#include "support/follow.h"

static DraftLog good_log(void) {
        DraftLog l = draft_log();

        draft_log_add(&l, EVENT_PHASE_GENESIS, NULL);
        draft_log_add(&l, EVENT_LAYER_ACTIVATE, NULL);
        draft_log_add(&l, EVENT_NOTE_TEXT, NULL);
        draft_log_add(&l, EVENT_GLASS_OPEN, NULL);
        return l;
}

static void a_record_taken_out_or_moved_is_missed(void **state) {
        _cleanup_(draft_log_done) DraftLog l = good_log();

        (void) state;
        for (size_t out = 0; out < l.n; out++)
                for (size_t in = 0; in <= l.n; in++) {
                        /* record "out" is taken away, and stands before "in" instead */
                        _cleanup_(buf_done) Buf moved = BUF_UP_TO(DRAFT_LOG_MAX);
                        bool same = in == out || in == out + 1;
                        size_t n;
                        Chain c;
                        int rc;

                        for (size_t i = 0; i <= l.n; i++) {
                                if (i == in && in < l.n)
                                        buf_bytes(&moved, draft_log_record(&l, out));
                                if (i < l.n && i != out)
                                        buf_bytes(&moved, draft_log_record(&l, i));
                        }
                        n = follow(buf_span(&moved), &c, &rc, NULL);
                        if (out == l.n - 1 && in == l.n) /* cut off: the register tells */
                                assert_true(rc == 0 && n == l.n - 1);
                        else if (same && in < l.n)
                                assert_true(rc == 0 && n == l.n);
                        else
                                assert_int_equal(rc, -EBADMSG);
                }
}

static void a_record_doubled_is_missed(void **state) {
        _cleanup_(draft_log_done) DraftLog l = good_log();

        (void) state;
        for (size_t twice = 0; twice < l.n; twice++) {
                _cleanup_(buf_done) Buf doubled = BUF_UP_TO(DRAFT_LOG_MAX);
                Chain c;
                int rc;

                buf_bytes(&doubled, (Span){ l.bytes.data, l.at[twice + 1] });
                buf_bytes(&doubled, (Span){ l.bytes.data + l.at[twice], l.at[l.n] - l.at[twice] });
                assert_int_equal(follow(buf_span(&doubled), &c, &rc, NULL), twice + 1);
                assert_int_equal(rc, -EBADMSG);
        }
}

/* True where the first two registers hold something else. */
static bool moved(const Chain *a, const Chain *b) {
        for (size_t i = 0; i < 2; i++)
                if (strand_values_equal(&a->strands[i], a->strands[i].now, b->strands[i].now))
                        return false;
        return true;
}

static void no_changed_byte_leads_to_the_same_register(void **state) {
        _cleanup_(draft_log_done) DraftLog l = good_log();
        Span log = draft_log_bytes(&l);
        Chain whole, c;
        int rc;

        (void) state;
        assert_int_equal(follow(log, &whole, &rc, NULL), l.n);
        for (size_t i = 0; i < log.size; i++) {
                uint8_t was = l.bytes.data[i];

                l.bytes.data[i] = (uint8_t) (was ^ 1);
                if (follow(log, &c, &rc, NULL) == l.n)
                        /* another register that the genesis names: both of them tell */
                        assert_true(moved(&c, &whole));
                else
                        assert_true(rc < 0);
                l.bytes.data[i] = was;
        }
}

static void a_log_that_ends_early_says_how(void **state) {
        _cleanup_(draft_log_done) DraftLog l = good_log();

        (void) state;
        for (size_t size = 0; size < l.at[l.n]; size++) {
                size_t whole = 0;
                Err e = {};
                Chain c;
                int rc;

                while (l.at[whole + 1] <= size)
                        whole++;
                assert_int_equal(follow((Span){ l.bytes.data, size }, &c, &rc, &e), whole);
                assert_int_equal(rc, l.at[whole] == size ? 0 : -ENODATA);
                assert_int_equal(c.next_seq, whole);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_record_taken_out_or_moved_is_missed),
                cmocka_unit_test(a_record_doubled_is_missed),
                cmocka_unit_test(no_changed_byte_leads_to_the_same_register),
                cmocka_unit_test(a_log_that_ends_early_says_how),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
