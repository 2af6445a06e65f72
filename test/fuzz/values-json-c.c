/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/values.h"

#include <json-c/json.h>
#include <stdlib.h>

static void put_string(const char *s, size_t size, Buf *to) {
        buf_printf(to, "s%zu:", size);
        buf_bytes(to, (Span){ (const uint8_t *) s, size });
}

static void put(json_object *v, Buf *to) {
        switch (json_object_get_type(v)) {
        case json_type_object: {
                buf_string(to, "{");
                json_object_object_foreach(v, name, value) {
                        put_string(name, strlen(name), to);
                        put(value, to);
                }
                buf_string(to, "}");
                return;
        }
        case json_type_array:
                buf_string(to, "[");
                for (size_t i = 0; i < json_object_array_length(v); i++)
                        put(json_object_array_get_idx(v, i), to);
                buf_string(to, "]");
                return;
        case json_type_string:
                put_string(json_object_get_string(v), (size_t) json_object_get_string_len(v), to);
                return;
        case json_type_int:
                buf_printf(to, "i%lld;", (long long) json_object_get_int64(v));
                return;
        case json_type_double:
                buf_printf(to, "d%a;", json_object_get_double(v));
                return;
        case json_type_boolean:
                buf_string(to, json_object_get_boolean(v) ? "t" : "f");
                return;
        case json_type_null:
                buf_string(to, "n");
                return;
        default:
                abort();
        }
}

bool foreign_values(Span text, Buf *to) {
        _cleanup_(buf_done) Buf copy = BUF_UP_TO(SIZE_MAX);
        json_tokener *tokener = json_tokener_new();
        json_object *v;
        bool good;

        if (!tokener)
                abort();
        buf_bytes(&copy, text);
        buf_byte(&copy, 0); /* by that alone it knows that a number has ended */
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        v = json_tokener_parse_ex(tokener, (const char *) copy.data, (int) copy.size);
        good = json_tokener_get_error(tokener) == json_tokener_success &&
               json_tokener_get_parse_end(tokener) >= text.size;
        if (good)
                put(v, to);
        (void) json_object_put(v);
        json_tokener_free(tokener);
        return good;
}
