/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <stdio.h>

#include "verify/untouched.h"

/* The claim untouched, over a story that is proven already. */

enum { LOGIN = 1u << 0, SUDO = 1u << 1 };

static void judge_with(const Story *s, const Openings *o, const Policy *p, Verdict *v) {
        const Question q = { .policy = p };

        *v = (Verdict){ .required = 1u << CLAIM_UNTOUCHED };
        verdict_prove(v, CLAIM_REGISTERS, "for this test");
        judge_untouched(s, o, &q, v);
}

/* A machine without a counter. */
static void judge(const Story *s, const Policy *p, Verdict *v) {
        const Openings none = {};

        judge_with(s, &none, p, v);
}

static void assert_reason(const Verdict *v, ClaimState state, const char *reason) {
        assert_string_equal(v->reasons[CLAIM_UNTOUCHED], reason);
        assert_int_equal(verdict_state(v, CLAIM_UNTOUCHED), state);
        assert_int_equal(verdict_trusted(v), state == CLAIM_PROVEN || state == CLAIM_EXCUSED);
}

static void a_boot_without_an_opening_is_untouched(void **state) {
        const Policy p = policy_default();
        Story s = { .n_records = 3 };
        Verdict v;

        (void) state;
        judge(&s, &p, &v);
        assert_reason(&v, CLAIM_PROVEN,
                        "this boot: no break-glass entry; earlier boots: not judged");
}

static void a_log_that_is_not_proven_tells_nothing(void **state) {
        const Policy p = policy_default();
        const Question q = { .policy = &p };
        const Openings none = {};
        Verdict v = { .required = 1u << CLAIM_UNTOUCHED };
        Story s = {};

        (void) state;
        judge_untouched(&s, &none, &q, &v);
        assert_reason(&v, CLAIM_NOT_PROVEN, "the log that would tell is not proven (registers)");
}

static void openings_that_were_lost_count(void **state) {
        Policy p = policy_default();
        Story s = { .lost = 1 };
        Verdict v;

        (void) state;
        p.allowed_kinds = UINT32_MAX; /* of which kind they were is not known */
        judge(&s, &p, &v);
        assert_reason(&v, CLAIM_NOT_PROVEN, "the log says that openings were left out");
}

static void a_baseline_is_not_met_without_a_counter(void **state) {
        Policy p = policy_default();
        Story s = {};
        Verdict v;

        (void) state;
        p.has_baseline = true;
        judge(&s, &p, &v);
        assert_reason(&v, CLAIM_NOT_PROVEN,
                        "since the baseline: the evidence carries no counter to judge it by");
}

static void openings_are_counted_and_the_first_is_told(void **state) {
        const Policy p = policy_default();
        Story s = { .opened = 1,
                .opened_kinds = LOGIN,
                .first_opened_seq = 4,
                .first_opened = "login by ada" };
        Verdict v;

        (void) state;
        judge(&s, &p, &v);
        assert_reason(&v, CLAIM_NOT_PROVEN,
                        "this boot: opened 1 time, first as login by ada (record 4); earlier boots: not judged");
        s.opened = 2;
        judge(&s, &p, &v);
        assert_reason(&v, CLAIM_NOT_PROVEN,
                        "this boot: opened 2 times, first as login by ada (record 4); earlier boots: not judged");
}

static void every_kind_must_be_allowed(void **state) {
        static const struct {
                uint32_t opened, allowed;
                ClaimState state;
        } cases[] = {
                { LOGIN, LOGIN, CLAIM_EXCUSED }, { LOGIN, LOGIN | SUDO, CLAIM_EXCUSED },
                { LOGIN | SUDO, LOGIN | SUDO, CLAIM_EXCUSED },
                { LOGIN | SUDO, LOGIN, CLAIM_NOT_PROVEN }, { LOGIN, SUDO, CLAIM_NOT_PROVEN },
                { LOGIN, 0, CLAIM_NOT_PROVEN },
                { 0, UINT32_MAX, CLAIM_NOT_PROVEN }, /* a kind that nobody knows */
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Story s = { .opened = 1, .opened_kinds = cases[i].opened, .first_opened = "it" };
                Policy p = policy_default();
                Verdict v;

                p.allowed_kinds = cases[i].allowed;
                for (unsigned k = 0; k < EVENT_KINDS; k++)
                        p.allowed_by[k].line = 12;
                judge(&s, &p, &v);
                assert_reason(&v, cases[i].state,
                                "this boot: opened 1 time, first as it (record 0); earlier boots: not judged");
                assert_string_equal(v.by[CLAIM_UNTOUCHED],
                                cases[i].state == CLAIM_EXCUSED ? "policy line 12, [Glass] Allow="
                                                                : "");
        }
}

static Openings counted(uint64_t count) {
        return (Openings){ .has_counter = true,
                .has_history = true,
                .count = count,
                .first = 3,
                .lines = 4,
                .covered = true };
}

