/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "measure/counter.h"
#include "support/world.h"
#include "wire/nvpublic.h"

static void without_a_counter_there_is_none(void **state) {
        World w;
        Counter c = {};

        (void) state;
        world_new(&w);
        assert_int_equal(counter_state(&w.tpm, &c, NULL), 0);
        assert_int_equal(w.nv[0].index, 0); /* looking defines nothing */
        world_done(&w);
}

static void it_is_defined_once_and_goes_up(void **state) {
        World w;
        Counter c = {}, again = {};

        (void) state;
        world_new(&w);
        w.highest = 41;
        assert_int_equal(counter_define(&w.tpm, &c, NULL), 1);
        assert_true(c.written && c.value == 42);
        assert_int_equal(w.nv[0].index, NV_COUNTER_INDEX);
        assert_int_equal(w.nv[0].attributes, 0x22060014);
        assert_int_equal(counter_define(&w.tpm, &again, NULL), 0);
        assert_true(again.written && again.value == 42);
        assert_int_equal(counter_raise(&w.tpm, &c, NULL), 0);
        assert_true(c.value == 43);
        assert_int_equal(counter_state(&w.tpm, &again, NULL), 1);
        assert_true(again.value == 43);
        world_done(&w);
}

static void a_step_is_one_command(void **state) {
        World w;
        Counter c = {};

        (void) state;
        world_new(&w);
        assert_int_equal(counter_define(&w.tpm, &c, NULL), 1);
        w.tpm_commands = 0;
        assert_int_equal(counter_raise(&w.tpm, &c, NULL), 0);
        assert_int_equal(w.tpm_commands, 1);
        world_done(&w);
}

static void a_full_tpm_says_so(void **state) {
        World w;
        Counter c = {};
        Err e = {};

        (void) state;
        world_new(&w);
        w.nv_full = true;
        assert_int_equal(counter_define(&w.tpm, &c, &e), -ENOSPC);
        assert_non_null(strstr(e.text, "another NV index"));
        world_done(&w);
}

static void another_index_in_its_place_is_not_the_counter(void **state) {
        World w;
        Counter c = {};
        Err e = {};

        (void) state;
        world_new(&w);
        assert_int_equal(counter_define(&w.tpm, &c, NULL), 1);
        w.nv[0].attributes |= NV_ORDERLY;
        assert_int_equal(counter_state(&w.tpm, &c, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "attributes"));
        assert_int_equal(counter_define(&w.tpm, &c, NULL), -EBADMSG);
        world_done(&w);
}

/* Whatever answer is lost, and whatever step fails once: it is defined, and no step is made twice.
 */
static void no_lost_answer_and_no_single_fault_counts_twice(void **state) {
        static const FaultKind kinds[] = { FAULT_ONCE, FAULT_ONCE_DONE };

        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++) {
                bool struck = true;
                int n = 0;

                for (; struck; n++) {
                        Counter c = {}, seen = {};
                        World w;
                        int rc;

                        world_new(&w);
                        world_fail_after(&w, n, kinds[k]);
                        rc = counter_define(&w.tpm, &c, NULL);
                        if (rc > 0)
                                rc = counter_raise(&w.tpm, &c, NULL);
                        struck = w.fault == FAULT_NONE;
                        world_heal(&w);
                        assert_int_equal(rc, 0); /* one fault is overcome */
                        assert_int_equal(counter_state(&w.tpm, &seen, NULL), 1);
                        assert_true(c.value == seen.value && seen.value == 2);
                        world_done(&w);
                }
                assert_true(n > 5);
        }
}

static void a_counter_that_somebody_else_moves_is_noticed(void **state) {
        World w;
        Counter c = {};
        Err e = {};

        (void) state;
        world_new(&w);
        assert_int_equal(counter_define(&w.tpm, &c, NULL), 1);
        w.nv[0].value += 5;
        world_fail_after(&w, 0, FAULT_ONCE); /* else nobody looks */
        assert_int_equal(counter_raise(&w.tpm, &c, &e), -ESTALE);
        assert_non_null(strstr(e.text, "somebody else"));
        world_done(&w);
}

static void a_counter_that_no_record_can_hold_is_refused(void **state) {
        World w;
        Counter c = {};

        (void) state;
        world_new(&w);
        assert_int_equal(counter_define(&w.tpm, &c, NULL), 1);
        w.nv[0].value = (UINT64_C(1) << 53) - 1;
        assert_int_equal(counter_state(&w.tpm, &c, NULL), -ERANGE);
        world_done(&w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_counter_there_is_none),
                cmocka_unit_test(it_is_defined_once_and_goes_up),
                cmocka_unit_test(a_step_is_one_command),
                cmocka_unit_test(a_full_tpm_says_so),
                cmocka_unit_test(another_index_in_its_place_is_not_the_counter),
                cmocka_unit_test(no_lost_answer_and_no_single_fault_counts_twice),
                cmocka_unit_test(a_counter_that_somebody_else_moves_is_noticed),
                cmocka_unit_test(a_counter_that_no_record_can_hold_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
