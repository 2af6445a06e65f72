/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/text.h"
#include "support/folder.h"
#include "support/glassworld.h"

/* The odometer, where all goes well, and where something was missing from the start. Faults are in
 * test-odometer-faults. */

static void start(GlassWorld *g) {
        assert_int_equal(glass_world_start(g), 0);
}

static void record(GlassWorld *g, Event event) {
        assert_int_equal(glass_world_record(g, event), 0);
}

static History history(GlassWorld *g) {
        return glass_world_history(g);
}

static bool log_has(const GlassWorld *g, const char *text) {
        return memmem(g->world.log.data, g->world.log.size, text, strlen(text)) != NULL;
}

static bool history_has(const GlassWorld *g, const char *text) {
        return g->home.bytes.size > 0 &&
               memmem(g->home.bytes.data, g->home.bytes.size, text, strlen(text)) != NULL;
}

static void an_opening_is_counted_and_has_its_receipt(void **state) {
        GlassWorld g;
        History h;

        (void) state;
        glass_world_new(&g);
        g.world.highest = 99;
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        assert_string_equal(odometer_lacks(&g.odometer), "");
        h = history(&g);
        assert_true(glass_world_has_line(
                        &g, (Span){ g.account.glass.content, g.account.glass.size }));
        assert_true(h.n_lines == 2 && h.openings == 1 && h.lost == 0);
        assert_true(h.first == 100 && h.closed == 103);
        assert_true(log_has(&g, "\"count\":102,\"event\":\"glass.open\""));
        assert_true(log_has(&g,
                        "\"count\":100,\"event\":\"glass.begin\",\"index\":\"01806176\",\"name\":\"000b"));
        glass_world_done(&g);
}

static void a_record_of_a_process_that_goes_on_costs_four_commands(void **state) {
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        for (int i = 0; i < 3; i++) {
                g.world.tpm_commands = 0;
                record(&g, i % 2 == 0 ? EVENT_GLASS_CLOSE : EVENT_GLASS_OPEN);
                assert_int_equal(g.world.tpm_commands, 4);
        }
        glass_world_done(&g);
}

/* In a process of its own: the register, the counter's public area and value, and the key besides.
 */
static void a_record_of_a_process_of_its_own_costs_eight(void **state) {
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        g.world.tpm_commands = 0;
        start(&g);
        record(&g, EVENT_GLASS_CLOSE);
        assert_int_equal(g.world.tpm_commands, 8);
        glass_world_done(&g);
}

/* The receipts of both are by the same key, see history(). */
static void a_process_of_its_own_takes_the_key_back(void **state) {
        _cleanup_(folder_done) Folder f = folder_new();
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        g.world.tpm.keep = f.path;
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        start(&g);
        record(&g, EVENT_GLASS_CLOSE);
        assert_int_equal(g.world.keys, 1);
        assert_true(history(&g).n_lines == 3);
        glass_world_done(&g);
}

static void the_count_outlives_boots(void **state) {
        GlassWorld g;
        History h;

        (void) state;
        glass_world_new(&g);
        for (uint64_t boot = 0; boot < 4; boot++) {
                start(&g);
                record(&g, EVENT_GLASS_OPEN);
                record(&g, EVENT_GLASS_CLOSE);
                h = history(&g);
                assert_true(h.openings == boot + 1 && h.n_lines == 1 + 2 * (boot + 1));
                assert_true(h.lost == 0 && h.closed == h.first + 1 + 4 * (boot + 1));
                glass_world_reboot(&g);
        }
        glass_world_done(&g);
}

static int no_history(const Past *p, uint8_t ret[32]) {
        (void) p, (void) ret;
        return 0;
}

static int some_history(const Past *p, uint8_t ret[32]) {
        (void) p;
        memset(ret, 0x77, 32);
        return 1;
}

