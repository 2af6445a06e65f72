/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* The extension-release file, by which a host decides whether an extension is for it (UAPI.4;
 * os-release(5)). */

/* For a tree that brings none: any system, but only this architecture. */
void release_write(const char *architecture, Buf *to);

/* Refuses a text that no host takes for a match (systemd's extension_release_validate(): no ID=,
 * another ARCHITECTURE=), or that can be read in two ways. name is for e. */
int release_check(Span text, const char *name, const char *architecture, Err *e) _must_check_;
