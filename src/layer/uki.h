/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/pe.h"

/* A finished unified kernel image (UAPI.5): what is in it, and what its stub will measure of it. */

/* Owner: uki_done(). Names and texts in it are foreign. */
typedef struct Uki {
        int fd;
        const char *path; /* borrowed */
        Pe pe;
        const char *architecture;                /* "x86-64"; a constant */
        unsigned stub_generation;                /* 257; 0 where it is no systemd-stub */
        char stub_version[STUB_VERSION_MAX + 1]; /* "257.13-1~deb13u1"; empty then */
        bool has_profiles;
} Uki;

#define UKI_NONE ((Uki){ .fd = -1 })

/* Whether a file that begins so is a PE file. */
bool uki_matches(Span head);

/* -ENODATA where the file is no PE file, or one that is no unified kernel image; -EBADMSG where it
 * contradicts itself. */
int uki_open(const char *path, Uki *ret, Err *e) _must_check_;

/* The same for a file that is open; the descriptor stays the caller's where this fails. */
int uki_open_fd(int fd, const char *path, Uki *ret, Err *e) _must_check_;

void uki_done(Uki *u);

/* The text in a section, up to b's limit, without the NULs behind it; nothing where there is no
 * such section. */
int uki_text(const Uki *u, const char *name, Buf *b, Err *e) _must_check_;

/* Whether the stub is one that measures this section. */
bool uki_measures(const Uki *u, const char *name);

typedef struct UkiDigests {
        unsigned n_banks;
        HashAlg banks[BANKS_MAX];
        Digest authenticode;                         /* SHA-256 */
        Digest sections[PE_SECTIONS_MAX][BANKS_MAX]; /* of each, as the stub finds it in memory */
} UkiDigests;

/* Reads the file once, for the hashes of all its sections in these banks. -EBADMSG where it has
 * bytes that the Authenticode hash does not cover. */
int uki_digest(const Uki *u, const HashAlg *banks, unsigned n_banks, UkiDigests *ret,
                Err *e) _must_check_;

/* PCR 11 as the stub leaves it, in the n-th of the banks. -EOPNOTSUPP where that is not known from
 * the image alone: several profiles, device trees that the machine chooses from, no systemd-stub or
 * one that is too old. */
int uki_pcr11(const Uki *u, const UkiDigests *d, unsigned n, Digest *ret, Err *e) _must_check_;
