/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "support/edge.h"
#include "wire/osrel.h"

static const struct {
        const char *text, *value;
} cases[] = {
        { "ID=debian\n", "debian" },
        { "ID=debian", "debian" },
        { "NAME=x\nID=\"a b\"\nVERSION=y\n", "a b" },
        { "ID='a\"b'\n", "a\"b" },
        { "ID=\n", "" },
        { "ID=\"\"\n", "" },
        { "", "" },
        { "\n\n", "" },
        { "IDX=a\n", "" },
        { "XID=a\n", "" },
        { " ID=a\n", "" },
        { "#ID=a\nID=b\n", "b" },
        { "ID\n", "" },
        { "ID", "" },
        { "ID=a\nID=b\n", "" }, /* which of them a shell takes is not our guess to make */
        { "ID=a b\n", "" },     /* a shell would run b */
        { "ID=$x\n", "" },      /* and replace this */
        { "ID=\"$x\"\n", "" },
        { "ID=\"a\\nb\"\n", "" },
        { "ID=\"a\n", "" },
        { "ID=\"ab\n", "" },
        { "XX=a\nID=b\n", "b" },
        { "ID=\"\n", "" },
        { "ID=\"", "" },
        { "ID='a'b'\n", "" },
        { "ID=a\r\n", "" },
        { "ID=a\x7f\n", "" },
        { "ID=d\xc3\xa9\n", "d\xc3\xa9" },
};

static void plain_values_and_no_others(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(edge_done) Edge text = edge_of(span_of(cases[i].text));
                Span value = osrel_value(text.bytes, "ID");

                if (!span_is(value, cases[i].value))
                        fail_msg("case %zu: '%.*s'", i, (int) value.size,
                                        (const char *) value.data);
        }
}

/* What a boot menu shows needs no quotes. */
static void words_may_have_blanks_between_them(void **state) {
        static const struct {
                const char *text, *value;
        } titles[] = {
                { "ID=a b\n", "a b" },
                { "ID= \t a  b \t\n", "a  b" },
                { "ID=Debug (again); $x\n", "Debug (again); $x" },
                { "ID=\"a b\" \n", "a b" },
                { "ID=a\n", "a" },
                { "ID=  \n", "" },
                { "ID=a \"b\"\n", "" },
                { "ID=a\\ b\n", "" },
                { "ID=a\x7f b\n", "" },
                { "ID=a b\nID=c\n", "" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(titles); i++) {
                _cleanup_(edge_done) Edge text = edge_of(span_of(titles[i].text));
                Span value = osrel_words(text.bytes, "ID");

                if (!span_is(value, titles[i].value))
                        fail_msg("title %zu: '%.*s'", i, (int) value.size,
                                        (const char *) value.data);
        }
}

static void the_value_points_into_the_text(void **state) {
        Span text = SPAN_LITERAL("ID=\"abc\"\n");

        (void) state;
        assert_ptr_equal(osrel_value(text, "ID").data, text.data + 4);
        assert_int_equal(osrel_value(text, "ID").size, 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_values_and_no_others),
                cmocka_unit_test(words_may_have_blanks_between_them),
                cmocka_unit_test(the_value_points_into_the_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
