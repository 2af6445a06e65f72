/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/pe.h"
#include "wire/stub.h"

/* The systemd-stub that an image is built on. Owner: uki_stub_done(). */
typedef struct UkiStub {
        Buf bytes;
        Pe pe;
        Stub mark; /* borrowed from bytes */
} UkiStub;

#define UKI_STUB_NONE ((UkiStub){ .bytes = { .max = STUB_MAX } })

/* Refuses what is no stub, one that measures nothing, and one that is an image already: it has one
 * of the sections that images have; names ends with NULL. */
int uki_stub_open(const char *path, const char *const *names, UkiStub *ret, Err *e) _must_check_;
void uki_stub_done(UkiStub *s);

/* A section's bytes in the stub, as far as they are in the file; none where there is no such
 * section. */
Span uki_stub_section(const UkiStub *s, const char *name);
