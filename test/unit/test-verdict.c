/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "verify/verdict.h"

static void zeroed_memory_is_not_trusted(void **state) {
        Verdict v = {};

        (void) state;
        assert_false(verdict_trusted(&v));
        verdict_prove(&v, CLAIM_KEY, "a proof");
        assert_false(verdict_trusted(&v)); /* nothing was asked for */
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                assert_int_equal(verdict_state(&v, claim),
                                claim == CLAIM_KEY ? CLAIM_PROVEN : CLAIM_ABSENT);
}

static void each_claim_that_is_required_counts(void **state) {
        (void) state;
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++) {
                Verdict v = { .required = CLAIMS_ALL };

                for (Claim other = 0; other < _CLAIM_MAX; other++)
                        if (other != claim)
                                verdict_prove(&v, other, "proven");
                assert_false(verdict_trusted(&v));
                verdict_refute(&v, claim, "refuted");
                assert_false(verdict_trusted(&v));
                verdict_excuse(&v, claim, "line 7");
                assert_true(verdict_trusted(&v));
        }
}

static void refuting_wins_over_proving(void **state) {
        Verdict before = { .required = 1u << CLAIM_KEY }, after = before;

        (void) state;
        verdict_refute(&before, CLAIM_KEY, "no: %d", 1);
        verdict_prove(&before, CLAIM_KEY, "yes");
        verdict_prove(&after, CLAIM_KEY, "yes");
        verdict_refute(&after, CLAIM_KEY, "no: %d", 1);
        assert_memory_equal(before.reasons, after.reasons, sizeof(before.reasons));
        for (size_t i = 0; i < 2; i++) {
                const Verdict *v = i == 0 ? &before : &after;

                assert_int_equal(verdict_state(v, CLAIM_KEY), CLAIM_NOT_PROVEN);
                assert_false(verdict_proven(v, CLAIM_KEY));
                assert_false(verdict_trusted(v));
                assert_string_equal(v->reasons[CLAIM_KEY], "no: 1");
        }
}

static void the_first_reason_stays(void **state) {
        Verdict v = {};

        (void) state;
        verdict_refute(&v, CLAIM_ROOT, "first");
        verdict_refute(&v, CLAIM_ROOT, "second");
        verdict_leave(&v, CLAIM_ROOT, "third");
        assert_string_equal(v.reasons[CLAIM_ROOT], "first");
        verdict_prove(&v, CLAIM_KEY, "proven");
        verdict_leave(&v, CLAIM_KEY, "left");
        assert_string_equal(v.reasons[CLAIM_KEY], "proven");
        verdict_leave(&v, CLAIM_FRESH, "left: %s", "why");
        assert_string_equal(v.reasons[CLAIM_FRESH], "left: why");
        assert_int_equal(verdict_state(&v, CLAIM_FRESH), CLAIM_ABSENT);
}

static void what_is_proven_needs_no_excuse(void **state) {
        Verdict v = { .required = 1u << CLAIM_UNTOUCHED };

        (void) state;
        verdict_excuse(&v, CLAIM_UNTOUCHED, "line 12");
        assert_int_equal(verdict_state(&v, CLAIM_UNTOUCHED), CLAIM_EXCUSED);
        assert_string_equal(v.by[CLAIM_UNTOUCHED], "line 12");
        assert_true(verdict_trusted(&v));
        verdict_prove(&v, CLAIM_UNTOUCHED, "proven");
        assert_int_equal(verdict_state(&v, CLAIM_UNTOUCHED), CLAIM_PROVEN);
}

static void remarks_are_added_while_there_is_room(void **state) {
        Verdict v = {};
        char long_text[REASON_MAX];

        (void) state;
        verdict_remark(&v, CLAIM_LAYERS, "alone");
        assert_string_equal(v.reasons[CLAIM_LAYERS], "alone");
        verdict_remark(&v, CLAIM_LAYERS, "with %s", "company");
        assert_string_equal(v.reasons[CLAIM_LAYERS], "alone; with company");

        memset(long_text, 'x', sizeof(long_text) - 1);
        long_text[sizeof(long_text) - 1] = '\0';
        for (size_t n = REASON_MAX - 4; n < REASON_MAX; n++) {
                Verdict w = {};

                verdict_prove(&w, CLAIM_LAYERS, "%.*s", (int) n, long_text);
                verdict_remark(&w, CLAIM_LAYERS, "more");
                assert_int_equal(strnlen(w.reasons[CLAIM_LAYERS], REASON_MAX), REASON_MAX - 1);
                assert_string_equal(
                                w.reasons[CLAIM_LAYERS] + REASON_MAX - 4, "..."); /* it says so */
                /* nothing ran over */
                assert_true(span_is_zero(
                                (Span){ (uint8_t *) w.reasons[CLAIM_LAYERS + 1], REASON_MAX }));
        }
}

static void claims_are_known_by_their_names(void **state) {
        static const char *const names[_CLAIM_MAX] = { "signature", "key", "fresh", "bound",
                "atomic", "registers", "firmware", "kernel", "root", "layers", "verity", "unlock",
                "phase", "machine-id", "login", "report", "untouched", "together" };

        (void) state;
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++) {
                assert_string_equal(claim_name(claim), names[claim]);
                assert_int_equal(claim_of_name(span_of(names[claim])), claim);
        }
        assert_int_equal(claim_of_name(SPAN_LITERAL("")), _CLAIM_MAX);
        assert_int_equal(claim_of_name(SPAN_LITERAL("keys")), _CLAIM_MAX);
        assert_string_equal(claim_state_name(CLAIM_ABSENT), "absent");
        assert_string_equal(claim_state_name(CLAIM_NOT_PROVEN), "not-proven");
        assert_string_equal(claim_state_name(CLAIM_PROVEN), "proven");
        assert_string_equal(claim_state_name(CLAIM_EXCUSED), "excused");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(zeroed_memory_is_not_trusted),
                cmocka_unit_test(each_claim_that_is_required_counts),
                cmocka_unit_test(refuting_wins_over_proving),
                cmocka_unit_test(the_first_reason_stays),
                cmocka_unit_test(what_is_proven_needs_no_excuse),
                cmocka_unit_test(remarks_are_added_while_there_is_room),
                cmocka_unit_test(claims_are_known_by_their_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
