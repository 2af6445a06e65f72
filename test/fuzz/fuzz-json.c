/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/text.h"
#include "fuzz/check.h"
#include "wire/json.h"

enum { TOKENS_MAX = 64, TEXT_MAX = 64 * 1024 };

static void put(JsonWriter *w, const char *name, Json v) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(TEXT_MAX);
        int64_t n;

        switch (json_type(v)) {
        case JSON_OBJECT:
                json_put_object(w, name);
                for (Json m = json_first(v); json_type(m) != JSON_NONE; m = json_next(v, m)) {
                        _cleanup_(buf_done) Buf member = BUF_UP_TO(TEXT_MAX);

                        check(json_text(m, &member));
                        buf_byte(&member, 0);
                        put(w, (const char *) buf_span(&member).data, json_value(m));
                }
                json_put_end(w);
                return;
        case JSON_ARRAY:
                json_put_array(w, name);
                for (Json i = json_first(v); json_type(i) != JSON_NONE; i = json_next(v, i))
                        put(w, NULL, i);
                json_put_end(w);
                return;
        case JSON_STRING:
                check(json_text(v, &text));
                json_put_span(w, name, buf_span(&text));
                return;
        case JSON_INTEGER:
                check(json_integer(v, -JSON_INTEGER_MAX, JSON_INTEGER_MAX, &n));
                json_put_integer(w, name, n);
                return;
        default:
                abort(); /* the canonical form has no other */
        }
}

/* Each value is found again by what it says. */
static void look_up(Json v) {
        for (Json x = json_first(v); json_type(x) != JSON_NONE; x = json_next(v, x)) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(TEXT_MAX);

                look_up(x);
                if (json_type(x) != JSON_STRING)
                        continue;
                check(json_text(x, &text));
                buf_byte(&text, 0);
                check(json_is(x, (const char *) text.data));
                if (json_type(v) == JSON_ARRAY)
                        continue;
                check(json_member(v, (const char *) text.data).index == json_value(x).index);
                look_up(json_value(x));
        }
}

/* Whatever the bytes are, they can be written as foreign text, and that is canonical. */
static void write_foreign(Span bytes) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8 * TEXT_MAX), text = BUF_UP_TO(8 * TEXT_MAX);
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(8 * TEXT_MAX);
        JsonWriter w = json_writer(&b, JSON_CANONICAL);
        JsonToken tokens[1];
        Json v;

        json_put_foreign(&w, NULL, bytes);
        check(json_parse(buf_span(&b), JSON_CANONICAL, tokens, 1, "text", &v, NULL) == 0);
        text_escape(&escaped, bytes);
        check(json_text(v, &text) && span_equal(buf_span(&text), buf_span(&escaped)));
}

/* What is canonical is written again byte for byte, and is strict too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf again = BUF_UP_TO(TEXT_MAX);
        JsonWriter w = json_writer(&again, JSON_CANONICAL);
        Span text = { data, size };
        JsonToken tokens[TOKENS_MAX];
        Json v = { .end = 7 };
        int canonical, strict, foreign;
        Err e = {};

        if (size > TEXT_MAX)
                return 0;
        write_foreign(text);

        strict = json_parse(text, JSON_STRICT, tokens, TOKENS_MAX, "text", &v, &e);
        check(strict == 0 || strict == -E2BIG || strict == -EBADMSG);
        check((strict < 0) == (e.code < 0) && (strict == 0 || v.end == 7));
        if (strict == 0)
                look_up(v);

        /* what others may write is what is strict, and a little more */
        foreign = json_parse(text, JSON_FOREIGN, tokens, TOKENS_MAX, "text", &v, NULL);
        check(strict < 0 || foreign == 0);
        if (foreign == 0)
                look_up(v);

        canonical = json_parse(text, JSON_CANONICAL, tokens, TOKENS_MAX, "text", &v, NULL);
        if (canonical < 0)
                return 0;
        check(strict == 0);
        check(json_type(v) == JSON_STRING || span_equal(json_raw(v), text));
        put(&w, NULL, v);
        check(span_equal(buf_span(&again), text));
        return 0;
}
