/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/macro.h"
#include "layer/version.h"

static int sign(int n) {
        return (n > 0) - (n < 0);
}

static int compare(const char *a, const char *b) {
        int rc = sign(version_compare(span_of(a), span_of(b)));

        assert_int_equal(sign(version_compare(span_of(b), span_of(a))), -rc);
        return rc;
}

/* UAPI.10's own examples, oldest first, and what systemd-analyze compare-versions says of others */
static void versions_are_in_order(void **state) {
        static const char *const ascending[] = { "122.1", "123~rc1-1", "123", "123-a", "123-a.1",
                "123-1", "123-1.1", "123^post1", "123.a-1", "123.1-1", "123a-1", "124-1" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(ascending); i++)
                for (size_t k = i + 1; k < ELEMENTS(ascending); k++)
                        assert_int_equal(compare(ascending[i], ascending[k]), -1);
}

static void spellings_are_compared(void **state) {
        (void) state;
        assert_int_equal(compare("", ""), 0);
        assert_int_equal(compare("1", "01"), 0);
        assert_int_equal(compare("1_2", "12"), -1); /* what is passed over still ends a number */
        assert_int_equal(compare("1.2", "1.2/"), 0);
        assert_int_equal(compare("0", ""), 1);
        assert_int_equal(compare("~", ""), -1);
        assert_int_equal(compare("0.", "0"), 1);
        assert_int_equal(compare("a", "A"), 1);
        assert_int_equal(compare("ab", "a"), 1);
        assert_int_equal(compare("10", "9"), 1);
        assert_int_equal(compare("9999999999999999999999999", "10000000000000000000000000"), -1);
}

static void any_bytes_come_to_an_end(void **state) {
        static const uint8_t zero[] = { 'a', 0, 'b' }, other[] = { 'a', 0xff, 'b' };

        (void) state;
        assert_int_equal(version_compare((Span){ zero, 3 }, (Span){ other, 3 }), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(versions_are_in_order),
                cmocka_unit_test(spellings_are_compared),
                cmocka_unit_test(any_bytes_come_to_an_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