static void a_genesis_says_where_the_counter_stood(void **state) {
        static const Past none = { .history = no_history }, some = { .history = some_history };
        Register pcr8 = { REGISTER_PCR, WORLD_PCR };
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        assert_int_equal(account_open_after(&some, &g.world.store, &g.world.tpm, pcr8, &g.account,
                                         NULL),
                        0);
        assert_true(log_has(&g, "\"history\":\"7777"));
        assert_false(log_has(&g, "\"count\"")); /* there is no counter yet */
        glass_world_reboot(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        glass_world_reboot(&g);
        assert_int_equal(account_open_after(&none, &g.world.store, &g.world.tpm, pcr8, &g.account,
                                         NULL),
                        0);
        assert_true(log_has(&g, "\"count\":4,\"event\":\"phase.genesis\""));
        assert_false(log_has(&g, "\"history\""));
        glass_world_done(&g);
}

static void early_boot_defines_no_counter(void **state) {
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        g.may_define = false;
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        assert_null(glass_world_counter(&g));
        assert_non_null(strstr(odometer_lacks(&g.odometer), "not counted: "));
        assert_true(log_has(&g, "\"event\":\"glass.open\""));
        assert_false(log_has(&g, "\"count\""));
        glass_world_done(&g);
}

static void a_tpm_without_room_stops_nobody(void **state) {
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        g.world.nv_full = true;
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        assert_non_null(strstr(odometer_lacks(&g.odometer), "no room"));
        assert_true(log_has(&g, "\"event\":\"glass.open\""));
        g.world.nv_full = false;
        start(&g);
        record(&g, EVENT_GLASS_CLOSE);
        assert_true(history(&g).n_lines == 2);
        glass_world_done(&g);
}

static void what_stands_in_the_counters_place_is_not_incremented(void **state) {
        GlassWorld g;
        uint64_t before;

        (void) state;
        glass_world_new(&g);
        start(&g);
        glass_world_counter(&g)->attributes |= 1u << 26; /* orderly */
        before = glass_world_counter(&g)->value;
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        assert_true(glass_world_counter(&g)->value == before);
        assert_non_null(strstr(odometer_lacks(&g.odometer), "attributes"));
        glass_world_done(&g);
}

static void a_disk_that_is_read_only_spools(void **state) {
        GlassWorld g;
        History h;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        g.home.read_only = true;
        for (int i = 0; i < 2; i++) {
                start(&g);
                record(&g, EVENT_GLASS_CLOSE);
                record(&g, EVENT_GLASS_OPEN);
                assert_string_equal(odometer_lacks(&g.odometer), "");
                assert_true(g.spool.bytes.size > 0);
                h = history(&g);
                assert_true(h.n_lines == 4 + 2 * (uint64_t) i && h.lost == 0);
        }
        g.home.read_only = false;
        start(&g);
        assert_true(g.spool.bytes.size == 0);
        h = history(&g);
        assert_true(h.n_lines == 6 && h.openings == 3);
        record(&g, EVENT_GLASS_CLOSE);
        assert_true(g.spool.bytes.size == 0 && history(&g).n_lines == 7);
        glass_world_done(&g);
}

/* Full behind the first half of a line, too: the line is in the spool then, and home has none. */
static void a_disk_that_fills_up_spools(void **state) {
        (void) state;
        for (int room = 0; room < 6; room++) {
                GlassWorld g;
                History h;

                glass_world_new(&g);
                start(&g);
                g.home.room = room;
                for (int i = 0; i < 3; i++)
                        record(&g, i % 2 == 0 ? EVENT_GLASS_OPEN : EVENT_GLASS_CLOSE);
                assert_string_equal(odometer_lacks(&g.odometer), "");
                assert_true(history(&g).n_lines == 4);
                g.home.room = -1;
                start(&g);
                assert_true(g.spool.bytes.size == 0);
                h = history(&g);
                assert_true(h.n_lines == 4 && h.lost == 0);
                assert_int_equal(g.home.n_retired + g.spool.n_retired, 0);
                glass_world_done(&g);
        }
}

/* The process dies, or home fails, while lines are brought home. */
static void lines_are_brought_home_once(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE, FAULT_FOR_EVER,
                FAULT_TORN };

        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++)
                for (int n = 0; n < 16; n++) {
                        GlassWorld g;
                        History h;

                        glass_world_new(&g);
                        start(&g);
                        g.home.read_only = true;
                        for (int i = 0; i < 3; i++)
                                record(&g, EVENT_GLASS_OPEN);
                        g.home.read_only = false;
                        world_fail_after(&g.world, n, kinds[k]);
                        (void) glass_world_start(&g);
                        world_heal(&g.world);
                        start(&g);
                        assert_true(g.spool.bytes.size == 0);
                        h = history(&g);
                        assert_true(h.n_lines == 4 && h.lost == 0);
                        assert_int_equal(g.home.n_retired + g.spool.n_retired, 0);
                        glass_world_done(&g);
                }
}

