/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/macro.h"
#include "wire/register.h"

static const struct {
        const char *text;
        Register means;
} registers[] = {
        { "none", { REGISTER_NONE, 0 } },
        { "pcr:0", { REGISTER_PCR, 0 } },
        { "pcr:8", { REGISTER_PCR, 8 } },
        { "pcr:23", { REGISTER_PCR, 23 } },
        { "nv:0x00000000", { REGISTER_NV, 0 } },
        { "nv:0x01800400", { REGISTER_NV, 0x01800400 } },
        { "nv:0xfedcba98", { REGISTER_NV, 0xfedcba98 } },
};

static void a_register_is_read_and_written(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(registers); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(16);
                Register r = { 77, 77 };

                assert_true(register_parse(span_of(registers[i].text), &r));
                assert_int_equal(r.kind, registers[i].means.kind);
                assert_int_equal(r.index, registers[i].means.index);
                register_text(r, &b);
                assert_true(span_is(buf_span(&b), registers[i].text));
        }
}

static void every_prefix_and_every_longer_text_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(registers); i++) {
                char longer[32] = {};
                Register r = { 77, 77 };

                for (size_t n = 0; n < strlen(registers[i].text); n++) {
                        bool shorter = strcmp(registers[i].text, "pcr:23") == 0 && n == 5;

                        assert_int_equal(
                                        register_parse((Span){ span_of(registers[i].text).data, n },
                                                        &r),
                                        shorter); /* pcr:2 */
                }
                r = (Register){ 77, 77 };
                memcpy(longer, registers[i].text, strlen(registers[i].text));
                longer[strlen(longer)] = ' ';
                assert_false(register_parse(span_of(longer), &r));
                assert_int_equal(r.kind, 77); /* nothing was written */
                assert_int_equal(r.index, 77);
        }
}

static void each_register_has_one_spelling(void **state) {
        static const char *const wrong[] = { "", "None", "none ", " none", "pcr", "pcr:", "pcr:24",
                "pcr:08", "pcr:-1", "pcr:+8", "pcr: 8", "pcr:8,", "pcr:0x8", "PCR:8", "8",
                "pcr:4294967304", "nv:", "nv:0x", "nv:0x1800400", "nv:0x018004000", "nv:01800400",
                "nv:0X01800400", "nv:0x0180040A", "nv:0x0180040g", "nv:25166848", "NV:0x01800400",
                "nv:0x01800400 ", "pcr:8pcr:8", "01800400", "0x01800400" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                Register r = { 77, 77 };

                if (register_parse(span_of(wrong[i]), &r))
                        fail_msg("'%s' is taken", wrong[i]);
                assert_int_equal(r.kind, 77);
        }
        assert_false(register_parse((Span){}, &(Register){}));
        assert_false(register_parse(SPAN_LITERAL("none\0"), &(Register){}));
}

static void an_index_alone_is_eight_digits(void **state) {
        static const char *const wrong[] = { "", "1800400", "018004000", "0180040A", "0x01800400" };
        Register r = { 77, 77 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong); i++)
                assert_false(register_of_index(span_of(wrong[i]), &r));
        assert_int_equal(r.kind, 77);
        assert_true(register_of_index(span_of("01800400"), &r));
        assert_true(register_equal(r, (Register){ REGISTER_NV, 0x01800400 }));
        assert_false(register_equal(r, (Register){ REGISTER_PCR, 0x01800400 }));
        assert_false(register_equal(r, (Register){ REGISTER_NV, 0x01800401 }));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_register_is_read_and_written),
                cmocka_unit_test(every_prefix_and_every_longer_text_is_refused),
                cmocka_unit_test(each_register_has_one_spelling),
                cmocka_unit_test(an_index_alone_is_eight_digits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
