/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "port/crypto.h"
#include "wire/pe.h"

/* Writes a PE file from its first byte to its last, and computes on the way what is known of the
 * whole only: the checksum in its headers, and the Authenticode hash (Microsoft, "Windows
 * Authenticode Portable Executable Signature Format"). Owner: uki_writer_done(). */
typedef struct UkiWriter {
        int fd;           /* negative: nothing is written, only computed */
        const char *name; /* of the file, for e; borrowed */
        uint64_t at;
        uint64_t sum;
        uint32_t checksum_at;
        uint32_t directory_at; /* of the certificates; 0 where the headers have no room for it */
        Hasher *authenticode;  /* NULL: nobody asks for it */
} UkiWriter;

/* Begins with the headers, in which the checksum is 0, and so is the place of the certificates. pe:
 * where its fields are. */
int uki_writer_open(int fd, const char *name, Span headers, const Pe *pe, UkiWriter *ret,
                Err *e) _must_check_;

/* The same for who needs no hash: uki_writer_hash() gives a digest of no size. */
int uki_writer_open_unhashed(int fd, const char *name, Span headers, const Pe *pe, UkiWriter *ret,
                Err *e) _must_check_;

int uki_writer_put(UkiWriter *w, Span bytes, Err *e) _must_check_;
/* Its two halves, each of them called once for all bytes, which may run at the same time. */
int uki_writer_put_hash(UkiWriter *w, Span bytes, Err *e) _must_check_;
int uki_writer_put_file(UkiWriter *w, Span bytes, Err *e) _must_check_;
int uki_writer_zeros(UkiWriter *w, uint64_t n, Err *e) _must_check_;

/* The Authenticode hash of what was written, which ends here, at a multiple of eight bytes. */
int uki_writer_hash(UkiWriter *w, Digest *ret, Err *e) _must_check_;

/* The certificates (wire/wincert), which are no part of what is hashed. -EBADMSG where the headers
 * have no room to say where they are. */
int uki_writer_certificates(UkiWriter *w, Span table, Err *e) _must_check_;

/* Puts the checksum where it belongs, and hands it out. */
int uki_writer_end(UkiWriter *w, uint32_t *ret_checksum, Err *e) _must_check_;

void uki_writer_done(UkiWriter *w);
