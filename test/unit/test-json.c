/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "wire/json.h"

static const char sample[] = "{\"a\":[1,-2,{\"b\":\"x\\\"\\\\y\"}],\"bb\":{},\"c\":[],\"d\":0}";

static int parse(const char *text, JsonForm form, JsonToken *tokens, size_t n, Json *ret, Err *e) {
        return json_parse(span_of(text), form, tokens, n, "text", ret, e);
}

static void values_are_found_by_name_and_in_order(void **state) {
        JsonToken tokens[32];
        Json v, a, x;
        int64_t n;

        (void) state;
        assert_int_equal(parse(sample, JSON_CANONICAL, tokens, 32, &v, NULL), 0);
        assert_int_equal(json_type(v), JSON_OBJECT);
        assert_int_equal(json_count(v), 4);
        assert_true(span_is(json_raw(v), sample));

        a = json_member(v, "a");
        assert_int_equal(json_count(a), 3);
        x = json_first(a);
        assert_true(json_integer(x, 1, 1, &n));
        assert_int_equal(n, 1);
        x = json_next(a, x);
        assert_true(json_integer(x, -2, 0, &n));
        assert_int_equal(n, -2);
        x = json_next(a, x);
        assert_true(json_is(json_member(x, "b"), "x\"\\y"));
        assert_int_equal(json_type(json_next(a, x)), JSON_NONE);

        assert_int_equal(json_type(json_first(json_member(v, "bb"))), JSON_NONE);
        assert_int_equal(json_type(json_first(json_member(v, "c"))), JSON_NONE);
        x = json_first(v);
        assert_true(json_is(x, "a"));
        x = json_next(v, x);
        assert_true(json_is(x, "bb"));
        assert_int_equal(json_type(json_value(x)), JSON_OBJECT);
        assert_int_equal(json_type(json_member(v, "b")), JSON_NONE);
        assert_true(json_integer(json_member(v, "d"), 0, 0, &n));
}

static void every_prefix_is_refused(void **state) {
        JsonToken tokens[32];
        Json v = { .end = 7 };

        (void) state;
        for (size_t i = 0; i < sizeof(sample) - 1; i++)
                for (JsonForm form = JSON_STRICT; form <= JSON_CANONICAL; form++) {
                        Err e = {};

                        assert_int_equal(json_parse((Span){ (const uint8_t *) sample, i }, form,
                                                         tokens, 32, "text", &v, &e),
                                        -EBADMSG);
                        assert_true(e.code < 0);
                }
        assert_int_equal(v.end, 7); /* nothing was written */
}

