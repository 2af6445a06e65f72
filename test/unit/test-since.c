/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "measure/odometer.h"
#include "measure/since.h"
#include "measure/words.h"
#include "support/world.h"

/* What became of the machine since its log began, each found in its own words, and nothing where
 * nothing happened. */

static int last_of(const Past *p, uint8_t ret[32]);

/* A machine with an odometer, one opening from before the log, and one in it. */
typedef struct Left {
        World w;
        WorldShelf home;
        Past past;
        Account a;
        Odometer o;
        Plan plan;
} Left;

static Left *left_of(const Past *p) {
        return (Left *) ((uintptr_t) p - offsetof(Left, past));
}

static int last_of(const Past *p, uint8_t ret[32]) {
        return history_last(buf_span(&left_of(p)->home.bytes), ret, NULL);
}

static void open_glass(Left *l) {
        const Glass g = {
                .kind = "console", .caller = { .uid = 0, .user = "ada" }, .odometer = &l->o
        };

        assert_int_equal(odometer_open(&l->a, &l->home.store, NULL, true, &l->o, NULL), 0);
        assert_int_equal(glass_open(&l->a, &g, NULL), 0);
}

static void begin_log(Left *l) {
        assert_int_equal(account_open_as(&l->plan, &l->past, &l->w.store, &l->w.tpm, &l->a, NULL),
                        0);
}

static void begin(Left *l) {
        *l = (Left){ .past = { .history = last_of },
                .plan = plan_of((Register){ REGISTER_PCR, WORLD_PCR }) };
        world_new(&l->w);
        world_shelf_new(&l->home, &l->w);
        begin_log(l);
        open_glass(l);
        /* a reboot */
        l->w.log.size = 0;
        l->w.marked[0] = '\0';
        for (size_t b = 0; b < l->w.pcrs.held.n_banks; b++)
                l->w.pcrs.digests[b][WORLD_PCR] = digest_zero(l->w.pcrs.held.banks[b].alg);
        begin_log(l);
        open_glass(l);
        assert_int_equal(measure_note(&l->a, "one", NULL), 0);
}

static void end(Left *l) {
        world_shelf_done(&l->home);
        world_done(&l->w);
}

static Since look_from(Left *l, SinceFrom from) {
        Segment s = segment_over(buf_span(&l->w.log));
        Replayed replayed;
        Since since;
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, NULL)) > 0)
                continue;
        assert_int_equal(rc, 0);
        assert_int_equal(replay(&l->w.tpm, buf_span(&l->w.log), &s.chain, &replayed, NULL), 0);
        from.log = buf_span(&l->w.log);
        from.history = buf_span(&l->home.bytes);
        from.replayed = &replayed;
        from.plan = from.plan ?: &l->plan;
        assert_int_equal(since_look(&l->w.tpm, &from, &since, NULL), 0);
        return since;
}

static Since look(Left *l) {
        return look_from(l, (SinceFrom){});
}

static void assert_found(const Since *s, const char *words) {
        assert_int_equal(s->n, 1);
        if (!strstr(s->found[0], words))
                fail_msg("found '%s', not '%s'", s->found[0], words);
}

static void where_nothing_happened_nothing_is_found(void **state) {
        Left l;

        (void) state;
        begin(&l);
        assert_int_equal(look(&l).n, 0);
        l.w.clock.clock += 1000;
        l.w.clock.restart_count += 2; /* suspended and woken up: registers stay */
        assert_int_equal(look(&l).n, 0);
        end(&l);
}

static void a_log_that_was_begun_anew_is_found(void **state) {
        _cleanup_(buf_done) Buf before = BUF_UP_TO(LOG_MAX);
        Since s;
        Left l;

        (void) state;
        begin(&l);
        buf_bytes(&before, buf_span(&l.w.log));
        l.w.log.size = 0;
        begin_log(&l);
        s = look(&l);
        assert_found(&s, "the log begins when pcr:8 was not zero any more");
        /* and is none where the log of before is there, or others may use the register */
        assert_int_equal(look_from(&l, (SinceFrom){ .before = buf_span(&before) }).n, 0);
        l.plan.occupied = true;
        assert_int_equal(look(&l).n, 0);
        end(&l);
}

static void what_was_before_does_not_count_where_it_began_late_itself(void **state) {
        _cleanup_(buf_done) Buf before = BUF_UP_TO(LOG_MAX);
        Since s;
        Left l;

        (void) state;
        begin(&l);
        l.w.log.size = 0;
        begin_log(&l);
        buf_bytes(&before, buf_span(&l.w.log));
        l.w.log.size = 0;
        begin_log(&l);
        s = look_from(&l, (SinceFrom){ .before = buf_span(&before) });
        assert_found(&s, "the log begins when pcr:8 was not zero any more");
        end(&l);
}

