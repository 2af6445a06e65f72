/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "wire/json.h"

Json json_member(Json v, const char *name) {
        for (Json m = json_first(v); json_type(m) != JSON_NONE; m = json_next(v, m))
                if (span_is(json_raw(m), name))
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
