/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/openssl.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static void *crypto_malloc(size_t n, const char *file, int line) {
        (void) file, (void) line;
        return malloc(n);
}

static void *crypto_realloc(void *p, size_t n, const char *file, int line) {
        (void) file, (void) line;
        return realloc(p, n);
}

static void crypto_free(void *p, const char *file, int line) {
        (void) file, (void) line;
        free(p);
}

bool openssl_from_libc(void) {
        return CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) == 1;
}
