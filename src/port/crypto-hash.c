/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "port/crypto.h"

#include <errno.h>
#include <openssl/sha.h>

/* Hashes of what is in memory, by OpenSSL's functions of each algorithm. EVP would first read
 * openssl.cnf and set its providers up, which costs a process that hashes a few hundred bytes
 * several times what all else costs it (test/bench/measure); these need nothing, and cannot fail.
 * OpenSSL calls them deprecated since 3.0, and has not said when they go; EVP takes their place
 * then. */

typedef union State {
        SHA_CTX sha1;
        SHA256_CTX sha256;
        SHA512_CTX sha512; /* of SHA-384 too */
} State;

static bool begin(State *s, HashAlg alg) {
        switch (alg) {
        case HASH_SHA1:
                return SHA1_Init(&s->sha1) == 1;
        case HASH_SHA256:
                return SHA256_Init(&s->sha256) == 1;
        case HASH_SHA384:
                return SHA384_Init(&s->sha512) == 1;
        case HASH_SHA512:
                return SHA512_Init(&s->sha512) == 1;
        default:
                return false;
        }
}

static void add(State *s, HashAlg alg, Span bytes) {
        switch (alg) {
        case HASH_SHA1:
                (void) SHA1_Update(&s->sha1, bytes.data, bytes.size);
                break;
        case HASH_SHA256:
                (void) SHA256_Update(&s->sha256, bytes.data, bytes.size);
                break;
        default:
                (void) SHA512_Update(&s->sha512, bytes.data, bytes.size);
        }
}

static void end(State *s, HashAlg alg, uint8_t *into) {
        switch (alg) {
        case HASH_SHA1:
                (void) SHA1_Final(into, &s->sha1);
                break;
        case HASH_SHA256:
                (void) SHA256_Final(into, &s->sha256);
                break;
        case HASH_SHA384:
                (void) SHA384_Final(into, &s->sha512);
                break;
        default:
                (void) SHA512_Final(into, &s->sha512);
        }
}

int hash_parts(HashAlg alg, const Span *parts, size_t n_parts, Digest *ret, Err *e) {
        Digest d = digest_zero(alg);
        State s;

        if (!begin(&s, alg))
                return err_set(e, -EOPNOTSUPP, "hash algorithm 0x%04x is not one we use", alg);
        for (size_t i = 0; i < n_parts; i++)
                if (parts[i].size > 0)
                        add(&s, alg, parts[i]);
        end(&s, alg, d.bytes);
        *ret = d;
        return 0;
}

int hash_bytes(HashAlg alg, Span bytes, Digest *ret, Err *e) {
        return hash_parts(alg, &bytes, 1, ret, e);
}

int hash_extend(Digest *value, const Digest *with, Err *e) {
        return hash_parts(
                        value->alg, (Span[]){ digest_span(value), digest_span(with) }, 2, value, e);
}
