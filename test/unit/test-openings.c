/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/counted.h"

/* The counter and the history against the log: what they prove, and that silence does not. */

static void an_honest_history_is_believed(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        assert_told(&m, "this boot: no break-glass entry; earlier boots: not judged, as policy names no baseline (the counter stands at 10)");
        assert_true(verdict_trusted(&m.c.judgement.verdict));
        assert_int_equal(m.c.judgement.openings.first, COUNTED_FIRST);
        assert_int_equal(m.c.judgement.openings.lines, 3);
        assert_int_equal(m.c.judgement.openings.opened, 1);
        assert_int_equal(m.c.judgement.openings.unlocked, 0);
        assert_true(m.c.judgement.openings.anchored);
        counted_end(&m);
}

static void since_a_baseline_openings_count(void **state) {
        static const struct {
                uint64_t baseline;
                ClaimState state;
                const char *words;
        } cases[] = {
                { 10, CLAIM_PROVEN, "since the baseline (count 10): none either" },
                { 8, CLAIM_PROVEN, "since the baseline (count 8): none either" }, /* a closing */
                { 6, CLAIM_NOT_PROVEN,
                                "since the baseline (count 6): opened 1 time, first as login" },
                { 4, CLAIM_NOT_PROVEN, "since the baseline (count 4): opened 1 time" },
                { 3, CLAIM_NOT_PROVEN, "(count 3): the history begins at 5, after it" },
                { 0, CLAIM_NOT_PROVEN, "(count 0): the history begins at 5, after it" },
                { 12, CLAIM_NOT_PROVEN, "the counter stands at 10, below it (12)" },
                { UINT64_MAX, CLAIM_NOT_PROVEN, "the counter stands at 10, below it" },
                { 7, CLAIM_NOT_PROVEN, "(count 7): opened 1 time" }, /* its own value, open */
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Counted m;

                counted_begin(&m);
                m.c.policy.has_baseline = true;
                m.c.policy.baseline = cases[i].baseline;
                counted_judge(&m);
                if (cases[i].state == CLAIM_PROVEN)
                        assert_told(&m, cases[i].words);
                else
                        assert_untold(&m, cases[i].words);
                counted_end(&m);
        }
}

static void openings_of_this_boot_stand_in_both(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_open_now(&m, EVENT_GLASS_OPEN);
        counted_open_now(&m, EVENT_GLASS_CLOSE);
        m.c.policy.has_baseline = true;
        m.c.policy.baseline = 10;
        counted_judge(&m);
        assert_untold(&m,
                        "this boot: opened 1 time, first as sudo by \"ada\": \"disk\" (record 1); since the baseline (count 10): opened 1 time");
        assert_int_equal(m.c.judgement.openings.opened, 2);
        m.c.policy.allowed_kinds = 1u << 1; /* sudo */
        counted_judge(&m);
        assert_int_equal(case_state(&m.c, CLAIM_UNTOUCHED), CLAIM_EXCUSED);
        counted_end(&m);
}

static void a_human_unlocking_is_counted_by_itself(void **state) {
        Counted m;

        (void) state;
        counted_empty(&m);
        counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
        counted_open_earlier(&m, EVENT_UNLOCK_OPEN, EARLIER);
        counted_begin_log(&m);
        m.c.policy.has_baseline = true;
        m.c.policy.baseline = 4;
        counted_judge(&m);
        assert_told(&m, "since the baseline (count 4): none either");
        assert_int_equal(m.c.judgement.openings.unlocked, 1);
        assert_int_equal(m.c.judgement.openings.opened, 0);
        counted_end(&m);
}

static void a_machine_without_a_counter_has_its_log(void **state) {
        Counted m;

        (void) state;
        counted_empty(&m);
        m.c.forge.counted = false;
        counted_begin_log_alone(&m);
        counted_judge(&m);
        assert_told(&m, "this boot: no break-glass entry; earlier boots: not judged");
        m.c.policy.has_baseline = true;
        counted_judge(&m);
        assert_untold(&m, "since the baseline: the evidence carries no counter to judge it by");
        assert_false(m.c.judgement.openings.covered);
        assert_false(m.c.judgement.openings.anchored);
        counted_end(&m);
}

