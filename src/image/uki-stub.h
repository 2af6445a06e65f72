/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/pe.h"
#include "wire/stub.h"

/* The systemd-stub that an image is built on, or what stands in its place in an addon. Owner:
 * uki_stub_done(). */
typedef struct UkiStub {
        const char *path; /* borrowed, or chosen... */
        char chosen[64];  /* ...and then this */
        Buf bytes;
        Pe pe;
        Stub mark; /* borrowed from bytes */
} UkiStub;

#define UKI_STUB_NONE ((UkiStub){ .bytes = { .max = STUB_MAX } })

typedef struct UkiStubParams {
        const char *path;     /* NULL: where distributions have that of the machine */
        const char *efi_arch; /* "x64"; NULL: that of the machine */
        uint16_t machine;     /* of the kernel (a PE_MACHINE_ number); 0: this host's */
        bool has_kernel;      /* else it is to be that of addons */
} UkiStubParams;

/* Refuses what is no stub, one that is for another machine or purpose, one that measures nothing,
 * and one that is an image already: it has one of the sections that images have. ret stays where it
 * is. */
int uki_stub_open(const UkiStubParams *p, UkiStub *ret, Err *e) _must_check_;
void uki_stub_done(UkiStub *s);

/* What EFI calls the machine that it is for: "x64". */
const char *uki_stub_machine(const UkiStub *s);

/* A section's bytes in the stub, as far as they are in the file; none where there is no such
 * section. */
Span uki_stub_section(const UkiStub *s, const char *name);