static void a_chain_in_another_register_is_found(void **state) {
        Plan plan = plan_of((Register){ REGISTER_PCR, WORLD_PCR_OTHER });
        Since s;
        Left l;

        (void) state;
        begin(&l);
        s = look_from(&l, (SinceFrom){ .plan = &plan });
        assert_found(&s,
                        "phase records belong into pcr:9 (avouch.conf), and this log has nothing in it");
        plan = l.plan;
        plan.lanes[LANE_NOTE] = (Register){ REGISTER_NV, 0x01800400 }; /* see "missing" */
        assert_int_equal(look_from(&l, (SinceFrom){ .plan = &plan }).n, 0);
        plan.lanes[LANE_GLASS] = (Register){ REGISTER_PCR, WORLD_PCR_OTHER };
        s = look_from(&l, (SinceFrom){ .plan = &plan });
        assert_found(&s, "glass records belong into pcr:9");
        end(&l);
}

static void what_was_done_to_the_tpm_is_found(void **state) {
        const TpmClock was = { .clock = 4711, .reset_count = 3, .restart_count = 0 };
        static const struct {
                TpmClock now;
                bool emptied;
                const char *words;
        } cases[] = {
                { { .clock = 5000 }, false, "it was cleared under the running system" },
                { { .clock = 5, .reset_count = 3 }, false, "went back since the log began" },
                { { .clock = 5000, .reset_count = 4 }, false, "was reset since the log began" },
                { { .clock = 5000, .reset_count = 3, .restart_count = 1 }, true,
                                "was restarted since the log began, and a restart empties registers" },
        };
        Left l;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Since s;

                begin(&l);
                assert_memory_equal(&l.w.clock.reset_count, &was.reset_count, sizeof(uint32_t));
                l.w.clock = cases[i].now;
                if (cases[i].emptied)
                        l.w.pcrs.digests[1][WORLD_PCR] = digest_zero(HASH_SHA256);
                s = look(&l);
                assert_found(&s, cases[i].words);
                end(&l);
        }
        begin(&l);
        l.w.log.size = 0;
        l.plan.occupied = true;
        l.w.clock.restart_count = 7;
        begin_log(&l);
        l.w.clock.restart_count = 6;
        {
                Since s = look(&l);

                assert_found(&s, "count of restarts went back");
        }
        end(&l);
}

static void what_was_done_to_the_counter_is_found(void **state) {
        Since s;
        Left l;

        (void) state;
        begin(&l);
        for (size_t i = 0; i < WORLD_NV_MAX; i++)
                if (l.w.nv[i].index != 0)
                        l.w.nv[i].value = 1;
        s = look(&l);
        assert_found(&s, "the TPM's state was put back");
        memset(l.w.nv, 0, sizeof(l.w.nv));
        s = look(&l);
        assert_found(&s, "it was deleted, or the TPM was cleared");
        end(&l);
}

static void what_was_done_to_the_history_is_found(void **state) {
        Since s;
        Left l;
        uint8_t *second;

        (void) state;
        begin(&l);
        /* the second line is that from before the log; the last one is of this boot */
        second = memchr(l.home.bytes.data + 1, 0x1e, l.home.bytes.size - 1);
        assert_non_null(second);
        l.home.bytes.size = (size_t) (second - l.home.bytes.data);
        s = look(&l);
        assert_int_equal(s.n, 2);
        assert_non_null(strstr(
                        s.found[0], "does not have the line that was its last when the log began"));
        assert_non_null(strstr(s.found[1], "was counted"));
        l.home.bytes.size = 0;
        s = look(&l);
        assert_found(&s, "it was deleted, changed, or begun anew");
        end(&l);

        begin(&l);
        l.home.bytes.size =
                        (size_t) ((uint8_t *) memrchr(l.home.bytes.data, 0x1e, l.home.bytes.size) -
                                        l.home.bytes.data);
        s = look(&l);
        assert_found(&s, "record 1 was counted (");
        end(&l);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(where_nothing_happened_nothing_is_found),
                cmocka_unit_test(a_log_that_was_begun_anew_is_found),
                cmocka_unit_test(what_was_before_does_not_count_where_it_began_late_itself),
                cmocka_unit_test(a_chain_in_another_register_is_found),
                cmocka_unit_test(what_was_done_to_the_tpm_is_found),
                cmocka_unit_test(what_was_done_to_the_counter_is_found),
                cmocka_unit_test(what_was_done_to_the_history_is_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
