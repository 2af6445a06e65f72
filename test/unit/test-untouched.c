/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "verify/untouched.h"

/* The claim untouched, over a story that is proven already. */

enum { LOGIN = 1u << 0, SUDO = 1u << 1 };

static void judge(const Story *s, const Policy *p, Verdict *v) {
        const Question q = { .policy = p };

        *v = (Verdict){ .required = 1u << CLAIM_UNTOUCHED };
        verdict_prove(v, CLAIM_REGISTERS, "for this test");
        judge_untouched(s, &q, v);
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
        Verdict v = { .required = 1u << CLAIM_UNTOUCHED };
        Story s = {};

        (void) state;
        judge_untouched(&s, &q, &v);
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
                        "this boot: opened 1 time, first as login by ada (record 4)");
        s.opened = 2;
        judge(&s, &p, &v);
        assert_reason(&v, CLAIM_NOT_PROVEN,
                        "this boot: opened 2 times, first as login by ada (record 4)");
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
                                "this boot: opened 1 time, first as it (record 0)");
                assert_string_equal(v.by[CLAIM_UNTOUCHED],
                                cases[i].state == CLAIM_EXCUSED ? "policy line 12, [Glass] Allow="
                                                                : "");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_boot_without_an_opening_is_untouched),
                cmocka_unit_test(a_log_that_is_not_proven_tells_nothing),
                cmocka_unit_test(openings_that_were_lost_count),
                cmocka_unit_test(a_baseline_is_not_met_without_a_counter),
                cmocka_unit_test(openings_are_counted_and_the_first_is_told),
                cmocka_unit_test(every_kind_must_be_allowed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
