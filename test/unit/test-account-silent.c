/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/glassworld.h"

#include <errno.h>

#include "measure/words.h"
#include "support/worldlog.h"

/* The TPM stops answering in the middle of a boot, and the machine is opened by hand. */

static const Register pcr8 = { REGISTER_PCR, WORLD_PCR };
static const Err dead = { .code = -EIO, .text = "the TPM is dead" };

static Plan glass_apart(void) {
        Plan plan = plan_of(pcr8);

        plan.lanes[LANE_GLASS] = (Register){ REGISTER_PCR, WORLD_PCR_OTHER };
        return plan;
}

static int open_silent(World *w, const Plan *plan, Account *ret) {
        return account_open_silent(plan, NULL, &w->store, &w->tpm, &dead, ret, NULL);
}

static int open_glass(Account *a, Err *e) {
        const Glass g = { .kind = "console", .caller = { .user = "ann" } };

        return glass_open(a, &g, e);
}

/* Two openings, each of which fails with words that say where it is. */
static void open_twice(Account *a) {
        for (int i = 0; i < 2; i++) {
                Err e = {};

                assert_int_equal(open_glass(a, &e), -ENODEV);
                assert_string_equal(
                                e.text, "recorded in the log, but in no register: the TPM is dead");
        }
        assert_int_equal(a->glass.uncounted, 2);
}

/* A log, and a TPM that dies while a record is made (in_between) or after that. */
static void begin(World *w, const Plan *plan, bool in_between, Account *ret) {
        world_new(w);
        assert_int_equal(account_open_plan(&w->store, &w->tpm, plan, ret, NULL), 0);
        assert_int_equal(measure_note(ret, "one", NULL), 0);
        world_tpm_dies_after(w, 0);
        assert_true(!in_between || measure_phase(ret, "ready", NULL) < 0);
        assert_int_equal(account_open_plan(&w->store, &w->tpm, plan, ret, NULL), -EIO);
        w->tpm_commands = 0;
        assert_int_equal(open_silent(w, plan, ret), 0);
}

static void what_waits_is_extended_when_the_tpm_answers_again(void **state) {
        const Plan plans[] = { plan_of(pcr8), glass_apart() };

        (void) state;
        for (int i = 0; i < 4; i++) {
                const Plan *plan = &plans[i / 2];
                World w;
                Account a;
                Chain c;

                begin(&w, plan, i % 2, &a);
                open_twice(&a);
                assert_int_equal(w.tpm_commands, 0); /* it is not asked */
                assert_int_equal(world_follow(&w, &c), 4 + i % 2);
                assert_false(world_shows(&w, &c));

                world_heal(&w);
                assert_int_equal(account_open_plan(&w.store, &w.tpm, plan, &a, NULL), 0);
                assert_true(a.mended);
                assert_int_equal(a.glass.opened, 2);
                assert_int_equal(a.glass.uncounted, 2);
                assert_int_equal(measure_note(&a, "two", NULL), 0);
                assert_int_equal(world_follow(&w, &c), 5 + i % 2);
                assert_true(world_shows(&w, &c));
                assert_false(c.broken);
                world_done(&w);
        }
}

/* It dies again, at each of the commands that bring the registers up, and answers again. */
static void it_may_die_again_while_it_catches_up(void **state) {
        const Plan plan = glass_apart();
        int n = 0, rc;

        (void) state;
        do {
                World w;
                Account a;
                Chain c;

                begin(&w, &plan, true, &a);
                open_twice(&a);
                world_tpm_dies_after(&w, n++);
                rc = account_open_plan(&w.store, &w.tpm, &plan, &a, NULL);
                world_heal(&w);
                assert_int_equal(account_open_plan(&w.store, &w.tpm, &plan, &a, NULL), 0);
                assert_int_equal(world_follow(&w, &c), 5);
                assert_true(world_shows(&w, &c));
                assert_false(c.broken);
                world_done(&w);
        } while (rc < 0);
        assert_int_equal(n, 5); /* it reads the registers, and extends three records */
}

