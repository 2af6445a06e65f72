/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Bytes that nobody else is to see: in memory that is taken once, never grows and so leaves no copy
 * behind, and is wiped before it is given back. */
typedef struct Secret {
        uint8_t *data;
        size_t size, room;
} Secret;

/* Room for so many bytes; none is there yet. Owner: secret_done(), which may be called twice. */
int secret_new(size_t room, Secret *ret, Err *e) _must_check_;
void secret_done(Secret *s);

static inline Span secret_span(const Secret *s) {
        return (Span){ s->data, s->size };
}

/* Takes the bytes over in place of what was there; -E2BIG where there is no room for them. */
int secret_set(Secret *s, Span bytes, Err *e) _must_check_;

/* Reads a file, from where it stands to its end; -E2BIG where it is larger than the room. */
int secret_read_fd(int fd, const char *name, Secret *s, Err *e) _must_check_;
