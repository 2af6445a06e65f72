/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "wire/wincert.h"

#define SEVEN SPAN_LITERAL("1234567")
#define EIGHT SPAN_LITERAL("12345678")

static void what_is_put_is_read(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        WinCerts w;

        (void) state;
        wincert_put(&b, SEVEN);
        assert_int_equal(b.size, 16);
        wincert_put(&b, EIGHT);
        assert_int_equal(b.size, 32);
        assert_int_equal(wincerts_parse(buf_span(&b), &w, NULL), 0);
        assert_int_equal(w.n, 2);
        assert_true(span_equal(w.list[0].bytes, SEVEN));
        assert_true(span_equal(w.list[1].bytes, EIGHT));
        assert_int_equal(w.list[1].revision, WINCERT_REVISION_2);
        assert_int_equal(w.list[1].type, WINCERT_PKCS7);
}

/* By the specification, by hand. */
static void the_bytes_are_those_of_the_specification(void **state) {
        static const uint8_t expected[] = { 0x0b, 0, 0, 0, 0x00, 0x02, 0x02, 0x00, 'a', 'b', 'c', 0,
                0, 0, 0, 0 };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

        (void) state;
        wincert_put(&b, SPAN_LITERAL("abc"));
        assert_true(span_equal(buf_span(&b), (Span){ expected, sizeof(expected) }));
}

static void none_is_a_table_too(void **state) {
        WinCerts w = { .n = 7 };

        (void) state;
        assert_int_equal(wincerts_parse((Span){}, &w, NULL), 0);
        assert_int_equal(w.n, 0);
}

static void every_prefix_and_one_byte_more_are_refused(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        WinCerts w = { .n = 7 };

        (void) state;
        wincert_put(&b, SEVEN);
        for (size_t n = 1; n < b.size; n++)
                assert_int_equal(wincerts_parse((Span){ b.data, n }, &w, NULL), -EBADMSG);
        buf_byte(&b, 0);
        assert_int_equal(wincerts_parse(buf_span(&b), &w, NULL), -EBADMSG);
        assert_int_equal(w.n, 7);
}

static const struct {
        size_t at;
        uint8_t byte;
        const char *said;
} broken[] = {
        { 0, 7, "malformed at byte 0 of 16: a certificate that is shorter than its head" },
        { 0, 0, "malformed at byte 0 of 16: a certificate that is shorter than its head" },
        { 15, 1, "malformed at byte 15 of 16: padding that is not zero" },
        { 0, 17, "cut short" },
        { 3, 0xff, "cut short" },
};

static void what_is_broken_is_said(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(broken); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
                WinCerts w;
                Err e = {};

                wincert_put(&b, SEVEN);
                b.data[broken[i].at] = broken[i].byte;
                assert_int_equal(wincerts_parse(buf_span(&b), &w, &e), -EBADMSG);
                if (!strstr(e.text, broken[i].said))
                        fail_msg("%zu: said '%s'", i, e.text);
        }
}

static void other_kinds_are_carried(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        WinCerts w;

        (void) state;
        wincert_put(&b, SEVEN);
        b.data[4] = 0x34;
        b.data[6] = 0xf0;
        assert_int_equal(wincerts_parse(buf_span(&b), &w, NULL), 0);
        assert_int_equal(w.list[0].revision, 0x0234);
        assert_int_equal(w.list[0].type, 0x00f0);
}

static void there_is_a_limit(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        WinCerts w;
        Err e = {};

        (void) state;
        for (int i = 0; i < SIGNERS_MAX; i++)
                wincert_put(&b, EIGHT);
        assert_int_equal(wincerts_parse(buf_span(&b), &w, NULL), 0);
        assert_int_equal(w.n, SIGNERS_MAX);
        wincert_put(&b, EIGHT);
        assert_int_equal(wincerts_parse(buf_span(&b), &w, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "more certificates than allowed"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_put_is_read),
                cmocka_unit_test(the_bytes_are_those_of_the_specification),
                cmocka_unit_test(none_is_a_table_too),
                cmocka_unit_test(every_prefix_and_one_byte_more_are_refused),
                cmocka_unit_test(what_is_broken_is_said),
                cmocka_unit_test(other_kinds_are_carried),
                cmocka_unit_test(there_is_a_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
