/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "measure/account.h"
#include "measure/nvregister.h"
#include "measure/words.h"
#include "support/worldlog.h"
#include "wire/nvpublic.h"

/* An account with a lane in an NV index. */

enum { INDEX = 0x01806177 };

static Plan notes_in_nv(void) {
        Plan plan = plan_of((Register){ REGISTER_PCR, WORLD_PCR });

        plan.lanes[LANE_NOTE] = (Register){ REGISTER_NV, INDEX };
        return plan;
}

static int open_plan(World *w, Account *ret) {
        const Plan plan = notes_in_nv();

        return account_open_plan(&w->store, &w->tpm, &plan, ret, NULL);
}

static WorldNv *nv_of(World *w) {
        for (size_t i = 0; i < WORLD_NV_MAX; i++)
                if (w->nv[i].index == INDEX)
                        return &w->nv[i];
        return NULL;
}

static void new_world(World *w) {
        world_new(w);
        assert_int_equal(nvregister_define(&w->tpm, INDEX, NULL), 1);
        assert_int_equal(nvregister_define(&w->tpm, INDEX, NULL), 0);
}

static const Strand *notes_of(const Chain *c) {
        const Strand *s = chain_strand(c, (Register){ REGISTER_NV, INDEX });

        assert_non_null(s);
        return s;
}

static void a_lane_goes_into_an_index_that_was_blinded(void **state) {
        Digest starts[2];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(starts); i++) {
                World w;
                Account a;
                Chain c;

                new_world(&w);
                assert_int_equal(open_plan(&w, &a), 0);
                assert_true(digest_equal(&notes_of(&a.chain)->start[0], &nv_of(&w)->digest));
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                assert_int_equal(measure_phase(&a, "two", NULL), 0);
                assert_int_equal(measure_note(&a, "three", NULL), 0);
                assert_int_equal(world_follow(&w, &c), 4);
                starts[i] = notes_of(&c)->start[0];
                assert_false(span_is_zero(digest_span(&starts[i])));
                assert_true(digest_equal(&notes_of(&c)->now[0], &nv_of(&w)->digest));
                assert_true(world_log_has(&w, "\"blinded\":{\"01806177\":\""));
                assert_false(world_log_has(&w, "\"missing\""));
                assert_int_equal(open_plan(&w, &a), 0);
                assert_false(a.mended || a.began);
                world_done(&w);
        }
        assert_false(digest_equal(&starts[0], &starts[1]));
}

/* Somebody extended it before the log of the boot began: that is blinded, too. */
static void what_was_in_it_before_is_blinded(void **state) {
        static const uint8_t known[32] = { 7 };
        Digest before;
        World w;
        Account a;

        (void) state;
        new_world(&w);
        assert_int_equal(tpm_nv_extend(&w.tpm, INDEX, (Span){ known, sizeof(known) }, NULL), 0);
        before = nv_of(&w)->digest;
        assert_int_equal(open_plan(&w, &a), 0);
        assert_false(digest_equal(&notes_of(&a.chain)->start[0], &before));
        world_done(&w);
}

static void where_there_is_no_index_the_pcr_takes_its_records(void **state) {
        for (int other = 0; other < 2; other++) {
                World w;
                Account a;
                Chain c;

                (void) state;
                new_world(&w);
                if (other)
                        nv_of(&w)->attributes ^= NV_OWNERREAD;
                else
                        assert_int_equal(tpm_nv_undefine(&w.tpm, INDEX, NULL), 0);
                assert_int_equal(open_plan(&w, &a), 0);
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                assert_int_equal(world_follow(&w, &c), 2);
                assert_int_equal(c.n_strands, 1);
                assert_true(world_log_has(&w, "\"missing\":[\"01806177\"]"));
                /* one that comes later is not taken before the next boot */
                if (!other)
                        assert_int_equal(nvregister_define(&w.tpm, INDEX, NULL), 1);
                assert_int_equal(open_plan(&w, &a), 0);
                assert_int_equal(measure_note(&a, "two", NULL), 0);
                assert_int_equal(world_follow(&w, &c), 3);
                assert_int_equal(w.n_retired, 0);
                world_done(&w);
        }
}