static void both_statements_are_made(void **state) {
        Openings o = counted(10);
        Policy p = policy_default();
        Story s = {};
        Verdict v;

        (void) state;
        judge_with(&s, &o, &p, &v);
        assert_reason(&v, CLAIM_PROVEN,
                        "this boot: no break-glass entry; earlier boots: not judged, as policy names no baseline (the counter stands at 10)");
        p.has_baseline = true;
        p.baseline = 6;
        judge_with(&s, &o, &p, &v);
        assert_reason(&v, CLAIM_PROVEN,
                        "this boot: no break-glass entry; since the baseline (count 6): none either");
        o.opened_since = 2;
        o.kinds_since = SUDO;
        (void) snprintf(o.first_since, sizeof(o.first_since), "sudo by ada");
        judge_with(&s, &o, &p, &v);
        assert_reason(&v, CLAIM_NOT_PROVEN,
                        "this boot: no break-glass entry; since the baseline (count 6): opened 2 times, first as sudo by ada");
        o.opened_since = 1;
        s.opened = 1;
        s.opened_kinds = LOGIN;
        (void) snprintf(s.first_opened, sizeof(s.first_opened), "login by ada");
        judge_with(&s, &o, &p, &v);
        assert_reason(&v, CLAIM_NOT_PROVEN,
                        "this boot: opened 1 time, first as login by ada (record 0); since the baseline (count 6): opened 1 time, first as sudo by ada");
}

/* An opening of an earlier boot needs to be allowed as well. */
static void kinds_of_both_must_be_allowed(void **state) {
        static const struct {
                uint32_t boot, since, allowed;
                ClaimState state;
        } cases[] = {
                { LOGIN, SUDO, LOGIN | SUDO, CLAIM_EXCUSED },
                { LOGIN, SUDO, LOGIN, CLAIM_NOT_PROVEN },
                { LOGIN, SUDO, SUDO, CLAIM_NOT_PROVEN },
                { 0, SUDO, SUDO, CLAIM_EXCUSED },
                { 0, SUDO, LOGIN, CLAIM_NOT_PROVEN },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Openings o = counted(10);
                Policy p = policy_default();
                Story s = { .opened = cases[i].boot != 0, .opened_kinds = cases[i].boot };
                Verdict v;

                p.has_baseline = true;
                p.baseline = 4;
                p.allowed_kinds = cases[i].allowed;
                o.opened_since = 1;
                o.kinds_since = cases[i].since;
                judge_with(&s, &o, &p, &v);
                assert_int_equal(verdict_state(&v, CLAIM_UNTOUCHED), cases[i].state);
        }
}

static void what_is_not_known_is_never_excused(void **state) {
        static const struct {
                Openings o;
                const char *reason;
        } cases[] = {
                { { .fault = "it is gone" }, "openings cannot be counted: it is gone" },
                { { .stray = "count 7 is loose" }, "this boot: the history's count 7 is loose" },
                { { .has_counter = true, .count = 5, .covered = true },
                                "since the baseline: the counter stands at 5, below it (6): another counter, or its TPM's state was put back" },
                { { .has_counter = true, .count = 10, .first = 9 },
                                "since the baseline (count 6): the history begins at 9, after it" },
                { { .has_counter = true, .count = 10, .covered = true, .left_out_since = 1 },
                                "since the baseline (count 6): the counter moved without a record, 1 time" },
                { { .has_counter = true, .count = 10, .covered = true, .left_out_since = 2 },
                                "since the baseline (count 6): the counter moved without a record, 2 times" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Policy p = policy_default();
                Story s = { .opened = 1, .opened_kinds = LOGIN };
                Verdict v;

                p.allowed_kinds = UINT32_MAX;
                p.has_baseline = true;
                p.baseline = 6;
                judge_with(&s, &cases[i].o, &p, &v);
                assert_reason(&v, CLAIM_NOT_PROVEN, cases[i].reason);
                /* the first two are of no baseline */
                p.has_baseline = false;
                judge_with(&s, &cases[i].o, &p, &v);
                assert_int_equal(verdict_state(&v, CLAIM_UNTOUCHED),
                                i < 2 ? CLAIM_NOT_PROVEN : CLAIM_EXCUSED);
        }
}

/* A baseline is met where the counter stands at it. */
static void a_baseline_is_the_counter_itself(void **state) {
        Openings o = counted(6);
        Policy p = policy_default();
        Story s = {};
        Verdict v;

        (void) state;
        p.has_baseline = true;
        p.baseline = 6;
        judge_with(&s, &o, &p, &v);
        assert_int_equal(verdict_state(&v, CLAIM_UNTOUCHED), CLAIM_PROVEN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_boot_without_an_opening_is_untouched),
                cmocka_unit_test(a_log_that_is_not_proven_tells_nothing),
                cmocka_unit_test(openings_that_were_lost_count),
                cmocka_unit_test(a_baseline_is_not_met_without_a_counter),
                cmocka_unit_test(openings_are_counted_and_the_first_is_told),
                cmocka_unit_test(every_kind_must_be_allowed),
                cmocka_unit_test(both_statements_are_made),
                cmocka_unit_test(kinds_of_both_must_be_allowed),
                cmocka_unit_test(what_is_not_known_is_never_excused),
                cmocka_unit_test(a_baseline_is_the_counter_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
