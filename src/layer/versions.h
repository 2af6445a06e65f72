/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "layer/version.h"
#include "wire/leaf.h"

/* Chooses out of a folder NAME.raw.v (UAPI.10, "File Hierarchy for Versioned Resources"): of the
 * files NAME_VERSION.raw, NAME_VERSION_ARCHITECTURE.raw, either with +LEFT or +LEFT-DONE tries,
 * that are for this architecture, the newest; one that has no try left only where all have none.
 * ret is empty where there is none. */
int versions_choose(const char *folder, const char *name, LeafType type,
                char ret[static NAME_TEXT_MAX + 1], Err *e) _must_check_;
