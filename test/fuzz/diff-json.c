/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "fuzz/check.h"
#include "fuzz/values.h"
#include "wire/json.h"

enum { TOKENS_MAX = 64, TEXT_MAX = 64 * 1024 };

static void put_string(Json v, Buf *to) {
        _cleanup_(buf_done) Buf characters = BUF_UP_TO(TEXT_MAX);

        check(json_text(v, &characters));
        buf_printf(to, "s%zu:", characters.size);
        buf_bytes(to, buf_span(&characters));
}

static void put_fraction(Json v, Buf *to) {
        Span raw = json_raw(v);
        char text[64] = "";

        check(raw.size < sizeof(text));
        memcpy(text, raw.data, raw.size);
        buf_printf(to, "d%a;", strtod(text, NULL));
}

/* As foreign_values() has it, by what json.h offers. */
static void put(Json v, Buf *to) {
        bool object = json_type(v) == JSON_OBJECT;
        int64_t n;

        switch (json_type(v)) {
        case JSON_OBJECT:
        case JSON_ARRAY:
                buf_string(to, object ? "{" : "[");
                for (Json x = json_first(v); json_type(x) != JSON_NONE; x = json_next(v, x)) {
                        if (object)
                                put_string(x, to);
                        put(object ? json_value(x) : x, to);
                }
                buf_string(to, object ? "}" : "]");
                return;
        case JSON_STRING:
                put_string(v, to);
                return;
        case JSON_INTEGER:
                check(json_integer(v, INT64_MIN, INT64_MAX, &n));
                buf_printf(to, "i%" PRId64 ";", n);
                return;
        case JSON_NUMBER:
                put_fraction(v, to);
                return;
        case JSON_TRUE:
        case JSON_FALSE:
        case JSON_NULL:
                buf_bytes(to, (Span){ json_raw(v).data, 1 });
                return;
        default:
                abort();
        }
}

/* What we take, json-c and jansson take too, and read the same values out of it. (They take more;
 * what more, differs from one version to the next: the reason why we have our own.) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf ours = BUF_UP_TO(SIZE_MAX), theirs = BUF_UP_TO(SIZE_MAX);
        Span text = { data, size };
        JsonToken tokens[TOKENS_MAX];
        Json v;

        if (size > TEXT_MAX)
                return 0;
        if (json_parse(text, JSON_STRICT, tokens, TOKENS_MAX, "text", &v, NULL) < 0)
                return 0;
        check(foreign_values(text, &theirs));
        put(v, &ours);
        check(span_equal(buf_span(&ours), buf_span(&theirs)));
        return 0;
}