/* It cannot be blinded: the TPM refuses each extend of it. */
static void an_index_that_cannot_be_blinded_is_not_used(void **state) {
        unsigned without = 0;

        (void) state;
        for (int n = 0; n < 24; n++) {
                World w;
                Account a;

                new_world(&w);
                world_fail_after(&w, n, FAULT_ONCE);
                if (open_plan(&w, &a) == 0) {
                        world_heal(&w);
                        assert_int_equal(measure_note(&a, "one", NULL), 0);
                        without += a.chain.n_strands == 1;
                }
                world_done(&w);
        }
        assert_int_equal(without, 0); /* what fails once is tried again */
}

static void an_index_that_is_removed_ends_its_segment_alone(void **state) {
        for (int how = 0; how < 3; how++) {
                World w;
                Account a;
                Chain c;

                (void) state;
                new_world(&w);
                assert_int_equal(open_plan(&w, &a), 0);
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                if (how == 0)
                        assert_int_equal(tpm_nv_undefine(&w.tpm, INDEX, NULL), 0);
                else
                        nv_of(&w)->attributes ^= how == 1 ? NV_ORDERLY : NV_NO_DA;
                if (how == 0) /* in the middle of a process, too */
                        assert_true(measure_note(&a, "lost", NULL) < 0);
                else
                        assert_int_equal(open_plan(&w, &a), 0);
                assert_int_equal(measure_note(&a, "two", NULL), 0);
                assert_int_equal(measure_note(&a, "three", NULL), 0);
                assert_int_equal(world_follow(&w, &c), 3);
                assert_int_equal(w.n_retired, 1);
                assert_int_equal(c.n_strands, 1);
                assert_true(world_log_has(&w, "\"missing\":[\"01806177\"]"));
                world_done(&w);
        }
}

/* Defined anew under the same Name, and filled: it cannot have the value again. */
static void an_index_that_was_filled_anew_is_told(void **state) {
        static const uint8_t known[32] = { 7 };

        (void) state;
        for (int filled = 0; filled < 2; filled++) {
                World w;
                Account a;
                Chain c;

                new_world(&w);
                assert_int_equal(open_plan(&w, &a), 0);
                assert_int_equal(measure_note(&a, "one", NULL), 0);
                assert_int_equal(tpm_nv_undefine(&w.tpm, INDEX, NULL), 0);
                assert_int_equal(nvregister_define(&w.tpm, INDEX, NULL), 1);
                if (filled)
                        assert_int_equal(tpm_nv_extend(&w.tpm, INDEX,
                                                         (Span){ known, sizeof(known) }, NULL),
                                        0);
                assert_int_equal(open_plan(&w, &a), 0);
                assert_true(a.mended);
                assert_int_equal(measure_note(&a, "two", NULL), 0);
                assert_int_equal(world_follow(&w, &c), filled ? 4 : 2);
                assert_int_equal(c.broken, filled);
                assert_int_equal(w.n_retired, !filled); /* an empty one is begun with anew */
                assert_true(digest_equal(&notes_of(&c)->now[0], &nv_of(&w)->digest));
                world_done(&w);
        }
}

