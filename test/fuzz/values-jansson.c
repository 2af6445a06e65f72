/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz/values.h"

#include <jansson.h>
#include <stdlib.h>

static void put_string(const char *s, size_t size, Buf *to) {
        buf_printf(to, "s%zu:", size);
        buf_bytes(to, (Span){ (const uint8_t *) s, size });
}

static void put(json_t *v, Buf *to) {
        const char *name;
        json_t *value;
        size_t i;

        switch (json_typeof(v)) {
        case JSON_OBJECT:
                buf_string(to, "{");
                json_object_foreach(v, name, value) {
                        put_string(name, strlen(name), to);
                        put(value, to);
                }
                buf_string(to, "}");
                return;
        case JSON_ARRAY:
                buf_string(to, "[");
                json_array_foreach(v, i, value) put(value, to);
                buf_string(to, "]");
                return;
        case JSON_STRING:
                put_string(json_string_value(v), json_string_length(v), to);
                return;
        case JSON_INTEGER:
                buf_printf(to, "i%lld;", (long long) json_integer_value(v));
                return;
        case JSON_REAL:
                buf_printf(to, "d%a;", json_real_value(v));
                return;
        case JSON_TRUE:
                buf_string(to, "t");
                return;
        case JSON_FALSE:
                buf_string(to, "f");
                return;
        case JSON_NULL:
                buf_string(to, "n");
                return;
        default:
                abort();
        }
}

bool foreign_values(Span text, Buf *to) {
        json_t *v = json_loadb((const char *) text.data, text.size,
                        JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

        if (!v)
                return false;
        put(v, to);
        json_decref(v);
        return true;
}
