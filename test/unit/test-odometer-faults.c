/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/glassworld.h"

/* Every step of opening and closing fails in turn, of the TPM and of the disk, in every way; then
 * the next process, or the next boot, must set right what is left. */

enum { RECORDS = 3 };

/* What was acknowledged, word for word. */
typedef struct Acknowledged {
        uint8_t content[RECORDS][CONTENT_MAX];
        size_t size[RECORDS];
        unsigned n;
        bool counted[RECORDS];
} Acknowledged;

/* A process that goes on after a record that failed. */
static void run(GlassWorld *g, Acknowledged *ret) {
        if (glass_world_start(g) < 0)
                return;
        for (unsigned i = 0; i < RECORDS; i++) {
                const GlassCount *last = &g->account.glass;
                unsigned before = last->opened + last->closed;

                if (glass_world_record(g, i % 2 == 0 ? EVENT_GLASS_OPEN : EVENT_GLASS_CLOSE) < 0)
                        continue;
                assert_int_equal(last->opened + last->closed, before + 1);
                ret->counted[ret->n] = g->odometer.keeping && g->odometer.counting;
                ret->size[ret->n] = last->size;
                memcpy(ret->content[ret->n], last->content, last->size);
                ret->n++;
        }
}

/* The log replays to the register. */
static void assert_log(const GlassWorld *g) {
        Segment s = segment_over(buf_span(&g->world.log));
        Record r;
        int rc;

        while ((rc = segment_next(&s, &r, NULL)) > 0)
                continue;
        assert_int_equal(rc, 0);
        assert_false(s.chain.broken);
        for (size_t i = 0; i < s.chain.strands[0].n_banks; i++)
                assert_true(digest_equal(&s.chain.strands[0].now[i],
                                pcr_value(&g->world.pcrs, (uint16_t) s.chain.strands[0].now[i].alg,
                                                WORLD_PCR)));
}

static void assert_in_log(const GlassWorld *g, Span content) {
        assert_non_null(memmem(g->world.log.data, g->world.log.size, content.data, content.size));
}

/* In this boot, what was counted in the log has its line, whether it was acknowledged or not. */
static void assert_counted_have_lines(const GlassWorld *g) {
        Segment s = segment_over(buf_span(&g->world.log));
        uint64_t unused;
        Record r;

        while (segment_next(&s, &r, NULL) > 0)
                if (history_value(&r.content, &unused))
                        assert_true(glass_world_has_line(g, r.content.bytes));
}

/* All steps in turn. after: so many records were made before. */
static void nothing_acknowledged_is_lost(
                FaultKind kind, unsigned before, bool reboot, bool read_only) {
        unsigned struck = 0;
        bool more = true;

        for (int n = 0; more; n++) {
                Acknowledged a = {};
                GlassWorld g;
                History h;

                glass_world_new(&g);
                if (before > 0)
                        assert_int_equal(glass_world_start(&g), 0);
                for (unsigned i = 0; i < before; i++)
                        assert_int_equal(glass_world_record(&g, EVENT_GLASS_OPEN), 0);
                g.home.read_only = read_only;
                world_fail_after(&g.world, n, kind);
                run(&g, &a);
                more = g.world.steps_left == 0 &&
                       !(kind == FAULT_ONCE && g.world.fault != FAULT_NONE);
                struck += more;
                world_heal(&g.world);
                g.home.read_only = false;
                if (!reboot)
                        for (unsigned i = 0; i < a.n; i++)
                                assert_in_log(&g, (Span){ a.content[i], a.size[i] });
                if (reboot)
                        glass_world_reboot(&g);

                assert_int_equal(glass_world_start(&g), 0);
                assert_string_equal(odometer_lacks(&g.odometer), "");
                assert_log(&g);
                assert_int_equal(g.home.n_retired + g.spool.n_retired, 0);
                h = glass_world_history(&g);
                for (unsigned i = 0; i < a.n; i++)
                        if (a.counted[i])
                                assert_true(glass_world_has_line(
                                                &g, (Span){ a.content[i], a.size[i] }));
                if (!reboot && !read_only)
                        assert_counted_have_lines(&g);
                assert_true(h.openings <= before + (RECORDS + 1) / 2);
                assert_int_equal(g.spool.bytes.size, 0);
                /* and it goes on */
                assert_int_equal(glass_world_record(&g, EVENT_GLASS_OPEN), 0);
                assert_true(g.odometer.ledger.history.n_lines == h.n_lines + 1);
                glass_world_done(&g);
        }
        assert_true(struck > 20);
}

static void in_all_circumstances(FaultKind kind) {
        for (unsigned before = 0; before < 2; before++)
                for (int reboot = 0; reboot < 2; reboot++)
                        for (int read_only = 0; read_only < 2; read_only++)
                                nothing_acknowledged_is_lost(kind, before, reboot, read_only);
}

static void any_step_may_fail_once(void **state) {
        (void) state;
        in_all_circumstances(FAULT_ONCE);
}

static void any_answer_may_get_lost(void **state) {
        (void) state;
        in_all_circumstances(FAULT_ONCE_DONE);
}

static void any_step_may_be_the_last(void **state) {
        (void) state;
        in_all_circumstances(FAULT_FOR_EVER);
}

static void any_write_may_be_torn(void **state) {
        (void) state;
        in_all_circumstances(FAULT_TORN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_step_may_fail_once),
                cmocka_unit_test(any_answer_may_get_lost),
                cmocka_unit_test(any_step_may_be_the_last),
                cmocka_unit_test(any_write_may_be_torn),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
