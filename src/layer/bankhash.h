/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "wire/limits.h"

/* One stream of bytes, hashed for several PCR banks at once. */

typedef struct Banks {
        HashAlg list[BANKS_MAX]; /* ascending, each once */
        unsigned n;
} Banks;

/* A measurement's digest in each of the banks, in their order. */
typedef struct BankDigests {
        Digest list[BANKS_MAX];
} BankDigests;

/* Owner: bank_hash_done(). */
typedef struct BankHash {
        struct Hasher *list[BANKS_MAX];
        unsigned n;
} BankHash;

int bank_hash_new(const Banks *banks, BankHash *ret, Err *e) _must_check_;
int bank_hash_add(BankHash *h, Span bytes, Err *e) _must_check_;
/* As many bytes of a file that is open, from an offset on. */
int bank_hash_file(BankHash *h, int fd, const char *path, uint64_t at, uint64_t size,
                Err *e) _must_check_;
/* Hands out the digests and begins anew. */
int bank_hash_end(BankHash *h, BankDigests *ret, Err *e) _must_check_;
void bank_hash_done(BankHash *h);

/* The three steps for bytes that are at hand. */
int bank_hash_bytes(const Banks *banks, Span bytes, BankDigests *ret, Err *e) _must_check_;
