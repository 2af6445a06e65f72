/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sha1.h>
#include <sha2.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include "port/crypto.h"

/* The hashes of port/crypto.h by libmd, for programs that hash a few records and end: to be linked
 * in place of port/crypto-hash.c. libcrypto, which is forty times as large, costs such a
 * process 1.2 ms of CPU to load, more than all else it does (test/bench/measure); libmd costs
 * nothing that can be measured, and dpkg has it on every Debian. It knows no processor's
 * instructions for SHA and is six times slower on many bytes: who hashes images takes libcrypto.
 * test-crypto-md holds both against each other. */

typedef struct Functions {
        HashAlg alg;
        void (*begin)(SHA2_CTX *);
        void (*add)(SHA2_CTX *, const uint8_t *, size_t);
        void (*end)(uint8_t *, SHA2_CTX *);
} Functions;

static const Functions sha2[] = {
        { HASH_SHA256, SHA256Init, SHA256Update, SHA256Final },
        { HASH_SHA384, SHA384Init, SHA384Update, SHA384Final },
        { HASH_SHA512, SHA512Init, SHA512Update, SHA512Final },
};

static void hash_sha1(const Span *parts, size_t n_parts, uint8_t *into) {
        SHA1_CTX state;

        SHA1Init(&state);
        for (size_t i = 0; i < n_parts; i++)
                if (parts[i].size > 0)
                        SHA1Update(&state, parts[i].data, parts[i].size);
        SHA1Final(into, &state);
}

static void hash_sha2(const Functions *f, const Span *parts, size_t n_parts, uint8_t *into) {
        SHA2_CTX state;

        f->begin(&state);
        for (size_t i = 0; i < n_parts; i++)
                if (parts[i].size > 0)
                        f->add(&state, parts[i].data, parts[i].size);
        f->end(into, &state);
}

int hash_parts(HashAlg alg, const Span *parts, size_t n_parts, Digest *ret, Err *e) {
        Digest d = digest_zero(alg);

        if (d.size == 0)
                return err_set(e, -EOPNOTSUPP, "hash algorithm 0x%04x is not one we use", alg);
        if (alg == HASH_SHA1)
                hash_sha1(parts, n_parts, d.bytes);
        for (size_t i = 0; i < ELEMENTS(sha2); i++)
                if (sha2[i].alg == alg)
                        hash_sha2(&sha2[i], parts, n_parts, d.bytes);
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

/* RFC 2104, which libmd does not have. */
int hmac_sha256(Span key, const Span *parts, size_t n_parts, Digest *ret, Err *e) {
        enum { BLOCK = 64 };
        uint8_t inner[BLOCK] = {}, outer[BLOCK];
        SHA2_CTX state;
        Digest d = digest_zero(HASH_SHA256), short_key;
        int rc;

        if (key.size > BLOCK) {
                rc = hash_bytes(HASH_SHA256, key, &short_key, e);
                if (rc < 0)
                        return rc;
                key = digest_span(&short_key);
        }
        if (key.size > 0)
                memcpy(inner, key.data, key.size);
        for (size_t i = 0; i < BLOCK; i++) {
                outer[i] = inner[i] ^ 0x5c;
                inner[i] ^= 0x36;
        }
        SHA256Init(&state);
        SHA256Update(&state, inner, BLOCK);
        for (size_t i = 0; i < n_parts; i++)
                if (parts[i].size > 0)
                        SHA256Update(&state, parts[i].data, parts[i].size);
        SHA256Final(d.bytes, &state);
        return hash_parts(HASH_SHA256, (Span[]){ { outer, BLOCK }, digest_span(&d) }, 2, ret, e);
}

/* The kernel's own: libmd has none, and few are asked for. */
int random_bytes(uint8_t *into, size_t size, Err *e) {
        while (size > 0) {
                ssize_t n = getrandom(into, size, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return err_set(e, -EIO, "the kernel has no random bytes to give: %s",
                                        strerror(errno));
                into += n;
                size -= (size_t) n;
        }
        return 0;
}
