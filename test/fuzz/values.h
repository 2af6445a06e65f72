/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"

/* What a foreign library reads out of a JSON text, written so that equal values are equal bytes:
 * objects as {NAME VALUE...}, arrays as [VALUE...], names and strings as sSIZE:BYTES, integers as
 * iN; fractions as dN; (exact, by %a), and t, f, n. False where the library refuses the text. */
bool foreign_values(Span text, Buf *to);
