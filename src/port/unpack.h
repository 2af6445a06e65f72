/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* Unpacks a whole zlib stream (RFC 1950, "gzip" in a squashfs) of at most room bytes. -EBADMSG
 * where it is none, is cut short, unpacks to more, or has something behind it. */
int unpack_zlib(Span packed, uint8_t *into, size_t room, size_t *ret_size, Err *e) _must_check_;