/* The machine's own folder is not mounted there: what was before is not known, and nothing is lost.
 */
static void the_initrd_counts_too(void **state) {
        GlassWorld g;
        History h;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        glass_world_reboot(&g);
        g.no_home = true;
        g.may_define = false;
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        assert_string_equal(odometer_lacks(&g.odometer), "");
        g.no_home = false;
        g.may_define = true;
        start(&g);
        record(&g, EVENT_GLASS_CLOSE);
        h = history(&g);
        assert_true(h.n_lines == 4 && h.openings == 2 && h.lost == 0);
        assert_true(g.spool.bytes.size == 0);
        glass_world_done(&g);
}

static void without_any_place_it_is_counted_all_the_same(void **state) {
        GlassWorld g;
        uint64_t before;
        History h;

        (void) state;
        glass_world_new(&g);
        start(&g);
        before = glass_world_counter(&g)->value;
        g.home.read_only = g.spool.read_only = true;
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        assert_true(glass_world_counter(&g)->value == before + 2);
        assert_true(log_has(&g, "\"count\":3,\"event\":\"glass.open\""));
        assert_non_null(strstr(odometer_lacks(&g.odometer), "without a line in the history"));
        g.home.read_only = g.spool.read_only = false;
        start(&g);
        h = history(&g);
        assert_true(h.n_lines == 2 && h.lost == 1);
        assert_true(history_has(&g, "\"from\":2,"));
        assert_true(history_has(&g, "\"why\":\"unknown\""));
        glass_world_done(&g);
}

static void a_counter_that_was_moved_is_told(void **state) {
        static const struct {
                uint64_t steps;
                const char *why;
        } cases[] = { { 1, "crash" }, { 2, "unknown" }, { 40, "unknown" } };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                GlassWorld g;
                char expected[64];
                History h;

                glass_world_new(&g);
                start(&g);
                record(&g, EVENT_GLASS_OPEN);
                glass_world_counter(&g)->value += cases[i].steps;
                glass_world_reboot(&g);
                start(&g);
                h = history(&g);
                assert_true(h.n_lines == 3 && h.lost == 1);
                (void) snprintf(expected, sizeof(expected), "\"to\":%llu,",
                                4 + (unsigned long long) cases[i].steps + 1);
                assert_true(history_has(&g, expected) && log_has(&g, expected));
                (void) snprintf(expected, sizeof(expected), "\"why\":\"%s\"", cases[i].why);
                assert_true(history_has(&g, expected) && log_has(&g, expected));
                glass_world_done(&g);
        }
}

static void a_counter_that_was_defined_anew_is_told(void **state) {
        GlassWorld g;
        History h;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        assert_int_equal(tpm_nv_undefine(&g.world.tpm, 0x01806176, NULL), 0);
        start(&g);
        h = history(&g);
        assert_true(h.n_lines == 3 && h.lost == 1);
        assert_true(history_has(&g, "\"why\":\"redefined\""));
        glass_world_done(&g);
}

