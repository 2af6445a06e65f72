/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/counted.h"
#include "verify/report.h"

/* What people and programs are told of a counter, a history and earlier segments. */

typedef struct Text {
        char *text;
        size_t size;
} Text;

static void text_done(Text *t) {
        free(t->text);
}

static Text people(const Counted *m) {
        Question q = case_question(&m->c);
        Text t = {};
        FILE *f = open_memstream(&t.text, &t.size);

        assert_non_null(f);
        report_people(&m->c.judgement, &q, f);
        assert_int_equal(fclose(f), 0);
        return t;
}

static void assert_people(const Counted *m, const char *words) {
        _cleanup_(text_done) Text t = people(m);

        if (!strstr(t.text, words))
                fail_msg("'%s' does not stand in:\n%s", words, t.text);
}

static void assert_json(const Counted *m, const char *words) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Question q = case_question(&m->c);

        assert_int_equal(report_json(&m->c.judgement, &q, &b, NULL), 0);
        buf_byte(&b, '\0');
        if (!strstr((const char *) b.data, words))
                fail_msg("'%s' does not stand in:\n%s", words, (const char *) b.data);
}

static void counter_and_history_are_told(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        assert_people(&m,
                        "\n  counter          10\n  history          3 lines from count 5: 1 opening\n\n");
        assert_people(&m, "root file system, and every boot before this one.");
        assert_json(&m, "\"counter\":10,\"history\":{\"proven\":1,\"first\":5,\"lines\":3,\"opened\":1,\"unlocked\":0,\"leftOut\":0}}");
        m.c.policy.has_baseline = true;
        m.c.policy.baseline = 10;
        counted_judge(&m);
        assert_people(&m, "root file system, and what was not recorded in earlier boots.");
        counted_end(&m);
}

static void what_was_unlocked_or_left_out_is_told(void **state) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(CONTENT_MAX);
        Counted m;

        (void) state;
        counted_empty(&m);
        counted_open_earlier(&m, EVENT_GLASS_BEGIN, EARLIER);
        counted_open_earlier(&m, EVENT_UNLOCK_OPEN, EARLIER);
        draft_content(EVENT_GLASS_LOST,
                        (const DraftChange[]){ { "from", "8" }, { "to", "11" }, {} }, &content);
        m.count = 10;
        counted_add(&m, buf_span(&content), EARLIER);
        counted_begin_log(&m);
        counted_judge(&m);
        assert_people(&m, "3 lines from count 5: 0 openings, 1 unlocked by hand, 1 left out\n\n");
        assert_json(&m, "\"opened\":0,\"unlocked\":1,\"leftOut\":1}");
        counted_end(&m);
}

static void a_history_that_does_not_hold_is_told_so(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        m.count += 2;
        counted_judge(&m);
        assert_people(&m, "3 lines from count 5: 1 opening (NOT PROVEN)\n");
        assert_json(&m, "\"history\":{\"proven\":0,");
        m.c.forge.counted = false;
        counted_judge(&m);
        assert_json(&m, "\"history\":{\"proven\":0,");
        counted_end(&m);
}

static void a_number_that_json_does_not_have_is_the_nearest(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        m.count = UINT64_MAX;
        counted_judge(&m);
        assert_json(&m, "\"counter\":9007199254740991,");
        counted_end(&m);
}

static void earlier_segments_are_told_first(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        buf_bytes(&m.c.forge.before, draft_log_bytes(&m.log));
        draft_log_add(&m.log, EVENT_GLASS_OPEN,
                        (const DraftChange[]){ { "count", NULL }, { "past", NULL }, {} });
        buf_bytes(&m.c.forge.before, draft_log_record(&m.log, 1));
        counted_judge(&m); /* they do not fit, and are told as what anybody may have written */
        assert_people(&m, "   0         0.000 s  phase.genesis");
        assert_json(&m, "\"event\":\"glass.open\"");
        assert_json(&m, "\"event\":\"phase.genesis\",\"says\":");
        counted_end(&m);
}

static void a_policy_is_suggested_with_the_counter(void **state) {
        _cleanup_(text_done) Text t = {}, none = {};
        Counted m;
        Question q;
        FILE *f;

        (void) state;
        counted_begin(&m);
        q = case_question(&m.c);
        counted_judge(&m);
        f = open_memstream(&t.text, &t.size);
        assert_int_equal(report_suggest(&m.c.judgement, &q, f, NULL), 0);
        assert_int_equal(fclose(f), 0);
        assert_non_null(strstr(t.text, " bound atomic registers"));
        assert_non_null(strstr(t.text,
                        "\n[Glass]\n# openings that were counted before are forgiven\nBaseline=10\n"));
        m.count += 2; /* it does not hold: then neither does a baseline */
        counted_judge(&m);
        f = open_memstream(&none.text, &none.size);
        assert_int_equal(report_suggest(&m.c.judgement, &q, f, NULL), 0);
        assert_int_equal(fclose(f), 0);
        assert_null(strstr(none.text, "Baseline"));
        counted_end(&m);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(counter_and_history_are_told),
                cmocka_unit_test(what_was_unlocked_or_left_out_is_told),
                cmocka_unit_test(a_history_that_does_not_hold_is_told_so),
                cmocka_unit_test(a_number_that_json_does_not_have_is_the_nearest),
                cmocka_unit_test(earlier_segments_are_told_first),
                cmocka_unit_test(a_policy_is_suggested_with_the_counter),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
