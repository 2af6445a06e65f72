/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/hashes.h"

#include <errno.h>

#include "port/crypto.h"

static struct {
        int left; /* -1: none is to fail */
        int failed;
} wish = { .left = -1 };

void hashes_fail_after(int n) {
        wish.left = n;
        wish.failed = 0;
}

int hashes_heal(void) {
        int failed = wish.failed;

        wish.left = -1;
        wish.failed = 0;
        return failed;
}

static bool strikes(void) {
        if (wish.left < 0 || wish.left-- > 0)
                return false;
        wish.failed++;
        return true;
}

/* The linker sends each call of X to __wrap_X, and __real_X to X. */
#define WRAP(name, parameters, arguments)                                                          \
        int __real_##name parameters;                                                              \
        int __wrap_##name parameters;                                                              \
        int __wrap_##name parameters {                                                             \
                return strikes() ? err_set(e, -EIO, "hashing failed") : __real_##name arguments;   \
        }

WRAP(hash_bytes, (HashAlg alg, Span bytes, Digest *ret, Err *e), (alg, bytes, ret, e))
WRAP(hash_parts, (HashAlg alg, const Span *parts, size_t n, Digest *ret, Err *e),
                (alg, parts, n, ret, e))
WRAP(hash_extend, (Digest * value, const Digest *with, Err *e), (value, with, e))