static const struct {
        const char *text;
        size_t at; /* the byte that e names */
        bool strict_too;
        const char *why;
} refused[] = {
        { " 1", 0, false, "a blank, in canonical JSON" },
        { "1 ", 1, false, "a blank, in canonical JSON" },
        { "[1,\t2]", 3, false, "a blank, in canonical JSON" },
        { "{\"a\" :1}", 4, false, "a blank, in canonical JSON" },
        { "{\"a\":\r1}", 5, false, "a blank, in canonical JSON" },
        { "{\"a\":1,\n\"b\":2}", 7, false, "a blank, in canonical JSON" },
        { "true", 0, false, "true, false or null, in canonical JSON" },
        { "[1,false]", 3, false, "true, false or null, in canonical JSON" },
        { "null", 0, false, "true, false or null, in canonical JSON" },
        { "[1.5]", 1, false, "a fraction or an exponent, in canonical JSON" },
        { "[-0.0]", 1, false, "a fraction or an exponent, in canonical JSON" },
        { "[1e0]", 1, false, "a fraction or an exponent, in canonical JSON" },
        { "[\"a\\n\"]", 3, false, "an escape other than \\\" and \\\\, in canonical JSON" },
        { "[\"a\\/\"]", 3, false, "an escape other than \\\" and \\\\, in canonical JSON" },
        { "[\"\\u0061\"]", 2, false, "an escape other than \\\" and \\\\, in canonical JSON" },
        { "[\"\\u0022\"]", 2, false, "an escape other than \\\" and \\\\, in canonical JSON" },
        { "[\"\x7f\"]", 2, false, "a control character in a string" },
        { "{\"b\":1,\"a\":2}", 8, false, "names out of order, in canonical JSON" },
        { "{\"ab\":1,\"a\":2}", 9, false, "names out of order, in canonical JSON" },

        { "[\"\x1f\"]", 2, true, "a control character in a string" },
        { "[\"a\nb\"]", 3, true, "a control character in a string" },
        { "[\"\x80\"]", 2, true, "no UTF-8" },
        { "[\"a\xc0\xaf\"]", 3, true, "no UTF-8" },
        { "[\"\xed\xa0\x80\"]", 2, true, "no UTF-8" },
        { "[\"\xf4\x90\x80\x80\"]", 2, true, "no UTF-8" },
        { "[\"\xff\"]", 2, true, "no UTF-8" },
        { "\xef\xbb\xbf"
          "1",
                        0, true, "no JSON value" },
        { "[\"\\u0000\"]", 8, true, "\\u0000 in a string" },
        { "[\"\\ud800\"]", 8, true, "half of a surrogate pair" },
        { "[\"\\udc00\"]", 8, true, "half of a surrogate pair" },
        { "[\"\\udc00\\udc00\"]", 8, true, "half of a surrogate pair" },
        { "[\"\\ud800\\u0061\"]", 14, true, "half of a surrogate pair" },
        { "[\"\\ud800\\ue000\"]", 14, true, "half of a surrogate pair" },
        { "[\"\\ud800\\ud800\"]", 14, true, "half of a surrogate pair" },
        { "[\"\\ud800\\n\"]", 8, true, "half of a surrogate pair" },
        { "[\"\\u00g0\"]", 7, true, "not four hex digits after \\u" },
        { "[\"\\x41\"]", 4, true, "an escape that JSON does not have" },
        { "['a']", 1, true, "no JSON value" },

        { "{\"a\":1,\"a\":1}", 8, true, "a name that the object has already" },
        { "{\"a\":{\"c\":1},\"b\":{\"b\":3,\"b\":4}}", 25, true,
                        "a name that the object has already" },
        { "{\"a\\\\\":1}", 2, true, "a name with an escape in it" },
        { "{a:1}", 1, true, "no name in quotes" },
        { "{1:1}", 1, true, "no name in quotes" },
        { "{,}", 1, true, "no name in quotes" },
        { "{\"a\":1,}", 7, true, "no name in quotes" },
        { "{\"a\",1}", 4, true, "no colon after a name" },
        { "{\"a\":}", 5, true, "no JSON value" },
        { "{\"a\":1\"b\":2}", 6, true, "no comma, and no end" },
        { "{\"a\":1]", 6, true, "no comma, and no end" },
        { "[1}", 2, true, "no comma, and no end" },
        { "[1,]", 3, true, "no JSON value" },
        { "[,1]", 1, true, "no JSON value" },
        { "[]]", 2, true, NULL },
        { "[1]2", 3, true, NULL },
        { "{}{}", 2, true, NULL },
        { "]", 0, true, "no JSON value" },
        { "/**/1", 0, true, "no JSON value" },
        { "nul1", 0, true, "no JSON value" },
        { "NaN", 0, true, "no JSON value" },
        { "True", 0, true, "no JSON value" },
        { "1x", 1, true, NULL },

        { "[01]", 1, true, "a number with a leading zero" },
        { "[-01]", 1, true, "a number with a leading zero" },
        { "[00.5]", 1, true, "a number with a leading zero" },
        { "[-0]", 1, true, "a zero with a sign" },
        { "[+1]", 1, true, "no JSON value" },
        { "[-]", 2, true, "a number without its digits" },
        { "[-a]", 2, true, "a number without its digits" },
        { "[.5]", 1, true, "no JSON value" },
        { "[1.]", 3, true, "a number without its digits" },
        { "[1.e5]", 3, true, "a number without its digits" },
        { "[1e]", 3, true, "a number without its digits" },
        { "[1e+-1]", 4, true, "a number without its digits" },
        { "[1e100]", 6, true, "an exponent of more than two digits" },
        { "[0x10]", 2, true, "no comma, and no end" },
        { "[9007199254740992]", 1, true, "an integer beyond 2^53 - 1" },
        { "[-9007199254740992]", 1, true, "an integer beyond 2^53 - 1" },
        { "[18446744073709551617]", 1, true, "an integer beyond 2^53 - 1" },
        { "[0.1234567890123456789012345678901]", 1, true, "a number of too many digits" },
        { "[[[[[[[[[1]]]]]]]]]", 8, true, "objects and arrays nested too deeply" },
};