/* What opened nothing waits behind the others, as does what somebody unlocked after it. */
static void keys_that_were_tried_wait_too(void **state) {
        static const Event events[] = { EVENT_UNLOCK_FAIL, EVENT_UNLOCK_OPEN };
        const Member members[] = {
                { .name = "volume", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("root") },
                { .name = "luks", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("1234") },
                { .name = "method", .type = MEMBER_TEXT, .bytes = SPAN_LITERAL("recovery") },
                { .name = "human", .type = MEMBER_INTEGER, .number = 1 },
        };
        const Plan plan = plan_of(pcr8);
        World w;
        Account a;
        Chain c;

        (void) state;
        begin(&w, &plan, true, &a);
        for (size_t i = 0; i < ELEMENTS(events); i++)
                assert_int_equal(account_record(&a, events[i], members, ELEMENTS(members), NULL),
                                -ENODEV);
        assert_int_equal(a.glass.uncounted, 1);
        world_heal(&w);
        assert_int_equal(account_open_plan(&w.store, &w.tpm, &plan, &a, NULL), 0);
        assert_int_equal(world_follow(&w, &c), 5);
        assert_true(world_shows(&w, &c));
        assert_false(c.broken);
        world_done(&w);
}

/* Nothing else waits: that would let the registers fall behind what was acknowledged. */
static void no_other_record_waits(void **state) {
        const Plan plan = plan_of(pcr8);
        World w;
        Account a;
        Chain c;

        (void) state;
        begin(&w, &plan, false, &a);
        open_twice(&a);
        assert_int_equal(measure_note(&a, "two", NULL), -ENODEV);
        world_heal(&w);
        assert_int_equal(account_open_plan(&w.store, &w.tpm, &plan, &a, NULL), 0);
        (void) world_follow(&w, &c);
        assert_true(c.broken);
        assert_true(world_shows(&w, &c));
        world_done(&w);
}

static void a_foreign_extend_meanwhile_is_one(void **state) {
        const Plan plan = plan_of(pcr8);
        World w;
        Account a;
        Chain c;

        (void) state;
        begin(&w, &plan, false, &a);
        open_twice(&a);
        world_heal(&w);
        world_extend_foreign(&w, true);
        assert_int_equal(account_open_plan(&w.store, &w.tpm, &plan, &a, NULL), 0);
        assert_int_equal(world_follow(&w, &c), 5);
        assert_true(c.broken);
        assert_true(world_shows(&w, &c));
        world_done(&w);
}

/* The TPM was dead when the machine started: the record is in no register then, and a log that is
 * says so of this boot. */
static void without_a_log_one_begins_in_no_register(void **state) {
        const Plan plan = plan_of(pcr8);
        World w;
        Account a;
        Chain c;

        (void) state;
        world_new(&w);
        world_tpm_dies_after(&w, 0);
        assert_int_equal(open_silent(&w, &plan, &a), 0);
        open_twice(&a);
        assert_int_equal(world_follow(&w, &c), 3);
        assert_false(chain_has_register(&c));
        /* and so does another process */
        assert_int_equal(open_silent(&w, &plan, &a), 0);
        assert_int_equal(open_glass(&a, NULL), -ENODEV);
        assert_int_equal(world_follow(&w, &c), 4);

        world_heal(&w);
        assert_int_equal(account_open_plan(&w.store, &w.tpm, &plan, &a, NULL), 0);
        assert_true(world_log_has(&w, "\"unmeasured\":1"));
        assert_int_equal(a.glass.opened, 0);
        assert_int_equal(a.glass.uncounted, 3);
        world_done(&w);
}

/* Where a process stays, the TPM is asked again each time that it takes the log. */
static void who_stays_finds_the_tpm_again(void **state) {
        const Plan plan = plan_of(pcr8);
        World w;
        Account a;
        Chain c;

        (void) state;
        begin(&w, &plan, false, &a);
        open_twice(&a);
        assert_int_equal(account_pause(&a, NULL), 0);
        assert_int_equal(account_resume(&a, 1, NULL), -EIO);
        world_heal(&w);
        assert_int_equal(account_resume(&a, 1, NULL), 0);
        assert_false(account_is_silent(&a));
        assert_int_equal(measure_note(&a, "two", NULL), 0);
        assert_int_equal(world_follow(&w, &c), 5);
        assert_true(world_shows(&w, &c));
        world_done(&w);
}

