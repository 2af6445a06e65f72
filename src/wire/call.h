/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/json.h"
#include "wire/limits.h"

/* A method call as varlink has it (varlink.org), without its NUL: an object with the method's name,
 * its parameters, and whether an answer is wanted.
 *
 *     {"method":"org.avouch.Measure.Record","parameters":{"event":"note.text","members":{"text":"..."}}}
 *
 * Strict: any other member is refused, and so is what is not of its type. Who calls may be anybody.
 */
typedef struct Call {
        Span bytes;  /* borrowed */
        Span method; /* letters, digits, '.' and '-' only */
        bool oneway; /* no answer is wanted */
        JsonToken tokens[CALL_TOKENS_MAX];
        size_t n_tokens;
} Call;

int call_parse(Span bytes, Call *ret, Err *e) _must_check_;

/* One of the parameters; JSON_NONE where it is absent. Borrows from c. */
Json call_parameter(const Call *c, const char *name);

/* True where the call has no parameters but these; NULL ends them. */
bool call_has_only(const Call *c, const char *const *names);

/* {"error":"NAME","parameters":{"KEY":"TEXT"}}; key may be NULL. text is foreign. */
void call_write_error(Buf *to, const char *error, const char *key, Span text);