static void assert_refused(const char *text, JsonForm form, size_t at, const char *why) {
        Json v = { .end = 7 };
        JsonToken tokens[32];
        char expected[128];
        Err e = {};

        assert_int_equal(parse(text, form, tokens, 32, &v, &e), -EBADMSG);
        if (why)
                (void) snprintf(expected, sizeof(expected),
                                "text: malformed at byte %zu of %zu: %s", at, strlen(text), why);
        else
                (void) snprintf(expected, sizeof(expected), "text: %zu stray bytes after byte %zu",
                                strlen(text) - at, at);
        assert_string_equal(e.text, expected);
        assert_int_equal(v.end, 7);
}

static void each_rule_refuses_and_says_where(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(refused); i++) {
                JsonToken tokens[32];
                Json v;

                assert_refused(refused[i].text, JSON_CANONICAL, refused[i].at, refused[i].why);
                if (refused[i].strict_too)
                        assert_refused(refused[i].text, JSON_STRICT, refused[i].at, refused[i].why);
                else
                        assert_int_equal(parse(refused[i].text, JSON_STRICT, tokens, 32, &v, NULL),
                                        0);
        }
}

static void the_limits_themselves_are_taken(void **state) {
        static const char *const good[] = {
                "9007199254740991",
                "-9007199254740991",
                "0",
                "\"\"",
                "[[[[[[[[]]]]]]]]",
                "{\"\":{\"\":0}}",
                "[\"\x7e\xc2\x80\xf4\x8f\xbf\xbf\"]",
        };
        static const char *const strict[] = {
                "0.123456789012345678901234567890", /* 32 characters */
                "-1.5E+99",
                "1e-99",
                "-0.0",
                "0e0",
                "\t\r\n {\t\r\n \"a\"\t\r\n :\t\r\n [\t\r\n 1\t\r\n ,\t\r\n 2\t\r\n ]\t\r\n }\t\r\n ",
                "[\"\\ud83d\\uDE00\\b\\f\\n\\r\\t\\/\"]",
                "[\"\\ud7ff\\ue000\\uffff\\udbff\\udfff\"]",
                "{\"b\":true,\"a\":false,\"\":null}",
        };
        JsonToken tokens[32];
        Json v;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++)
                for (JsonForm form = JSON_STRICT; form <= JSON_CANONICAL; form++)
                        assert_int_equal(parse(good[i], form, tokens, 32, &v, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(strict); i++) {
                assert_int_equal(parse(strict[i], JSON_STRICT, tokens, 32, &v, NULL), 0);
                assert_int_equal(parse(strict[i], JSON_CANONICAL, tokens, 32, &v, NULL), -EBADMSG);
        }
}

