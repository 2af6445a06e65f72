/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/pe.h"
#include "wire/stub.h"

/* A finished unified kernel image (UAPI.5): what is in it, and what its stub will measure of it. */

/* Owner: uki_done(). Names and texts in it are foreign. */
typedef struct Uki {
        int fd;
        const char *path; /* borrowed */
        uint64_t at;      /* where it begins in the file: 0, but for the kernel inside another */
        Pe pe;
        const char *architecture;                /* "x86-64"; a constant */
        unsigned stub_generation;                /* 257; 0 where it is no systemd-stub */
        char stub_version[STUB_VERSION_MAX + 1]; /* "257.13-1~deb13u1"; empty then */
        unsigned n_profiles;                     /* 0: there is none to choose from */
} Uki;

#define UKI_NONE ((Uki){ .fd = -1 })

/* Whether a file that begins so is a PE file. */
bool uki_matches(Span head);

/* -ENODATA where the file is no PE file, or one that is no unified kernel image; -EBADMSG where it
 * contradicts itself. */
int uki_open(const char *path, Uki *ret, Err *e) _must_check_;

/* The same for a file that is open; the descriptor stays the caller's where this fails. */
int uki_open_fd(int fd, const char *path, Uki *ret, Err *e) _must_check_;

/* An addon (systemd-stub(7)): an image without a kernel, which a stub takes things from. -ENODATA
 * where the file is no PE file, or one that can be started. */
int uki_open_addon(const char *path, Uki *ret, Err *e) _must_check_;

/* The kernel in section .linux, an image of its own; it borrows u's descriptor, and is not done.
 * -ENODATA where firmware could not load it. */
int uki_kernel(const Uki *u, Uki *ret, Err *e) _must_check_;

void uki_done(Uki *u);

/* The text in a section, up to b's limit, without the NULs behind it; nothing where there is no
 * such section. */
int uki_text(const Uki *u, const char *name, Buf *b, Err *e) _must_check_;
int uki_section_text(const Uki *u, const PeSection *s, Buf *b, Err *e) _must_check_;

/* The profile that a section belongs to; -1: to the image itself, so to all of them. */
int uki_profile_of(const Uki *u, const PeSection *s);

/* The section of that name that is used when this profile is started: the profile's own, or else
 * the one that stands before all profiles. NULL where there is none. */
const PeSection *uki_section(const Uki *u, unsigned profile, const char *name);

/* The bytes of a section as they lie in memory, up to b's limit. */
int uki_bytes(const Uki *u, const PeSection *s, Buf *b, Err *e) _must_check_;

/* Whether the stub is one that measures this section. */
bool uki_measures(const Uki *u, const char *name);

typedef struct UkiDigests {
        unsigned n_banks;
        HashAlg banks[BANKS_MAX];
        Digest authenticode;                         /* SHA-256 */
        Digest images[BANKS_MAX];                    /* the same in each, as firmware measures it */
        Digest sections[PE_SECTIONS_MAX][BANKS_MAX]; /* of each, as the stub finds it in memory */
} UkiDigests;

/* Reads the file once, for the hashes of all its sections in these banks. -EBADMSG where it has
 * bytes that the Authenticode hash does not cover. */
int uki_digest(const Uki *u, const HashAlg *banks, unsigned n_banks, UkiDigests *ret,
                Err *e) _must_check_;

/* The sections that the stub measures, in its order, when it starts the n-th profile (0 where there
 * is none to choose from). -EINVAL where there is no such profile; -EOPNOTSUPP where it cannot be
 * known from the image alone: device trees that the machine chooses from, no systemd-stub or one
 * that is too old. */
typedef struct UkiMeasured {
        const PeSection *list[STUB_SECTIONS_MAX];
        size_t n;
} UkiMeasured;

int uki_measured(const Uki *u, unsigned profile, UkiMeasured *ret, Err *e) _must_check_;

/* PCR 11 as the stub leaves it, in the n-th of the banks; fails as uki_measured() does. */
int uki_pcr11(const Uki *u, const UkiDigests *d, unsigned profile, unsigned n, Digest *ret,
                Err *e) _must_check_;
