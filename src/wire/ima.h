/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/err.h"
#include "wire/limits.h"

/* The list of what IMA, Linux' integrity subsystem, measured into PCR 10: the kernel's
 * /sys/kernel/security/ima/binary_runtime_measurements (ima_measurements_show() in
 * security/integrity/ima/ima_fs.c), entry behind entry, little-endian:
 *
 *     u32 PCR, SHA-1 of the data, u32 length, name of the template, u32 length, data
 *
 * A template says which fields are in the data (Documentation/security/IMA-templates.rst), each
 * behind its length; the oldest, "ima", has no length of the data and none before its digest.
 * Fields of templates that nobody knows are handed out as they are. */

typedef struct ImaEntry {
        size_t number; /* from 0 */
        size_t at;     /* byte at which it begins */
        uint32_t pcr;
        bool violation; /* there is no digest: registers are extended by 0xff in every byte */
        Span sha1;      /* as the list has it */
        Span template;
        /* what each bank's hash is over: one behind the other */
        Span measured[3];
        /* What the data say, in templates that are known; empty in others. */
        bool known;
        Span alg, digest; /* "sha256", and the digest of what was measured */
        Span name;        /* of the file, or of what else was measured */
} ImaEntry;

enum { IMA_MEASURED_PARTS = 3 };

typedef struct ImaLog {
        Span bytes;
        size_t at, n_entries;
} ImaLog;

ImaLog ima_over(Span bytes);

/* 1 and the next entry, 0 at the end, -EBADMSG; where it fails, the log stands where it stood.
 * Borrows from the log's bytes. */
int ima_next(ImaLog *log, ImaEntry *ret, Err *e) _must_check_;

/* True for what looks like the beginning of such a list. */
bool ima_matches(Span head);