static unsigned openings_in_log(const World *w) {
        Segment s = segment_over(buf_span(&w->log));
        unsigned n = 0;
        Record r;

        while (segment_next(&s, &r, NULL) > 0)
                n += r.content.event == EVENT_GLASS_OPEN;
        return n;
}

/* As programs do it: see machine_open_for_opening(). */
static int start_or_go_silent(GlassWorld *g) {
        const Plan plan = plan_of(pcr8);

        if (glass_world_start(g) == 0)
                return 0;
        assert_int_equal(open_silent(&g->world, &plan, &g->account), 0);
        return odometer_open(&g->account, NULL, NULL, false, &g->odometer, NULL);
}

/* before: so many openings were counted. The TPM dies at each command of the next, and answers
 * again: as it was, or reset under the running system. */
static void no_opening_goes_unrecorded(unsigned before, bool reset) {
        unsigned lost = 0;
        bool dead_yet = true;

        for (int n = 0; dead_yet; n++) {
                GlassWorld g;
                History h;
                Chain c;
                int rc;

                glass_world_new(&g);
                assert_int_equal(glass_world_start(&g), 0);
                for (unsigned i = 0; i < before; i++)
                        assert_int_equal(glass_world_record(&g, EVENT_GLASS_OPEN), 0);
                world_tpm_dies_after(&g.world, n);
                assert_int_equal(start_or_go_silent(&g), 0);
                rc = glass_world_record(&g, EVENT_GLASS_OPEN);
                dead_yet = g.world.commands_left < 0;
                assert_true(dead_yet ? rc < 0 : rc == 0);
                assert_int_equal(openings_in_log(&g.world), before + 1);
                /* whoever comes then is on record as well */
                assert_int_equal(start_or_go_silent(&g), 0);
                assert_true(glass_world_record(&g, EVENT_GLASS_OPEN) < 0 || !dead_yet);
                assert_int_equal(openings_in_log(&g.world), before + 2);

                world_heal(&g.world);
                if (reset) {
                        Buf log = g.world.log;

                        g.world.log = (Buf){};
                        glass_world_reboot(&g);
                        g.world.log = log;
                }
                assert_int_equal(glass_world_start(&g), 0);
                assert_string_equal(odometer_lacks(&g.odometer), "");
                (void) world_follow(&g.world, &c);
                assert_true(world_shows(&g.world, &c));
                assert_false(c.broken);
                h = glass_world_history(&g);
                assert_int_equal(g.account.glass.uncounted, 0);
                /* counted, or the history tells that it lacks some */
                assert_true(h.openings == before + 2 || h.lost == 1);
                lost += (unsigned) h.lost;
                glass_world_done(&g);
        }
        assert_true(lost > 5);
}

static void what_was_not_counted_is_told_by_the_history(void **state) {
        (void) state;
        for (unsigned before = 0; before < 2; before++) {
                no_opening_goes_unrecorded(before, false);
                no_opening_goes_unrecorded(before, true);
        }
}

/* So is what a process records that stays, and had a record half done when the TPM died. */
static void whoever_stays_goes_on_recording(void **state) {
        bool dead_yet = true;

        (void) state;
        for (int n = 0; dead_yet; n++) {
                GlassWorld g;

                glass_world_new(&g);
                assert_int_equal(glass_world_start(&g), 0);
                world_tpm_dies_after(&g.world, n);
                for (unsigned i = 0; i < 3; i++) {
                        int rc = glass_world_record(&g, EVENT_GLASS_OPEN);

                        dead_yet = g.world.commands_left < 0;
                        assert_true(dead_yet ? rc < 0 : rc == 0);
                        assert_int_equal(openings_in_log(&g.world), i + 1);
                }
                glass_world_done(&g);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_waits_is_extended_when_the_tpm_answers_again),
                cmocka_unit_test(it_may_die_again_while_it_catches_up),
                cmocka_unit_test(keys_that_were_tried_wait_too),
                cmocka_unit_test(no_other_record_waits),
                cmocka_unit_test(a_foreign_extend_meanwhile_is_one),
                cmocka_unit_test(without_a_log_one_begins_in_no_register),
                cmocka_unit_test(who_stays_finds_the_tpm_again),
                cmocka_unit_test(what_was_not_counted_is_told_by_the_history),
                cmocka_unit_test(whoever_stays_goes_on_recording),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