static void too_many_values_are_refused(void **state) {
        JsonToken tokens[12];
        Json v = { .end = 7 };
        Err e = {};

        (void) state;
        assert_int_equal(parse(sample, JSON_STRICT, tokens, 12, &v, &e), -E2BIG);
        assert_string_equal(e.text, "text: more than 12 JSON values, at byte 43");
        assert_int_equal(parse("[1]", JSON_STRICT, tokens, 1, &v, NULL), -E2BIG);
        assert_int_equal(parse("[]", JSON_STRICT, tokens, 0, &v, NULL), -E2BIG);
        assert_int_equal(parse("[x", JSON_STRICT, tokens, 1, &v, NULL), -EBADMSG);
        assert_int_equal(v.end, 7);
        assert_int_equal(parse("[1]", JSON_STRICT, tokens, 2, &v, NULL), 0);
}

static void a_text_beyond_four_gigabytes_is_refused_unread(void **state) {
        Span text = { (const uint8_t *) "1", (size_t) UINT32_MAX + 1 };
        JsonToken tokens[1];
        Json v;

        (void) state;
        assert_int_equal(json_parse(text, JSON_STRICT, tokens, 1, "text", &v, NULL), -E2BIG);
}

static void types_are_told_apart(void **state) {
        static const JsonType types[] = { JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_INTEGER,
                JSON_NUMBER, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL };
        JsonToken tokens[16];
        Json v, element;
        size_t i = 0;

        (void) state;
        assert_int_equal(parse("[{},[],\"1\",1,1.0,1e0,true,false,null]", JSON_STRICT, tokens, 16,
                                         &v, NULL),
                        0);
        for (element = json_first(v); json_type(element) != JSON_NONE;
                        element = json_next(v, element))
                assert_int_equal(json_type(element), types[i++]);
        assert_int_equal(i, ELEMENTS(types));
        assert_int_equal(json_count(v), ELEMENTS(types));
}

static void no_value_comes_from_no_value(void **state) {
        Json none = {}, v;
        JsonToken tokens[8];

        (void) state;
        assert_int_equal(json_type(none), JSON_NONE);
        assert_int_equal(json_type(json_first(none)), JSON_NONE);
        assert_int_equal(json_type(json_next(none, none)), JSON_NONE);
        assert_int_equal(json_type(json_value(none)), JSON_NONE);
        assert_int_equal(json_type(json_member(none, "a")), JSON_NONE);
        assert_int_equal(json_count(none), 0);
        assert_null(json_raw(none).data);
        assert_false(json_is(none, ""));

        assert_int_equal(parse("[[\"a\",\"b\"],1]", JSON_STRICT, tokens, 8, &v, NULL), 0);
        v = json_first(v);
        assert_int_equal(json_type(json_member(v, "a")), JSON_NONE); /* an array has no members */
        assert_int_equal(json_type(json_value(json_first(v))), JSON_NONE); /* "a" is no name */
        assert_int_equal(json_type(json_first(json_first(v))), JSON_NONE); /* and no container */
        assert_int_equal(json_type(json_value(v)), JSON_NONE);
        assert_int_equal(json_count(v), 2);
}

static void a_name_is_not_the_value_of_the_name_before(void **state) {
        JsonToken tokens[8];
        Json v;

        (void) state;
        assert_int_equal(parse("{\"a\":\"b\",\"c\":\"d\"}", JSON_STRICT, tokens, 8, &v, NULL), 0);
        assert_int_equal(json_type(json_member(v, "b")), JSON_NONE);
        assert_true(json_is(json_member(v, "c"), "d"));
        assert_int_equal(json_count(json_first(v)), 0);
}

static void integers_are_taken_within_their_bounds(void **state) {
        JsonToken tokens[8];
        int64_t n = 7;
        Json v;

        (void) state;
        assert_int_equal(parse("9007199254740991", JSON_STRICT, tokens, 8, &v, NULL), 0);
        assert_false(json_integer(v, 0, JSON_INTEGER_MAX - 1, &n));
        assert_int_equal(n, 7);
        assert_true(json_integer(v, 0, JSON_INTEGER_MAX, &n));
        assert_true(n == JSON_INTEGER_MAX);
        assert_int_equal(parse("-9007199254740991", JSON_STRICT, tokens, 8, &v, NULL), 0);
        assert_false(json_integer(v, -JSON_INTEGER_MAX + 1, 0, &n));
        assert_true(json_integer(v, INT64_MIN, INT64_MAX, &n));
        assert_true(n == -JSON_INTEGER_MAX);
        assert_int_equal(parse("1.0", JSON_STRICT, tokens, 8, &v, NULL), 0);
        assert_false(json_integer(v, 0, 9, &n));
        assert_int_equal(parse("\"1\"", JSON_STRICT, tokens, 8, &v, NULL), 0);
        assert_false(json_integer(v, 0, 9, &n));
}

