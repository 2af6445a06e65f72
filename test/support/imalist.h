/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/pcr.h"

/* What Linux' IMA writes into its list, and the register that it extends. Shares no code with
 * wire/ima and verify/. */

typedef struct ImaFile {
        const char *template; /* "ima-ng" */
        const char *digest;   /* "sha256" or, in a template of version 2, "verity:sha256" */
        const char *name;
        Span behind[7]; /* the template's other fields */
        size_t n_behind;
        bool violation;
} ImaFile;

enum { IMALIST_DIGEST = 32 };

/* The data of its entry, as they are hashed; the digest in it is 32 bytes of 0xd1, and of a
 * violation 0. */
void imalist_data(const ImaFile *f, Buf *to);

/* An entry of PCR 10, whose SHA-1 is 20 bytes of 0x51 (nobody looks), and of a violation 0. */
void imalist_add(const ImaFile *f, Buf *to);

/* An entry of whatever template and data. */
void imalist_add_data(uint32_t pcr, const char *template, bool violation, Span data, Buf *to);

/* What the kernel does to PCR 10 in each bank; padded: as before Linux 5.8. */
void imalist_extend(const ImaFile *f, bool padded, PcrValues *values);
