/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/leaf.h"

/* Whether an extension is made for a system, by what it says of itself in its extension-release and
 * the system in its os-release (os-release(5), systemd-sysext(8)). */

typedef struct System {
        Buf release; /* of os-release */
        bool initrd;
} System;

#define SYSTEM_NONE ((System){ .release = { .max = EXTENSION_RELEASE_MAX } })

/* root: "" for the running system. Owner: system_done(). */
int system_read(const char *root, System *ret, Err *e) _must_check_;
void system_done(System *s);

/* 0 where it fits; -ENOEXEC where not, with the reason in e. */
int release_check(Span extension_release, LeafType type, const System *s, Err *e) _must_check_;
