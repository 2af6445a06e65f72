/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* The section .sbat (shim's SBAT.md): which components are in an image, so that one of them can be
 * revoked. That of a unified kernel image names those of its stub, those of its kernel, and itself,
 * as ukify has it. */

/* stub and kernel: their sections, empty where they have none. generation: of the stub; up to 257
 * ukify ended the text with a NUL, and later ones do not, which PCR 11 shows. */
int uki_sbat(Span stub, Span kernel, unsigned generation, Buf *to, Err *e) _must_check_;
