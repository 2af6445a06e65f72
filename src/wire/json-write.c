/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "base/text.h"
#include "wire/json.h"

JsonWriter json_writer(Buf *to, JsonForm form) {
        return (JsonWriter){ .to = to, .form = form };
}

/* Where a run ends that needs no escape. Asserts what has to go through text_escape() first. */
static size_t plain_length(Span s) {
        size_t n = 0;

        while (n < s.size && s.data[n] != '"' && s.data[n] != '\\') {
                size_t length = text_utf8(span_from(s, n), NULL);

                assert(length > 0);
                assert(s.data[n] >= ' ' && s.data[n] != 0x7f);
                n += length;
        }
        return n;
}

static void put_quoted(Buf *to, Span s) {
        buf_byte(to, '"');
        while (s.size > 0) {
                size_t n = plain_length(s);

                buf_bytes(to, (Span){ s.data, n });
                if (n < s.size) {
                        buf_byte(to, '\\');
                        buf_byte(to, s.data[n++]);
                }
                s = span_from(s, n);
        }
        buf_byte(to, '"');
}

/* The name before stands in the Buf already, between its quotes. */
static void check_order(const JsonWriter *w, Span name) {
        Span written = buf_span(w->to), last;

        assert(plain_length(name) == name.size);
        if (!w->begun[w->depth] || written.size == 0)
                return;
        last = (Span){ written.data + w->last_at[w->depth], w->last_size[w->depth] };
        assert(span_compare(last, name) < 0);
}

/* What stands before a value: a comma, and in an object the name. */
static void begin(JsonWriter *w, const char *name) {
        Span characters = span_of(name);

        assert(!w->begun[0] || w->depth > 0);
        assert((name != NULL) == (w->depth > 0 && w->object[w->depth]));

        if (name && w->form == JSON_CANONICAL)
                check_order(w, characters);
        if (w->begun[w->depth])
                buf_byte(w->to, ',');
        w->begun[w->depth] = true;
        if (!name)
                return;
        w->last_at[w->depth] = w->to->size + 1;
        w->last_size[w->depth] = characters.size;
        put_quoted(w->to, characters);
        buf_byte(w->to, ':');
}

static void put_container(JsonWriter *w, const char *name, bool object) {
        begin(w, name);
        assert(w->depth < JSON_DEPTH_MAX);
        w->depth++;
        w->begun[w->depth] = false;
        w->object[w->depth] = object;
        buf_byte(w->to, object ? '{' : '[');
}

void json_put_object(JsonWriter *w, const char *name) {
        put_container(w, name, true);
}

void json_put_array(JsonWriter *w, const char *name) {
        put_container(w, name, false);
}

void json_put_end(JsonWriter *w) {
        assert(w->depth > 0);
        buf_byte(w->to, w->object[w->depth] ? '}' : ']');
        w->depth--;
}

void json_put_span(JsonWriter *w, const char *name, Span characters) {
        begin(w, name);
        put_quoted(w->to, characters);
}

void json_put_string(JsonWriter *w, const char *name, const char *characters) {
        json_put_span(w, name, span_of(characters));
}

void json_put_foreign(JsonWriter *w, const char *name, Span bytes) {
        _cleanup_(buf_done) Buf escaped = BUF_UP_TO(w->to->max);

        text_escape(&escaped, bytes);
        buf_fail(w->to, escaped.failed);
        json_put_span(w, name, buf_span(&escaped));
}

void json_put_hex(JsonWriter *w, const char *name, Span bytes) {
        begin(w, name);
        buf_byte(w->to, '"');
        text_hex(w->to, bytes);
        buf_byte(w->to, '"');
}

void json_put_base64url(JsonWriter *w, const char *name, Span bytes) {
        begin(w, name);
        buf_byte(w->to, '"');
        text_base64url(w->to, bytes);
        buf_byte(w->to, '"');
}

void json_put_integer(JsonWriter *w, const char *name, int64_t v) {
        uint64_t left = (uint64_t) (v < 0 ? -v : v);
        uint8_t digits[sizeof("-9007199254740991") - 1];
        size_t at = sizeof(digits);

        assert(v >= -JSON_INTEGER_MAX && v <= JSON_INTEGER_MAX);
        begin(w, name);
        do
                digits[--at] = (uint8_t) ('0' + left % 10);
        while ((left /= 10) > 0);
        if (v < 0)
                digits[--at] = '-';
        buf_bytes(w->to, (Span){ digits + at, sizeof(digits) - at });
}