static void escapes_are_resolved(void **state) {
        static const char text[] =
                        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t|\\u0041\\u00e9\\u20AC\\ud83d\\ude00|\"";
        static const char meant[] = "\"\\/\b\f\n\r\t|A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80|";
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64), small = BUF_UP_TO(4);
        JsonToken tokens[2];
        Json v;

        (void) state;
        assert_int_equal(parse(text, JSON_STRICT, tokens, 1, &v, NULL), 0);
        assert_true(json_text(v, &b));
        assert_true(span_is(buf_span(&b), meant));
        assert_true(json_is(v, meant));
        assert_false(json_is(v, "\""));
        assert_false(json_is(v, "\"\\/\b\f\n\r\t|A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80|x"));
        assert_false(json_is(v, "\"\\/\b\f\n\r\t|B"));
        assert_false(json_text(v, &small));

        assert_int_equal(parse("[1]", JSON_STRICT, tokens, 2, &v, NULL), 0);
        assert_false(json_text(v, &b));
        assert_false(json_text(json_first(v), &b));
        assert_false(json_is(json_first(v), "1"));
}

static void hex_has_one_spelling_and_one_length(void **state) {
        static const char *const bad[] = { "\"00Ff\"", "\"00f\"", "\"00ff00\"", "\"00f\\u0066\"",
                "\"\"", "1234", "[\"00ff\"]" };
        uint8_t two[2];
        JsonToken tokens[2];
        Json v;

        (void) state;
        assert_int_equal(parse("\"00ff\"", JSON_STRICT, tokens, 2, &v, NULL), 0);
        assert_true(json_hex(v, two, 2));
        assert_memory_equal(two, "\x00\xff", 2);
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                assert_int_equal(parse(bad[i], JSON_STRICT, tokens, 2, &v, NULL), 0);
                assert_false(json_hex(v, two, 2));
        }
}

static void base64url_is_decoded(void **state) {
        static const char *const bad[] = { "\"__79_A==\"", "\"//79/A\"", "\"__79_B\"",
                "\"\\u005f_79_A\"", "\"__79_\"", "1234", "[]" };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8), small = BUF_UP_TO(3);
        JsonToken tokens[1];
        Json v;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                assert_int_equal(parse(bad[i], JSON_STRICT, tokens, 1, &v, NULL), 0);
                assert_false(json_base64url(v, &b));
                buf_done(&b);
        }
        assert_int_equal(parse("\"\"", JSON_STRICT, tokens, 1, &v, NULL), 0);
        assert_true(json_base64url(v, &small));
        assert_int_equal(parse("\"__79_A\"", JSON_STRICT, tokens, 1, &v, NULL), 0);
        assert_true(json_base64url(v, &b));
        assert_true(span_is(buf_span(&b), "\xff\xfe\xfd\xfc"));
        assert_false(json_base64url(v, &small));
        assert_int_equal(parse("\"\"", JSON_STRICT, tokens, 1, &v, NULL), 0);
        assert_false(json_base64url(v, &small)); /* it has failed, and stays so */
}

