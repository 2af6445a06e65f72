/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "measure/account.h"
#include "measure/replay.h"
#include "measure/words.h"
#include "support/world.h"

static void begin(World *w, Account *a) {
        Plan plan = plan_of((Register){ REGISTER_PCR, WORLD_PCR });

        plan.lanes[LANE_NOTE] = (Register){ REGISTER_PCR, WORLD_PCR_OTHER };
        world_new(w);
        assert_int_equal(account_open_plan(&w->store, &w->tpm, &plan, a, NULL), 0);
        assert_int_equal(measure_phase(a, "one", NULL), 0);
        assert_int_equal(measure_note(a, "two", NULL), 0);
        assert_int_equal(measure_note(a, "three", NULL), 0);
        assert_int_equal(measure_phase(a, "four", NULL), 0);
}

/* What the TPM has against the log as it is in the world. */
static void against(World *w, Replayed *ret) {
        Segment s = segment_over(buf_span(&w->log));
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, NULL)) > 0)
                continue;
        assert_int_equal(rc, 0);
        assert_int_equal(replay(&w->tpm, buf_span(&w->log), &s.chain, ret, NULL), 0);
}

static void an_honest_log_matches(void **state) {
        Replayed r;
        Account a;
        World w;

        (void) state;
        begin(&w, &a);
        against(&w, &r);
        assert_true(replay_matches(&r));
        assert_int_equal(r.strands[0].n_records, 3);
        assert_int_equal(r.strands[1].n_records, 2);
        world_done(&w);
}

/* The registers are those of when there were fewer records: each tells which is the first too many.
 */
static void the_first_record_that_is_not_shown_is_named(void **state) {

        (void) state;
        for (int notes = 0; notes < 2; notes++) {
                PcrValues before;
                Replayed r;
                Account a;
                World w;

                begin(&w, &a);
                before = w.pcrs;
                for (int i = 0; i < 2; i++)
                        assert_int_equal((notes ? measure_note : measure_phase)(&a, "x", NULL), 0);
                w.pcrs = before;
                against(&w, &r);
                assert_false(replay_matches(&r));
                assert_true(r.strands[!notes].shows_all);
                assert_false(r.strands[notes].shows_all);
                assert_true(r.strands[notes].shows_some);
                assert_int_equal(r.strands[notes].first_seq, 5);
                world_done(&w);
        }
}

static void a_register_before_its_first_record_is_known(void **state) {
        Replayed r;
        Account a;
        World w;

        (void) state;
        begin(&w, &a);
        for (size_t i = 0; i < w.pcrs.held.n_banks; i++)
                w.pcrs.digests[i][WORLD_PCR_OTHER] =
                                digest_zero((HashAlg) w.pcrs.held.banks[i].alg);
        against(&w, &r);
        assert_false(r.strands[1].shows_all);
        assert_true(r.strands[1].shows_some);
        assert_int_equal(r.strands[1].first_seq, 2);
        assert_true(r.strands[0].shows_all);
        world_done(&w);
}

static void what_no_record_leads_to_is_somebody_elses(void **state) {
        for (int all = 0; all < 2; all++) {
                Replayed r;
                Account a;
                World w;

                (void) state;
                begin(&w, &a);
                world_extend_foreign(&w, all);
                against(&w, &r);
                assert_false(replay_matches(&r));
                assert_false(r.strands[0].shows_all);
                assert_false(r.strands[0].shows_some);
                assert_int_equal(r.strands[0].first_seq, 0);
                assert_true(r.strands[1].shows_all);
                world_done(&w);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_log_matches),
                cmocka_unit_test(the_first_record_that_is_not_shown_is_named),
                cmocka_unit_test(a_register_before_its_first_record_is_known),
                cmocka_unit_test(what_no_record_leads_to_is_somebody_elses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
