/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/digest.h"

static const struct {
        HashAlg alg;
        uint8_t size;
        const char *name;
} hashes[] = {
        { HASH_SHA1, 20, "sha1" },
        { HASH_SHA256, 32, "sha256" },
        { HASH_SHA384, 48, "sha384" },
        { HASH_SHA512, 64, "sha512" },
};

uint8_t hash_size(uint32_t alg) {
        for (size_t i = 0; i < ELEMENTS(hashes); i++)
                if (hashes[i].alg == alg)
                        return hashes[i].size;
        return 0;
}

bool hash_proves(uint32_t alg) {
        return hash_size(alg) > 0 && alg != HASH_SHA1;
}

const char *hash_name(uint32_t alg) {
        for (size_t i = 0; i < ELEMENTS(hashes); i++)
                if (hashes[i].alg == alg)
                        return hashes[i].name;
        return NULL;
}

HashAlg hash_of_name(Span name) {
        for (size_t i = 0; i < ELEMENTS(hashes); i++)
                if (span_is(name, hashes[i].name))
                        return hashes[i].alg;
        return HASH_NONE;
}

bool digest_from(HashAlg alg, Span bytes, Digest *ret) {
        Digest d = digest_zero(alg);

        if (d.size == 0 || bytes.size != d.size)
                return false;
        memcpy(d.bytes, bytes.data, d.size);
        *ret = d;
        return true;
}
