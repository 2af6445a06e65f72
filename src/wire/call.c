/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/call.h"

#include <errno.h>

static Json top_of(const Call *c) {
        return (Json){ .text = c->bytes, .tokens = c->tokens, .end = (uint32_t) c->n_tokens };
}

static bool is_method(Span name) {
        for (size_t i = 0; i < name.size; i++) {
                uint8_t c = name.data[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                    c == '.' || c == '-'))
                        return false;
        }
        return name.size > 0 && name.size <= CALL_METHOD_MAX;
}

static bool is_flag(Json v) {
        JsonType type = json_type(v);

        return type == JSON_NONE || type == JSON_TRUE || type == JSON_FALSE;
}

static int check_members(Json top, Err *e) {
        static const char *const names[] = { "method", "parameters", "oneway", "more", "upgrade",
                NULL };
        JsonType parameters = json_type(json_member(top, "parameters"));

        if (json_type(top) != JSON_OBJECT)
                return json_reject(top, "call", "not an object", e);
        for (Json name = json_first(top); json_type(name) != JSON_NONE;
                        name = json_next(top, name)) {
                const char *const *known = names;

                while (*known && !json_is(name, *known))
                        known++;
                if (!*known)
                        return json_reject(name, "call", "a member that a call does not have", e);
        }
        if (parameters != JSON_NONE && parameters != JSON_OBJECT)
                return json_reject(json_member(top, "parameters"), "call",
                                "parameters are an object", e);
        for (const char *const *flag = names + 2; *flag; flag++)
                if (!is_flag(json_member(top, *flag)))
                        return json_reject(json_member(top, *flag), "call",
                                        "neither true nor false", e);
        if (json_type(json_member(top, "upgrade")) == JSON_TRUE)
                return json_reject(json_member(top, "upgrade"), "call",
                                "there is nothing to upgrade to", e);
        return 0;
}

int call_parse(Span bytes, Call *ret, Err *e) {
        Call c = { .bytes = bytes };
        Json top;
        int rc;

        if (bytes.size > CALL_MAX)
                return err_set(e, -E2BIG, "call: %zu bytes, at most %d are taken", bytes.size,
                                CALL_MAX);
        rc = json_parse(bytes, JSON_STRICT, c.tokens, ELEMENTS(c.tokens), "call", &top, e);
        if (rc == 0)
                rc = check_members(top, e);
        if (rc < 0)
                return rc;
        c.n_tokens = top.end;
        c.method = json_raw(json_member(top, "method"));
        if (json_type(json_member(top, "method")) != JSON_STRING || !is_method(c.method))
                return err_set(e, -EBADMSG, "call: no method is named");
        c.oneway = json_type(json_member(top, "oneway")) == JSON_TRUE;

        *ret = c;
        return 0;
}

Json call_parameter(const Call *c, const char *name) {
        return json_member(json_member(top_of(c), "parameters"), name);
}

bool call_has_only(const Call *c, const char *const *names) {
        Json parameters = json_member(top_of(c), "parameters");

        for (Json name = json_first(parameters); json_type(name) != JSON_NONE;
                        name = json_next(parameters, name)) {
                const char *const *known = names;

                while (*known && !json_is(name, *known))
                        known++;
                if (!*known)
                        return false;
        }
        return true;
}

void call_write_error(Buf *to, const char *error, const char *key, Span text) {
        JsonWriter w = json_writer(to, JSON_STRICT);

        json_put_object(&w, NULL);
        json_put_string(&w, "error", error);
        json_put_object(&w, "parameters");
        if (key)
                json_put_foreign(&w, key, text);
        json_put_end(&w);
        json_put_end(&w);
}
