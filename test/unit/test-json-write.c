/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/json.h"

static void the_canonical_form_is_written(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        JsonWriter w = json_writer(&b, JSON_CANONICAL);

        (void) state;
        json_put_object(&w, NULL);
        json_put_array(&w, "a");
        json_put_integer(&w, NULL, 1);
        json_put_integer(&w, NULL, -2);
        json_put_object(&w, NULL);
        json_put_string(&w, "b", "x\"\\y");
        json_put_end(&w);
        json_put_end(&w);
        json_put_object(&w, "bb");
        json_put_end(&w);
        json_put_array(&w, "c");
        json_put_end(&w);
        json_put_integer(&w, "d", 0);
        json_put_end(&w);
        assert_true(span_is(buf_span(&b),
                        "{\"a\":[1,-2,{\"b\":\"x\\\"\\\\y\"}],\"bb\":{},\"c\":[],\"d\":0}"));
}

static void foreign_text_is_written_so_that_it_can_be_turned_back(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        JsonWriter w = json_writer(&b, JSON_CANONICAL);

        (void) state;
        json_put_array(&w, NULL);
        json_put_foreign(&w, NULL, SPAN_LITERAL("a\\b\n\xff\"\xc3\xa9\0"));
        json_put_foreign(&w, NULL, (Span){});
        json_put_hex(&w, NULL, SPAN_LITERAL("\x00\xff"));
        json_put_base64url(&w, NULL, SPAN_LITERAL("\xff\xfe\xfd\xfc"));
        json_put_span(&w, NULL, (Span){});
        json_put_end(&w);
        assert_true(span_is(buf_span(&b), "[\"a\\\\x5cb\\\\x0a\\\\xff\\\"\xc3\xa9\\\\x00\",\"\","
                                          "\"00ff\",\"__79_A\",\"\"]"));
}

static void the_strict_form_takes_names_in_any_order(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        JsonWriter w = json_writer(&b, JSON_STRICT);

        (void) state;
        buf_string(&b, "before:");
        json_put_object(&w, NULL);
        json_put_integer(&w, "b", -JSON_INTEGER_MAX);
        json_put_integer(&w, "a\"", JSON_INTEGER_MAX);
        json_put_end(&w);
        assert_true(span_is(buf_span(&b),
                        "before:{\"b\":-9007199254740991,\"a\\\"\":9007199254740991}"));
}

static void names_are_compared_within_their_own_object(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        JsonWriter w = json_writer(&b, JSON_CANONICAL);

        (void) state;
        json_put_object(&w, NULL);
        json_put_object(&w, "b");
        json_put_string(&w, "z", "");
        json_put_end(&w);
        json_put_object(&w, "ba");
        json_put_string(&w, "a", "");
        json_put_end(&w);
        json_put_end(&w);
        assert_true(span_is(buf_span(&b), "{\"b\":{\"z\":\"\"},\"ba\":{\"a\":\"\"}}"));
}

static void a_full_buffer_is_told_at_the_end(void **state) {
        (void) state;
        for (size_t max = 0; max < 24; max++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(max);
                JsonWriter w = json_writer(&b, JSON_CANONICAL);
                Span s;

                json_put_object(&w, NULL);
                json_put_foreign(&w, "a", SPAN_LITERAL("\n"));
                json_put_integer(&w, "b", 1);
                json_put_end(&w);
                assert_int_equal(buf_end(&b, &s), max < 19 ? -E2BIG : 0);
        }
}

static void foreign_text_that_does_not_fit_is_not_left_out(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4);
        JsonWriter w = json_writer(&b, JSON_CANONICAL);
        Span s;

        (void) state;
        json_put_foreign(&w, NULL, SPAN_LITERAL("\n\n"));
        assert_int_equal(buf_end(&b, &s), -E2BIG);
}

static void put_unsorted(JsonWriter *w) {
        json_put_object(w, NULL);
        json_put_integer(w, "b", 1);
        json_put_integer(w, "a", 1);
}

static void put_twice(JsonWriter *w) {
        json_put_object(w, NULL);
        json_put_integer(w, "a", 1);
        json_put_integer(w, "a", 1);
}

static void put_escaped_name(JsonWriter *w) {
        json_put_object(w, NULL);
        json_put_integer(w, "\"", 1);
}

static void put_no_name(JsonWriter *w) {
        json_put_object(w, NULL);
        json_put_integer(w, NULL, 1);
}

static void put_name_in_array(JsonWriter *w) {
        json_put_array(w, NULL);
        json_put_integer(w, "a", 1);
}

static void put_second_value(JsonWriter *w) {
        json_put_integer(w, NULL, 1);
        json_put_integer(w, NULL, 1);
}

static void put_control(JsonWriter *w) {
        json_put_string(w, NULL, "\x1f");
}

static void put_delete(JsonWriter *w) {
        json_put_string(w, NULL, "\x7f");
}

static void put_no_utf8(JsonWriter *w) {
        json_put_string(w, NULL, "\xff");
}

static void put_large_integer(JsonWriter *w) {
        json_put_integer(w, NULL, JSON_INTEGER_MAX + 1);
}

static void put_small_integer(JsonWriter *w) {
        json_put_integer(w, NULL, -JSON_INTEGER_MAX - 1);
}

static void put_end_of_nothing(JsonWriter *w) {
        json_put_end(w);
}

static void put_too_deep(JsonWriter *w) {
        for (int i = 0; i <= JSON_DEPTH_MAX; i++)
                json_put_array(w, NULL);
}

static void what_no_reader_would_take_is_not_written(void **state) {
        static void (*const wrong[])(JsonWriter * w) = {
                put_unsorted,
                put_twice,
                put_escaped_name,
                put_no_name,
                put_name_in_array,
                put_second_value,
                put_control,
                put_delete,
                put_no_utf8,
                put_large_integer,
                put_small_integer,
                put_end_of_nothing,
                put_too_deep,
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                int status;
                pid_t child = fork();

                assert_true(child >= 0);
                if (child == 0) {
                        Buf b = BUF_UP_TO(256);
                        JsonWriter w = json_writer(&b, JSON_CANONICAL);

                        (void) signal(SIGABRT, SIG_DFL); /* cmocka's handler would go on */
                        (void) close(STDERR_FILENO);
                        wrong[i](&w);
                        _exit(0);
                }
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_canonical_form_is_written),
                cmocka_unit_test(foreign_text_is_written_so_that_it_can_be_turned_back),
                cmocka_unit_test(the_strict_form_takes_names_in_any_order),
                cmocka_unit_test(names_are_compared_within_their_own_object),
                cmocka_unit_test(a_full_buffer_is_told_at_the_end),
                cmocka_unit_test(foreign_text_that_does_not_fit_is_not_left_out),
                cmocka_unit_test(what_no_reader_would_take_is_not_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
