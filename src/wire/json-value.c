/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cursor.h"
#include "base/text.h"
#include "wire/json.h"

static const JsonToken *token_of(Json v) {
        static const JsonToken none = {};

        return v.index < v.end ? &v.tokens[v.index] : &none;
}

static Json at_index(Json v, uint32_t index, uint32_t end) {
        v.index = index;
        return index < end ? v : (Json){};
}

JsonType json_type(Json v) {
        return token_of(v)->type;
}

Json json_first(Json container) {
        const JsonToken *t = token_of(container);

        if (t->type != JSON_OBJECT && t->type != JSON_ARRAY)
                return (Json){};
        return at_index(container, container.index + 1, t->next);
}

Json json_next(Json container, Json element) {
        return at_index(element, token_of(element)->next, token_of(container)->next);
}

Json json_value(Json name) {
        if (json_type(name) != JSON_STRING)
                return (Json){};
        return at_index(name, name.index + 1, token_of(name)->next);
}

Span json_raw(Json v) {
        const JsonToken *t = token_of(v);

        return t->type == JSON_NONE ? (Span){} : (Span){ v.text.data + t->at, t->size };
}

Json json_member(Json v, const char *name) {
        Span wanted = span_of(name);

        for (Json m = json_first(v); json_type(m) != JSON_NONE; m = json_next(v, m))
                if (span_equal(json_raw(m), wanted))
                        return json_value(m); /* an array's element has none */
        return (Json){};
}

size_t json_count(Json container) {
        size_t n = 0;

        for (Json v = json_first(container); json_type(v) != JSON_NONE; v = json_next(container, v))
                n++;
        return n;
}

bool json_has_only(Json v, const char *const *names) {
        size_t n = 0;

        if (json_type(v) != JSON_OBJECT)
                return false;
        for (; names[n]; n++)
                if (json_type(json_member(v, names[n])) == JSON_NONE)
                        return false;
        return json_count(v) == n;
}

bool json_integer(Json v, int64_t min, int64_t max, int64_t *ret) {
        Span digits = json_raw(v);
        bool negative = digits.size > 0 && digits.data[0] == '-';
        uint64_t magnitude;
        int64_t n;

        if (json_type(v) != JSON_INTEGER)
                return false;
        if (negative)
                digits = span_from(digits, 1);
        if (!text_number(digits, (uint64_t) JSON_INTEGER_MAX, &magnitude))
                return false;
        n = negative ? -(int64_t) magnitude : (int64_t) magnitude;
        if (n < min || n > max)
                return false;
        *ret = n;
        return true;
}

bool json_u64(Json v, uint64_t *ret) {
        JsonType type = json_type(v);

        return (type == JSON_INTEGER || type == JSON_NUMBER) &&
               text_number(json_raw(v), UINT64_MAX, ret);
}

bool json_hex(Json v, uint8_t *into, size_t size) {
        return json_type(v) == JSON_STRING && text_unhex(json_raw(v), into, size);
}

bool json_base64url(Json v, Buf *to) {
        return json_type(v) == JSON_STRING && text_unbase64url(json_raw(v), to);
}

int json_reject(Json v, const char *what, const char *why, Err *e) {
        Cursor c = cursor_over(v.text);

        c.at = token_of(v)->at;
        cursor_reject(&c, why);
        return cursor_end(&c, what, e);
}
