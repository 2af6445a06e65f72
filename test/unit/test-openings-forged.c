/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/counted.h"

/* Histories that somebody had his hands in: each test changes one thing of an honest one. */

static void lines_can_neither_be_dropped_nor_added(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        m.count += 2;
        counted_judge(&m);
        assert_untold(&m,
                        "the counter stands at 12, and the history ends at 10: lines are missing");
        m.count -= 4;
        counted_judge(&m);
        assert_untold(&m,
                        "the history ends at 10, and the counter stands at 8 only: the TPM's state was put back");
        counted_end(&m);
}

static void a_line_cannot_be_taken_out(void **state) {
        static const char *const words[] = {
                "history line 0: glass.open stands where glass.begin belongs",
                "history line 1: its count is 9 where 7 belongs", "the history ends at 8"
        };

        (void) state;
        for (unsigned n = 0; n < 3; n++) {
                Counted m;
                Buf *h = &m.c.forge.history;
                size_t from, to;

                counted_begin(&m);
                from = counted_line_at(&m, n);
                to = counted_line_at(&m, n + 1);
                memmove(h->data + from, h->data + to, h->size - to);
                h->size -= to - from;
                counted_judge(&m);
                assert_untold(&m, words[n]);
                counted_end(&m);
        }
}

static void no_byte_of_it_can_be_changed(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        for (size_t i = 0; i < m.c.forge.history.size; i += 7) {
                m.c.forge.history.data[i] ^= 1;
                case_judge_bundle(&m.c);
                assert_int_equal(case_state(&m.c, CLAIM_UNTOUCHED), CLAIM_NOT_PROVEN);
                m.c.forge.history.data[i] ^= 1;
        }
        m.c.forge.history.size--;
        case_judge_bundle(&m.c);
        assert_untold(&m, "the last line has no receipt yet");
        counted_end(&m);
}

/* A receipt by another key, and one for another content. */
static void a_receipt_is_of_the_key_and_of_the_line(void **state) {
        Counted m;
        void *key;

        (void) state;
        counted_empty(&m);
        counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
        key = m.c.forge.key;
        m.c.forge.key = m.c.forge.other_key;
        counted_open_earlier(&m, EVENT_GLASS_OPEN, EARLIER);
        m.c.forge.key = key;
        counted_begin_log(&m);
        counted_judge(&m);
        assert_untold(&m,
                        "count 7 of the history: its receipt is not signed with the attestation key");
        counted_end(&m);
}

/* Begun anew at the present count: the log knows which history it began with. */
static void a_history_that_was_begun_anew_is_another(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        buf_done(&m.c.forge.history);
        memset(m.past, 0, sizeof(m.past));
        counted_open_earlier(&m, EVENT_GLASS_BEGIN, NOW);
        counted_judge(&m);
        assert_untold(&m, "the history is not the one that the log began with (count 10)");
        counted_end(&m);
}

/* The same, where the log was begun anew as well: a baseline knows. */
static void a_baseline_knows_that_a_history_was_begun_anew(void **state) {
        Counted m;

        (void) state;
        counted_empty(&m);
        m.count = 10;
        counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
        counted_begin_log(&m);
        counted_judge(&m);
        assert_told(&m, "the counter stands at 12");
        m.c.policy.has_baseline = true;
        m.c.policy.baseline = 8;
        counted_judge(&m);
        assert_untold(&m, "since the baseline (count 8): the history begins at 11, after it");
        m.c.policy.baseline = 10;
        counted_judge(&m);
        assert_told(&m, "since the baseline (count 10): none either");
        counted_end(&m);
}

/* The TPM was restarted under a running boot, and a log begun anew behind it. */
static void a_restart_does_not_hide_an_opening(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        draft_log_done(&m.log);
        m.log = draft_log();
        counted_open_earlier(&m, EVENT_GLASS_OPEN, NOW);
        counted_begin_log(&m); /* it says that it began after the opening */
        counted_judge(&m);
        assert_untold(&m,
                        "this boot: the history's count 11 got its receipt since the TPM was last reset");
        counted_end(&m);

        /* cleared, so that counts begin at zero again: nothing shows that it was before this boot
         */
        counted_begin(&m);
        draft_log_done(&m.log);
        m.log = draft_log();
        counted_open_earlier(&m, EVENT_GLASS_OPEN, (TpmClock){ .clock = 77, .reset_count = 9 });
        counted_begin_log(&m);
        counted_judge(&m);
        assert_untold(&m, "or before it was cleared");

        /* until something later was */
        draft_log_done(&m.log);
        m.log = draft_log();
        counted_open_earlier(&m, EVENT_GLASS_CLOSE, (TpmClock){ .clock = 77, .reset_count = 3 });
        counted_begin_log(&m);
        counted_judge(&m);
        assert_told(&m, "this boot: no break-glass entry");
        counted_end(&m);
}

