/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* The section .sbat (shim's SBAT.md): which components are in an image, so that one of them can be
 * revoked. That of a unified kernel image names those of its stub, those of its kernel, and itself,
 * as ukify has it. */

#define UKI_SBAT_IMAGE                                                                             \
        SPAN_LITERAL("sbat,1,\n"                                                                   \
                     "uki,1,UKI,uki,1,"                                                            \
                     "https://uapi-group.org/specifications/specs/unified_kernel_image/\n")
#define UKI_SBAT_ADDON                                                                             \
        SPAN_LITERAL("sbat,1,\n"                                                                   \
                     "uki-addon,1,UKI Addon,addon,1,"                                              \
                     "https://www.freedesktop.org/software/systemd/man/latest/systemd-stub.html\n")

void uki_sbat_begin(Buf *to);

/* All lines of another one but its first, which says that it is one; nothing of an empty one. what
 * is for e. */
int uki_sbat_add(const char *what, Span text, Buf *to, Err *e) _must_check_;

/* generation: of the stub; up to 257 ukify ended the text with a NUL, and later ones do not, which
 * PCR 11 shows. */
int uki_sbat_end(Buf *to, unsigned generation, Err *e) _must_check_;
