/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "image/kind.h"

/* The keys of an extension-release file that hosts act on (os-release(5), systemd-sysext(8)). */

/* Ends with NULL; in the order in which a file that is written has them. */
extern const char *const field_keys[];

/* -EBADMSG, and what is wrong, where hosts would not take this value, or pass over it because the
 * key is for the other kind of extension. Keys that no host acts on may have any. where is for e.
 */
int field_check(const ImageKind *kind, Span key, Span value, const char *where,
                Err *e) _must_check_;