/* Where there is a counter, there is a history, and where there was one, it is there. */
static void silence_fails(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        m.c.forge.counted = false;
        counted_judge(&m);
        assert_untold(&m, "there is a history, but the counter is not in the evidence");
        buf_done(&m.c.forge.history);
        counted_judge(&m);
        assert_untold(&m, "the log began at count 10, but the counter is not in the evidence");
        m.c.forge.counted = true;
        counted_judge(&m);
        assert_untold(&m, "the counter stands at 10, and no history in the evidence tells why");
        counted_end(&m);
}

static void a_counted_record_needs_the_counter(void **state) {
        Counted m;

        (void) state;
        counted_empty(&m);
        m.c.forge.counted = false;
        counted_begin_log_alone(&m);
        draft_log_add(&m.log, EVENT_UNLOCK_OPEN, (const DraftChange[]){ { "count", "7" }, {} });
        counted_judge(&m);
        assert_untold(&m, "the log tells of count 7, but the counter is not in the evidence");
        counted_end(&m);
}

/* What is certified must be the counter: each of these is something else. */
static void another_index_is_no_counter(void **state) {
        static const struct {
                uint32_t index, attributes;
                const char *words;
        } cases[] = {
                { 0x01806177, 0x22060014,
                                "NV index 0x01806177 is certified, which is not the counter's" },
                { NV_COUNTER_INDEX, 0x22060004, "has the attributes 0x22060004" }, /* ordinary */
                { NV_COUNTER_INDEX, 0x26060014, "has the attributes 0x26060014" }, /* orderly */
                { NV_COUNTER_INDEX, 0x22060016,
                                "has the attributes 0x22060016" }, /* owner writes */
                { NV_COUNTER_INDEX, 0x02060014, "the counter was never incremented" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Counted m;

                counted_begin(&m);
                m.c.forge.counter.index = cases[i].index;
                m.c.forge.counter.attributes = cases[i].attributes;
                counted_judge(&m);
                assert_untold(&m, cases[i].words);
                counted_end(&m);
        }
}

/* Receipts of keys of each kind. */
static void a_history_is_of_the_machines_own_key(void **state) {
        static const struct {
                TpmCurve curve;
                HashAlg hash;
        } keys[] = { { TPM_CURVE_NONE, HASH_SHA256 }, { TPM_CURVE_P384, HASH_SHA384 } };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(keys); i++) {
                Counted m;

                counted_empty(&m);
                forge_key(&m.c.forge, keys[i].curve, keys[i].hash);
                counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
                counted_open_earlier(&m, EVENT_GLASS_OPEN, EARLIER);
                counted_begin_log(&m);
                counted_judge(&m);
                assert_told(&m, "this boot: no break-glass entry");
                assert_int_equal(m.c.judgement.openings.opened, 1);
                counted_end(&m);
        }
}

static void half_a_counter_is_none(void **state) {
        (void) state;
        for (unsigned first = 0; first < 2; first++) {
                Counted m;

                counted_begin(&m);
                if (first)
                        m.c.forge.nv_size = 4;
                else
                        m.c.forge.nv_offset = 4;
                counted_judge(&m);
                assert_untold(&m, "the counter is certified in part");
                assert_false(m.c.judgement.openings.has_counter);
                counted_end(&m);
        }
}

static void what_claims_lean_on_is_said(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        m.c.forge.clock.restart_count = 8;
        counted_judge(&m);
        assert_told(&m, "restart empties registers (the counter shows that no opening was lost to that)");
        assert_non_null(strstr(m.c.judgement.verdict.reasons[CLAIM_REGISTERS],
                        "resumed or restarted 1 times"));
        assert_null(strstr(m.c.judgement.verdict.reasons[CLAIM_REGISTERS], "the counter shows"));
        m.c.forge.audited = false;
        counted_judge(&m);
        assert_told(&m, "counter and registers are not of one session");
        counted_end(&m);
}