/* A restart of the TPM empties both: what was before it is not left behind. */
static void a_restart_breaks_the_log(void **state) {
        World w;
        Account a;
        Chain c;

        (void) state;
        new_world(&w);
        assert_int_equal(open_plan(&w, &a), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        for (size_t i = 0; i < w.pcrs.held.n_banks; i++)
                memset(w.pcrs.digests[i][WORLD_PCR].bytes, 0, DIGEST_MAX);
        nv_of(&w)->attributes &= ~(uint32_t) NV_WRITTEN;
        nv_of(&w)->digest = digest_zero(HASH_SHA256);
        assert_int_equal(open_plan(&w, &a), 0);
        assert_int_equal(world_follow(&w, &c), 1);
        assert_int_equal(w.n_retired, 1);
        assert_false(strand_starts_at_reset(&c.strands[0])); /* a phase.broken is before it */
        world_done(&w);
}

/* In one boot the index goes on where the earlier segment ended: that proves the earlier one. */
static void another_segment_of_one_boot_does_not_blind_again(void **state) {
        Chain before, c;
        World w;
        Account a;

        (void) state;
        new_world(&w);
        assert_int_equal(open_plan(&w, &a), 0);
        assert_int_equal(measure_note(&a, "one", NULL), 0);
        assert_int_equal(world_follow(&w, &before), 2);
        w.log.data[3] ^= 1; /* damaged */
        assert_int_equal(open_plan(&w, &a), 0);
        assert_int_equal(w.n_retired, 1);
        assert_int_equal(measure_note(&a, "two", NULL), 0);
        assert_int_equal(world_follow(&w, &c), 2);
        assert_true(digest_equal(&notes_of(&c)->start[0], &notes_of(&before)->now[0]));
        assert_true(digest_equal(&notes_of(&c)->now[0], &nv_of(&w)->digest));
        world_done(&w);
}

/* Whichever step fails, and however: the next opening makes log and registers agree. */
static void any_step_may_fail(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE, FAULT_FOR_EVER,
                FAULT_TORN };

        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++)
                for (int n = 0; n < 32; n++) {
                        unsigned acknowledged = 0, records;
                        World w;
                        Account a;
                        Chain c;
                        int rc;

                        new_world(&w);
                        world_fail_after(&w, n, kinds[k]);
                        rc = open_plan(&w, &a);
                        for (int i = 0; rc == 0 && i < 2; i++) {
                                rc = i == 0 ? measure_note(&a, "a", NULL)
                                            : measure_phase(&a, "b", NULL);
                                acknowledged += rc == 0;
                        }
                        world_heal(&w);
                        assert_int_equal(open_plan(&w, &a), 0);
                        records = world_follow(&w, &c);
                        assert_true(records >= 1 + acknowledged && records <= 1 + 2);
                        assert_false(c.broken);
                        assert_int_equal(w.n_retired, 0);
                        if (c.n_strands > 1)
                                assert_true(digest_equal(
                                                &notes_of(&c)->now[0], &nv_of(&w)->digest));
                        for (size_t i = 0; i < c.strands[0].n_banks; i++) {
                                const Digest *now = &c.strands[0].now[i];

                                assert_true(digest_equal(
                                                pcr_value(&w.pcrs, (uint16_t) now->alg, WORLD_PCR),
                                                now));
                        }
                        world_done(&w);
                }
}

static void what_cannot_be_defined_is_said(void **state) {
        World w;
        Err e = {};

        (void) state;
        world_new(&w);
        w.nv_full = true;
        assert_int_equal(nvregister_define(&w.tpm, INDEX, &e), -ENOSPC);
        w.nv_full = false;
        assert_int_equal(nvregister_define(&w.tpm, INDEX, NULL), 1);
        nv_of(&w)->size = 20;
        e = (Err){};
        assert_int_equal(nvregister_define(&w.tpm, INDEX, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "another hash, policy or size than a register"));
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_lane_goes_into_an_index_that_was_blinded),
                cmocka_unit_test(what_was_in_it_before_is_blinded),
                cmocka_unit_test(where_there_is_no_index_the_pcr_takes_its_records),
                cmocka_unit_test(an_index_that_cannot_be_blinded_is_not_used),
                cmocka_unit_test(an_index_that_is_removed_ends_its_segment_alone),
                cmocka_unit_test(an_index_that_was_filled_anew_is_told),
                cmocka_unit_test(a_restart_breaks_the_log),
                cmocka_unit_test(another_segment_of_one_boot_does_not_blind_again),
                cmocka_unit_test(any_step_may_fail),
                cmocka_unit_test(what_cannot_be_defined_is_said),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