static void somebody_who_moves_the_counter_keeps_nobody_from_recording(void **state) {
        GlassWorld g;
        History h;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        glass_world_counter(&g)->value += 7; /* behind the back of a process that goes on */
        record(&g, EVENT_GLASS_CLOSE);
        assert_true(log_has(&g, "\"event\":\"glass.close\""));
        assert_non_null(strstr(odometer_lacks(&g.odometer), "another value"));
        h = history(&g);
        assert_true(h.lost == 1 && h.n_lines == 3);
        record(&g, EVENT_GLASS_OPEN);
        assert_true(history(&g).n_lines == 4);
        glass_world_done(&g);
}

static void a_history_that_was_lost_begins_anew_at_a_higher_count(void **state) {
        GlassWorld g;
        History h;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        buf_done(&g.home.bytes);
        start(&g);
        h = history(&g);
        assert_true(h.n_lines == 1 && h.first == 5);
        glass_world_done(&g);
}

static void a_damaged_history_is_put_aside(void **state) {
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        g.home.bytes.data[40] ^= 1;
        start(&g);
        record(&g, EVENT_GLASS_CLOSE);
        assert_int_equal(g.home.n_retired, 1);
        assert_string_equal(g.home.retired[0], "history.damaged");
        assert_true(history(&g).n_lines == 2);
        glass_world_done(&g);
}

/* Or that of a TPM whose state was put back. */
static void a_history_of_another_tpm_is_put_aside(void **state) {
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        record(&g, EVENT_GLASS_CLOSE);
        glass_world_counter(&g)->value -= 3;
        start(&g);
        assert_int_equal(g.home.n_retired, 1);
        assert_string_equal(g.home.retired[0], "history.foreign");
        assert_true(history(&g).n_lines == 1);
        glass_world_done(&g);
}

static void a_spool_that_does_not_fit_is_put_aside(void **state) {
        GlassWorld g;

        (void) state;
        glass_world_new(&g);
        start(&g);
        buf_string(&g.spool.bytes, "\x1e{\"of another machine\"}\n");
        start(&g);
        record(&g, EVENT_GLASS_OPEN);
        assert_int_equal(g.spool.n_retired, 1);
        assert_string_equal(g.spool.retired[0], "history.unfit");
        assert_true(history(&g).n_lines == 2);
        glass_world_done(&g);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_opening_is_counted_and_has_its_receipt),
                cmocka_unit_test(a_record_of_a_process_that_goes_on_costs_four_commands),
                cmocka_unit_test(a_record_of_a_process_of_its_own_costs_eight),
                cmocka_unit_test(a_process_of_its_own_takes_the_key_back),
                cmocka_unit_test(the_count_outlives_boots),
                cmocka_unit_test(a_genesis_says_where_the_counter_stood),
                cmocka_unit_test(early_boot_defines_no_counter),
                cmocka_unit_test(a_tpm_without_room_stops_nobody),
                cmocka_unit_test(what_stands_in_the_counters_place_is_not_incremented),
                cmocka_unit_test(a_disk_that_is_read_only_spools),
                cmocka_unit_test(a_disk_that_fills_up_spools),
                cmocka_unit_test(lines_are_brought_home_once),
                cmocka_unit_test(the_initrd_counts_too),
                cmocka_unit_test(without_any_place_it_is_counted_all_the_same),
                cmocka_unit_test(a_counter_that_was_moved_is_told),
                cmocka_unit_test(a_counter_that_was_defined_anew_is_told),
                cmocka_unit_test(somebody_who_moves_the_counter_keeps_nobody_from_recording),
                cmocka_unit_test(a_history_that_was_lost_begins_anew_at_a_higher_count),
                cmocka_unit_test(a_damaged_history_is_put_aside),
                cmocka_unit_test(a_history_of_another_tpm_is_put_aside),
                cmocka_unit_test(a_spool_that_does_not_fit_is_put_aside),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
