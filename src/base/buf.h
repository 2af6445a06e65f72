/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"
#include "base/span.h"

/* Bytes under construction, up to a limit that is named where the Buf is made. Failure (the limit,
 * or no memory) is sticky, as in Cursor: write straight through, then ask buf_end() once. */
typedef struct Buf {
        uint8_t *data;
        size_t size, room, max;
        int failed; /* negative errno */
} Buf;

#define BUF_UP_TO(limit) ((Buf){ .max = (limit) })

/* Frees the bytes; the Buf can be used again, with the same limit. */
void buf_done(Buf *b);

void buf_bytes(Buf *b, Span s);
void buf_string(Buf *b, const char *s);
void buf_byte(Buf *b, uint8_t v);
void buf_be(Buf *b, uint64_t v, unsigned n_bytes);
void buf_le(Buf *b, uint64_t v, unsigned n_bytes);
void buf_zeros(Buf *b, size_t n);
void buf_printf(Buf *b, const char *format, ...) _printf_(2, 3);

/* Room for n more bytes that the caller fills at once; NULL where the Buf has failed. Valid until
 * the Buf is written again. */
uint8_t *buf_room(Buf *b, size_t n);

/* Fails, for a reason of the caller's: the first one stays. Not where code is no error. */
void buf_fail(Buf *b, int code);

/* What was written; negative errno (-E2BIG, -ENOMEM) where something did not fit. Borrowed: valid
 * until the Buf is written again or done. */
int buf_end(const Buf *b, Span *ret) _must_check_;

/* What was written so far, for a Buf that is known not to have failed; empty for one that has. */
Span buf_span(const Buf *b);
