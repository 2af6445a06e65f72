/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "wire/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(JsonWriter *w, const char *name, Json v);

/* The name of a member as a C string; names have no escapes. */
static const char *name_of(Json v, Buf *to) {
        buf_done(to);
        buf_bytes(to, json_raw(v));
        buf_byte(to, '\0');
        return (const char *) buf_span(to).data;
}

static void write_container(JsonWriter *w, const char *name, Json v) {
        _cleanup_(buf_done) Buf member = BUF_UP_TO(CONTENT_MAX);

        if (json_type(v) == JSON_OBJECT)
                json_put_object(w, name);
        else
                json_put_array(w, name);
        for (Json x = json_first(v); json_type(x) != JSON_NONE; x = json_next(v, x))
                if (json_type(v) == JSON_OBJECT)
                        write_value(w, name_of(x, &member), json_value(x));
                else
                        write_value(w, NULL, x);
        json_put_end(w);
}

static void write_value(JsonWriter *w, const char *name, Json v) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CONTENT_MAX);
        int64_t n;

        switch (json_type(v)) {
        case JSON_OBJECT:
        case JSON_ARRAY:
                write_container(w, name, v);
                break;
        case JSON_STRING:
                if (!json_text(v, &text))
                        abort();
                json_put_span(w, name, buf_span(&text));
                break;
        case JSON_INTEGER:
                if (!json_integer(v, -JSON_INTEGER_MAX, JSON_INTEGER_MAX, &n))
                        abort();
                json_put_integer(w, name, n);
                break;
        default:
                abort(); /* no other value is canonical */
        }
}

/* Every member is one that the event has, and what must be there is there. */
static void check_members(const Content *c, Json top) {
        const MemberRule *const rules[] = { event_common_members, event_members(c->event) };
        size_t known = 0;

        for (size_t i = 0; i < ELEMENTS(rules); i++)
                for (const MemberRule *r = rules[i]; r->name; r++) {
                        bool there = json_type(content_member(c, r->name)) != JSON_NONE;

                        if (!there && !r->optional)
                                abort();
                        known += there;
                }
        if (known != json_count(top))
                abort();
}

/* What is read has that one spelling, and points into the input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_done) Buf again = BUF_UP_TO(CONTENT_MAX);
        JsonWriter w = json_writer(&again, JSON_CANONICAL);
        Span bytes = { data, size };
        Content c;
        Json top;

        if (content_parse(bytes, &c, NULL) < 0)
                return 0;
        if (c.bytes.data != data || c.bytes.size != size || c.n_tokens > RECORD_TOKENS_MAX)
                abort();
        if (c.event <= EVENT_INVALID || c.event >= _EVENT_MAX ||
                        !json_is(content_member(&c, "event"), event_name(c.event)))
                abort();
        if ((c.event == EVENT_PHASE_GENESIS) != (c.seq == 0))
                abort();
        top = (Json){ .text = c.bytes, .tokens = c.tokens, .end = (uint32_t) c.n_tokens };
        check_members(&c, top);
        write_value(&w, NULL, top);
        if (!span_equal(buf_span(&again), bytes))
                abort();
        return 0;
}