static void a_log_that_is_not_proven_is_not_compared(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        m.c.forge.log.data[m.c.forge.log.size - 20] ^= 1;
        case_judge_bundle(&m.c);
        assert_refused(&m.c, CLAIM_UNTOUCHED, "not proven (registers)");
        assert_string_equal(m.c.judgement.openings.fault, "");
        assert_string_equal(m.c.judgement.openings.stray, "");
        counted_end(&m);
}

static void a_counter_that_moved_alone_is_told(void **state) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        Counted m;

        (void) state;
        counted_empty(&m);
        counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
        draft_content(EVENT_GLASS_LOST,
                        (const DraftChange[]){ { "from", "6" }, { "to", "9" },
                                        { "boot", BOOT_EARLIER }, {} },
                        &content);
        m.count = 8;
        counted_add(&m, buf_span(&content), EARLIER);
        counted_begin_log(&m);
        m.c.policy.has_baseline = true;
        m.c.policy.baseline = 6;
        counted_judge(&m);
        assert_untold(&m, "(count 6): the counter moved without a record, 1 time");
        assert_int_equal(m.c.judgement.openings.left_out, 1);
        m.c.policy.baseline = 10; /* forgiven */
        counted_judge(&m);
        assert_told(&m, "(count 10): none either");
        counted_end(&m);
}

/* What a genesis could not learn is not held against the history; what it did learn is. */
static void a_genesis_may_know_less(void **state) {
        static const char zeros[] =
                        "\"0000000000000000000000000000000000000000000000000000000000000000\"";
        static const struct {
                const char *count, *past, *fault;
        } cases[] = {
                { "6", NULL, "" },
                { NULL, zeros, "" },
                { NULL, "\"" HEX_64 "\"", "" }, /* of which line, nobody knows */
                { "6", zeros, "the history is not the one that the log began with (count 6)" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Counted m;

                counted_empty(&m);
                counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
                counted_begin_log_with(&m, cases[i].count, cases[i].past);
                counted_judge(&m);
                assert_int_equal(case_state(&m.c, CLAIM_REGISTERS), CLAIM_PROVEN);
                assert_true(strncmp(m.c.judgement.openings.fault, cases[i].fault,
                                            strlen(cases[i].fault)) == 0);
                assert_int_equal(m.c.judgement.openings.fault[0] == 0, cases[i].fault[0] == 0);
                counted_end(&m);
        }
}

/* Registers are not proven for another reason: a log that is whole is not compared either. */
static void a_whole_log_that_is_not_proven_is_not_compared(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_open_now(&m, EVENT_GLASS_OPEN);
        counted_keep_lines(&m, 3);
        m.count -= 2;
        counted_open_earlier(&m, EVENT_GLASS_CLOSE, NOW);
        m.c.policy.registers[0].index = 9;
        counted_judge(&m);
        assert_int_equal(case_state(&m.c, CLAIM_REGISTERS), CLAIM_NOT_PROVEN);
        assert_string_equal(m.c.judgement.openings.fault, "");
        assert_string_equal(m.c.judgement.openings.stray, "");
        counted_end(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_history_is_believed),
                cmocka_unit_test(since_a_baseline_openings_count),
                cmocka_unit_test(openings_of_this_boot_stand_in_both),
                cmocka_unit_test(a_human_unlocking_is_counted_by_itself),
                cmocka_unit_test(a_machine_without_a_counter_has_its_log),
                cmocka_unit_test(a_genesis_may_know_less),
                cmocka_unit_test(a_whole_log_that_is_not_proven_is_not_compared),
                cmocka_unit_test(silence_fails),
                cmocka_unit_test(a_counted_record_needs_the_counter),
                cmocka_unit_test(another_index_is_no_counter),
                cmocka_unit_test(a_history_is_of_the_machines_own_key),
                cmocka_unit_test(half_a_counter_is_none),
                cmocka_unit_test(what_claims_lean_on_is_said),
                cmocka_unit_test(a_log_that_is_not_proven_is_not_compared),
                cmocka_unit_test(a_counter_that_moved_alone_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