static void an_object_has_only_what_it_should(void **state) {
        static const char *const none[] = { NULL }, *const both[] = { "a", "b", NULL };
        static const char *const other[] = { "{}", "[]", "\"a\"", "{\"a\":1}", "{\"a\":1,\"c\":2}",
                "{\"a\":1,\"b\":2,\"c\":3}", "[\"a\",\"b\"]" };
        JsonToken tokens[8];
        Json v;

        (void) state;
        assert_int_equal(parse("{\"b\":1,\"a\":2}", JSON_STRICT, tokens, 8, &v, NULL), 0);
        assert_true(json_has_only(v, both));
        for (size_t i = 0; i < ELEMENTS(other); i++) {
                assert_int_equal(parse(other[i], JSON_STRICT, tokens, 8, &v, NULL), 0);
                assert_false(json_has_only(v, both));
                assert_int_equal(json_has_only(v, none), i == 0);
        }
}

static void a_value_that_does_not_belong_is_named_by_its_place(void **state) {
        JsonToken tokens[4];
        Err e = {};
        Json v;

        (void) state;
        assert_int_equal(parse("{\"a\":17}", JSON_STRICT, tokens, 4, &v, NULL), 0);
        assert_int_equal(json_reject(json_member(v, "a"), "text", "not 18", &e), -EBADMSG);
        assert_string_equal(e.text, "text: malformed at byte 5 of 8: not 18");
}

/* What others write: 64 bits, sixteen levels; all else as strict as ever. */
static void the_foreign_form_takes_more_and_carries_it(void **state) {
        static const struct {
                const char *text;
                JsonType type;
                bool is_u64;
                uint64_t v;
        } good[] = {
                { "18446744073709551615", JSON_NUMBER, true, UINT64_MAX },
                { "9007199254740992", JSON_NUMBER, true, UINT64_C(1) << 53 },
                { "9007199254740991", JSON_INTEGER, true, (UINT64_C(1) << 53) - 1 },
                { " 0 ", JSON_INTEGER, true, 0 },
                { "-1", JSON_INTEGER, false, 0 },
                { "1.0", JSON_NUMBER, false, 0 },
                { "1e2", JSON_NUMBER, false, 0 },
                { "\"1\"", JSON_STRING, false, 0 },
                { "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", JSON_ARRAY, false, 0 },
        };
        static const struct {
                const char *text, *why;
                size_t at;
        } bad[] = {
                { "18446744073709551616", "an integer beyond 2^64 - 1", 0 },
                { "-9007199254740992", "an integer beyond 2^53 - 1", 0 },
                { "[01]", "a number with a leading zero", 1 },
                { "{\"a\":1,\"a\":2}", "a name that the object has already", 8 },
                { "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "objects and arrays nested too deeply",
                                16 },
        };
        JsonToken tokens[32];
        uint64_t n;
        Json v;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++) {
                n = 0;
                assert_int_equal(parse(good[i].text, JSON_FOREIGN, tokens, 32, &v, NULL), 0);
                assert_int_equal(json_type(v), good[i].type);
                assert_int_equal(json_u64(v, &n), good[i].is_u64);
                assert_true(n == good[i].v);
        }
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_refused(bad[i].text, JSON_FOREIGN, bad[i].at, bad[i].why);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_found_by_name_and_in_order),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(each_rule_refuses_and_says_where),
                cmocka_unit_test(the_limits_themselves_are_taken),
                cmocka_unit_test(too_many_values_are_refused),
                cmocka_unit_test(a_text_beyond_four_gigabytes_is_refused_unread),
                cmocka_unit_test(types_are_told_apart),
                cmocka_unit_test(no_value_comes_from_no_value),
                cmocka_unit_test(a_name_is_not_the_value_of_the_name_before),
                cmocka_unit_test(integers_are_taken_within_their_bounds),
                cmocka_unit_test(escapes_are_resolved),
                cmocka_unit_test(hex_has_one_spelling_and_one_length),
                cmocka_unit_test(base64url_is_decoded),
                cmocka_unit_test(an_object_has_only_what_it_should),
                cmocka_unit_test(a_value_that_does_not_belong_is_named_by_its_place),
                cmocka_unit_test(the_foreign_form_takes_more_and_carries_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
