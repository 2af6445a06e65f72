/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* Unpacks a whole stream of at most room bytes. -EBADMSG where it is none, is cut short, unpacks to
 * more, asks for more memory than that takes, or has something behind it. */
typedef int Unpack(Span packed, uint8_t *into, size_t room, size_t *ret_size, Err *e);

/* RFC 1950 ("gzip" in a squashfs), "The .xz File Format" 1.0.4, RFC 8878. */
Unpack unpack_zlib _must_check_;
Unpack unpack_xz _must_check_;
Unpack unpack_zstd _must_check_;
