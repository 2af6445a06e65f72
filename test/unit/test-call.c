/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "base/macro.h"
#include "wire/call.h"

#define NOTE                                                                                       \
        "{\"method\":\"org.avouch.Measure.Record\",\"parameters\":{\"event\":\"note.text\","       \
        "\"members\":{\"text\":\"a\"}}}"

static void a_call_is_read(void **state) {
        static const char *const only[] = { "event", "members", NULL };
        Call c;

        (void) state;
        assert_int_equal(call_parse(span_of(NOTE), &c, NULL), 0);
        assert_true(span_is(c.method, "org.avouch.Measure.Record"));
        assert_false(c.oneway);
        assert_true(json_is(call_parameter(&c, "event"), "note.text"));
        assert_true(json_is(json_member(call_parameter(&c, "members"), "text"), "a"));
        assert_int_equal(json_type(call_parameter(&c, "other")), JSON_NONE);
        assert_true(call_has_only(&c, only));
        assert_false(call_has_only(&c, only + 1));

        assert_int_equal(
                        call_parse(SPAN_LITERAL(" {\"oneway\" : true, \"more\":false,\"method\":\"a.b\"}"),
                                        &c, NULL),
                        0);
        assert_true(c.oneway);
        assert_true(call_has_only(&c, only + 2));
        assert_int_equal(json_type(call_parameter(&c, "event")), JSON_NONE);
}

static void every_prefix_is_refused(void **state) {
        Span whole = span_of(NOTE);
        Call c;

        (void) state;
        for (size_t n = 0; n < whole.size; n++)
                assert_int_equal(call_parse((Span){ whole.data, n }, &c, NULL), -EBADMSG);
}

static void what_is_no_call_is_refused(void **state) {
        static const char *const wrong[] = {
                "",
                "[]",
                "{}",
                "{\"method\":\"\"}",
                "{\"method\":7}",
                "{\"method\":\"a b\"}",
                "{\"method\":\"a\\u0062\"}",
                "{\"method\":\"a\",\"method\":\"a\"}",
                "{\"method\":\"a\",\"parameters\":[]}",
                "{\"method\":\"a\",\"parameters\":null}",
                "{\"method\":\"a\",\"oneway\":1}",
                "{\"method\":\"a\",\"more\":\"true\"}",
                "{\"method\":\"a\",\"upgrade\":true}",
                "{\"method\":\"a\",\"extra\":{}}",
                NOTE "x",
                NOTE NOTE,
        };
        Call c = { .n_tokens = 77 };
        Err e = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                e = (Err){};
                if (call_parse(span_of(wrong[i]), &c, &e) != -EBADMSG)
                        fail_msg("'%s' is taken", wrong[i]);
                assert_true(e.text[0] != '\0');
        }
        e = (Err){};
        assert_int_equal(call_parse(SPAN_LITERAL("[]"), &c, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "not an object"));
        assert_int_equal(c.n_tokens, 77);
}

static void limits_are_kept(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * CALL_MAX);
        Call c;

        (void) state;
        buf_string(&b, NOTE);
        while (b.size < CALL_MAX)
                buf_byte(&b, ' ');
        assert_int_equal(call_parse(buf_span(&b), &c, NULL), 0);
        buf_byte(&b, ' ');
        assert_int_equal(call_parse(buf_span(&b), &c, NULL), -E2BIG);

        buf_done(&b);
        buf_string(&b, "{\"method\":\"");
        for (size_t i = 0; i < CALL_METHOD_MAX; i++)
                buf_byte(&b, 'm');
        buf_string(&b, "\"}");
        assert_int_equal(call_parse(buf_span(&b), &c, NULL), 0);
        b.size -= 2;
        buf_string(&b, "m\"}");
        assert_int_equal(call_parse(buf_span(&b), &c, NULL), -EBADMSG);

        buf_done(&b);
        buf_string(&b, "{\"method\":\"a\",\"parameters\":{\"a\":[0");
        for (size_t i = 0; i < CALL_TOKENS_MAX - 8; i++)
                buf_string(&b, ",0");
        buf_string(&b, "]}}");
        assert_int_equal(call_parse(buf_span(&b), &c, NULL), 0);
        b.size -= 3;
        buf_string(&b, ",0,0]}}");
        assert_int_equal(call_parse(buf_span(&b), &c, NULL), -E2BIG);
}

static void errors_are_written(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);

        (void) state;
        call_write_error(&b, "org.varlink.service.MethodNotFound", "method", SPAN_LITERAL("a\"\n"));
        assert_true(span_is(buf_span(&b),
                        "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"a\\\"\\\\x0a\"}}"));
        buf_done(&b);
        call_write_error(&b, "a.B", NULL, (Span){});
        assert_true(span_is(buf_span(&b), "{\"error\":\"a.B\",\"parameters\":{}}"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_call_is_read),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(what_is_no_call_is_refused),
                cmocka_unit_test(limits_are_kept),
                cmocka_unit_test(errors_are_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
