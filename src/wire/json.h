/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/limits.h"

/* JSON (RFC 8259), read in one pass into tokens that the caller provides, without allocation.
 *
 * Stricter than any library, the same on every distribution: valid UTF-8, no control characters in
 * strings, no lone surrogates, no \u0000, no name twice in one object, no escapes in names, no
 * bytes after the value, integers within +-(2^53 - 1) and no -0, fractions of at most 32 characters
 * and exponents of at most two digits, nesting bounded. Three forms are read: */
typedef enum JsonForm {
        JSON_STRICT,    /* any spelling that RFC 8259 allows, within the rules above */
        JSON_CANONICAL, /* avouch-log-format(5): the one spelling that a value has: no blanks, names
                         * sorted bytewise, escapes only \" and \\, no 0x7f, no true, false, null,
                         * fractions */
        JSON_FOREIGN,   /* strict, for what others write: numbers of up to 64 bits without a sign
                         * are carried (json_u64), and nesting goes down to JSON_FOREIGN_DEPTH_MAX */
} JsonForm;

/* I-JSON (RFC 7493, section 2.2): what every reader of JSON holds exactly. */
static const int64_t JSON_INTEGER_MAX = (INT64_C(1) << 53) - 1;

typedef enum JsonType {
        JSON_NONE, /* no such value; what looking up an absent member gives */
        JSON_OBJECT,
        JSON_ARRAY,
        JSON_STRING,
        JSON_INTEGER,
        JSON_NUMBER, /* a fraction or an exponent: carried, not evaluated */
        JSON_TRUE,
        JSON_FALSE,
        JSON_NULL,
} JsonType;

/* One value, or one name. Names of an object's members stand as JSON_STRING tokens before their
 * values. The fields are the business of json.c and json-value.c. */
typedef struct JsonToken {
        uint32_t at, size; /* where in the text; a string without its quotes */
        uint32_t next;     /* index of the token after this one's whole subtree */
        JsonType type;
        bool escaped; /* a string that has a backslash in it */
} JsonToken;

/* A value: where it stands, in which text. By value; borrows the text and the tokens. The zeroed
 * Json is JSON_NONE, and so is every value reached from it. */
typedef struct Json {
        Span text;
        const JsonToken *tokens;
        uint32_t index, end; /* end: one past the last token */
} Json;

/* Reads the whole text. -EBADMSG with what and the offset in e; -E2BIG where the tokens do not
 * suffice. Takes time quadratic in the names of one object, so the tokens are that bound too. */
int json_parse(Span text, JsonForm form, JsonToken *tokens, size_t n_tokens, const char *what,
                Json *ret, Err *e) _must_check_;

JsonType json_type(Json v);

/* The value of a member; JSON_NONE where there is none or v is no object. */
Json json_member(Json v, const char *name);

/* Walking: the first element of an array, or the first member's *name* of an object; then for each
 * the next. For a name, json_value() is its value. JSON_NONE at the end. */
Json json_first(Json container);
Json json_next(Json container, Json element);
Json json_value(Json name);

/* How many members or elements. */
size_t json_count(Json container);

/* True where v is an object that has each of these members, and no other. The names differ; NULL
 * ends them. */
bool json_has_only(Json v, const char *const *names);

/* True where v is an integer between min and max. */
bool json_integer(Json v, int64_t min, int64_t max, int64_t *ret) _must_check_;

/* True where v is a number of up to 64 bits without sign, fraction and exponent. */
bool json_u64(Json v, uint64_t *ret) _must_check_;

/* The bytes of a value as they stand in the text; a string without its quotes, escapes in it. */
Span json_raw(Json v);

/* True where v is a string of exactly these characters (escapes resolved; s has none to escape). */
bool json_is(Json v, const char *s);

/* A string's characters with escapes resolved, into to; false for any other type, and where to has
 * failed. */
bool json_text(Json v, Buf *to) _must_check_;

/* A string that holds exactly size bytes in lower-case hex; false otherwise, with into in an
 * undefined state. */
bool json_hex(Json v, uint8_t *into, size_t size) _must_check_;

/* A string that is base64url without padding, decoded into to; false otherwise, with to as it was,
 * and where to has failed. */
bool json_base64url(Json v, Buf *to) _must_check_;

/* -EBADMSG and "WHAT: malformed at byte N of SIZE: WHY", for a value that is JSON and still not
 * what belongs where it stands; N is where it does. */
int json_reject(Json v, const char *what, const char *why, Err *e);

/* Writes JSON, without blanks. Names must come sorted where the form is canonical (asserted).
 * Strings are escaped as JSON demands; what must not stand in a record (control characters, invalid
 * UTF-8) has to go through text_escape() first, and is asserted. */
typedef struct JsonWriter {
        Buf *to;
        JsonForm form;
        unsigned depth;
        bool begun[JSON_DEPTH_MAX + 1];     /* something stands before at this depth */
        bool object[JSON_DEPTH_MAX + 1];    /* it is an object that is open there */
        size_t last_at[JSON_DEPTH_MAX + 1]; /* where its last name stands in to */
        size_t last_size[JSON_DEPTH_MAX + 1];
} JsonWriter;

JsonWriter json_writer(Buf *to, JsonForm form);

/* name is NULL for an array's element and for the outermost value. */
void json_put_object(JsonWriter *w, const char *name);
void json_put_array(JsonWriter *w, const char *name);
void json_put_end(JsonWriter *w); /* of the innermost object or array */
void json_put_span(JsonWriter *w, const char *name, Span characters);
void json_put_string(JsonWriter *w, const char *name, const char *characters);
void json_put_foreign(JsonWriter *w, const char *name, Span bytes); /* through text_escape() */
void json_put_hex(JsonWriter *w, const char *name, Span bytes);
void json_put_base64url(JsonWriter *w, const char *name, Span bytes);
void json_put_integer(JsonWriter *w, const char *name, int64_t v);
