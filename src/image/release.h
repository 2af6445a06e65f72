/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "image/kind.h"

/* The extension-release file, by which a host decides whether an extension is for it (UAPI.4;
 * os-release(5)). */

typedef struct ReleaseParams {
        const ImageKind *kind; /* an extension */
        const char *architecture;
        const char *const *fields; /* "KEY=VALUE" each */
        size_t n_fields;
} ReleaseParams;

/* For a tree that brings none: what was asked for; where that says nothing of it, any system, but
 * only this architecture. -EINVAL for fields that are malformed, unknown (with the nearest that is
 * not) or given twice, and for a text that release_check() would not take. */
int release_write(const ReleaseParams *p, Buf *to, Err *e) _must_check_;

/* Refuses a text that no host takes for a match (systemd's extension_release_validate(): no ID=,
 * another ARCHITECTURE=), that can be read in two ways, or that has a value no host understands
 * (image/fields.h). name is for e. The fields of p do not matter. */
int release_check(Span text, const char *name, const ReleaseParams *p, Err *e) _must_check_;