static void what_is_of_this_boot_stands_in_its_log(void **state) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_open_earlier(&m, EVENT_GLASS_OPEN, EARLIER); /* after the log began */
        counted_judge(&m);
        assert_untold(&m,
                        "count 11 came after the log began at count 10, and the log does not have it");
        counted_end(&m);

        counted_empty(&m);
        counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
        draft_content(EVENT_GLASS_OPEN,
                        (const DraftChange[]){ { "count", "7" }, { "past", NULL }, {} },
                        &content); /* the boot id that drafts have, as the log's */
        counted_add(&m, buf_span(&content), EARLIER);
        counted_begin_log(&m);
        counted_judge(&m);
        assert_untold(&m,
                        "this boot: opened 1 time before the TPM was reset under it (hibernation), first as login");
        m.c.policy.allowed_kinds = 1u << 0;
        counted_judge(&m);
        assert_int_equal(case_state(&m.c, CLAIM_UNTOUCHED), CLAIM_EXCUSED);
        counted_open_now(&m, EVENT_GLASS_OPEN);
        counted_judge(&m);
        assert_untold(&m,
                        "this boot: opened 1 time, first as sudo by \"ada\": \"disk\" (record 1), and opened 1 time before the TPM was reset under it (hibernation), first as login");
        counted_end(&m);
}

/* The TPM's state was saved for that, so that it counts a restart: the log has to say that the
 * machine slept, and the receipt to be of a time before. What was opened then is open: another boot
 * id in a log that was begun behind it is no reason to forget that. */
/* A segment behind another one: the log begins where that ends. */
static void lay_before(Counted *m) {
        DraftLog first = m->log;

        m->sha1 = draft_log_replay(&first, 0, m->sha1);
        m->sha256 = draft_log_replay(&first, 1, m->sha256);
        buf_bytes(&m->c.forge.before, draft_log_bytes(&first));
        draft_log_done(&m->log);
        m->log = draft_log();
}

static void of_a_machine_that_slept_openings_are_earlier(void **state) {
        static const struct {
                const char *first, *why;
                uint32_t resets, restarts;
                bool earlier;
        } cases[] = { { NULL, "\"resume\"", 7, 6, true }, { NULL, "\"boot\"", 7, 6, false },
                { NULL, "\"resume\"", 7, 7, false }, { NULL, "\"resume\"", 7, 8, false },
                { NULL, "\"resume\"", 8, 6, false }, { "\"boot\"", "\"resume\"", 7, 6, false } };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                TpmClock then = { 5000, cases[i].resets, cases[i].restarts, true };
                Counted m;

                counted_empty(&m);
                m.c.forge.clock = (TpmClock){ 9000, 7, 9, true };
                counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
                counted_open_earlier(&m, EVENT_GLASS_OPEN, then);
                if (cases[i].first) {
                        m.why = cases[i].first;
                        counted_begin_log(&m);
                        lay_before(&m);
                }
                m.why = cases[i].why;
                counted_begin_log(&m); /* the TPM had been restarted 7 times */
                counted_judge(&m);
                if (cases[i].earlier)
                        assert_untold(&m,
                                        "this boot: opened 1 time before the TPM was reset under it (hibernation), first as ");
                else
                        assert_untold(&m,
                                        "this boot: the history's count 7 got its receipt since the TPM was last reset");
                counted_end(&m);
        }
}

static void log_and_history_tell_the_same(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_open_now(&m, EVENT_GLASS_OPEN);
        /* the history has it under another name */
        counted_keep_lines(&m, 3);
        m.count -= 2;
        counted_open_earlier(&m, EVENT_GLASS_OPEN, NOW);
        counted_judge(&m);
        assert_untold(&m, "log and history tell different things of count 11");
        counted_end(&m);

        /* or not at all: then the counter has moved on */
        counted_begin(&m);
        counted_open_now(&m, EVENT_GLASS_OPEN);
        counted_keep_lines(&m, 3);
        counted_judge(&m);
        assert_untold(&m, "the log tells of count 11, and the history does not");
        counted_end(&m);

        /* the log has one that the history passes over */
        counted_begin(&m);
        counted_open_now(&m, EVENT_GLASS_OPEN);
        counted_open_now(&m, EVENT_GLASS_CLOSE);
        counted_keep_lines(&m, 3);
        m.count -= 4;
        {
                _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);

                draft_content(EVENT_GLASS_LOST,
                                (const DraftChange[]){ { "from", "10" }, { "to", "13" },
                                                { "boot", BOOT_EARLIER }, {} },
                                &content);
                m.count = 12;
                counted_add(&m, buf_span(&content), EARLIER);
        }
        counted_judge(&m);
        assert_untold(&m, "the log tells of count 11, and the history does not");
        counted_end(&m);
}

/* The state of a TPM was copied back: its clock is behind its receipts. */
static void a_receipt_of_the_future_is_none(void **state) {
        Counted m;

        (void) state;
        counted_empty(&m);
        counted_open_earlier(&m, EVENT_GLASS_BEGIN,
                        (TpmClock){ .clock = 99999, .reset_count = 7, .restart_count = 7 });
        counted_begin_log(&m);
        counted_judge(&m);
        assert_untold(&m, "count 5 has a receipt of a time that the TPM has not reached");
        counted_end(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_can_neither_be_dropped_nor_added),
                cmocka_unit_test(a_line_cannot_be_taken_out),
                cmocka_unit_test(no_byte_of_it_can_be_changed),
                cmocka_unit_test(a_receipt_is_of_the_key_and_of_the_line),
                cmocka_unit_test(a_history_that_was_begun_anew_is_another),
                cmocka_unit_test(a_baseline_knows_that_a_history_was_begun_anew),
                cmocka_unit_test(a_restart_does_not_hide_an_opening),
                cmocka_unit_test(what_is_of_this_boot_stands_in_its_log),
                cmocka_unit_test(of_a_machine_that_slept_openings_are_earlier),
                cmocka_unit_test(log_and_history_tell_the_same),
                cmocka_unit_test(a_receipt_of_the_future_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
