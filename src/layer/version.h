/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/span.h"

/* Which of two versions is newer (UAPI.10, "Version Format Specification"): below 0, 0 or above 0
 * where a is older, as new, or newer than b. Bytes that no version has in it are passed over. */
int version_compare(Span a, Span b);
