/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "port/crypto.h"

/* The hashes that are linked in place of OpenSSL's, against OpenSSL's. */

enum { SIZES = 400 };

static const struct {
        HashAlg alg;
        const char *name;
} algs[] = {
        { HASH_SHA1, "SHA1" },
        { HASH_SHA256, "SHA256" },
        { HASH_SHA384, "SHA384" },
        { HASH_SHA512, "SHA512" },
};

static void fill(uint8_t bytes[SIZES]) {
        for (size_t i = 0; i < SIZES; i++)
                bytes[i] = (uint8_t) (i * i + 7 * i);
}

static void hashes_are_openssls(void **state) {
        uint8_t bytes[SIZES], expected[EVP_MAX_MD_SIZE];
        unsigned n;

        (void) state;
        fill(bytes);
        for (size_t a = 0; a < ELEMENTS(algs); a++)
                for (size_t size = 0; size < SIZES; size++) {
                        const Span parts[] = { { bytes, size / 3 }, {},
                                { bytes + size / 3, size - size / 3 } };
                        Digest d;

                        assert_int_equal(EVP_Digest(bytes, size, expected, &n,
                                                         EVP_get_digestbyname(algs[a].name), NULL),
                                        1);
                        assert_int_equal(hash_bytes(algs[a].alg, (Span){ bytes, size }, &d, NULL),
                                        0);
                        assert_int_equal(d.alg, algs[a].alg);
                        assert_int_equal(d.size, n);
                        assert_memory_equal(d.bytes, expected, n);
                        assert_int_equal(hash_parts(algs[a].alg, parts, 3, &d, NULL), 0);
                        assert_memory_equal(d.bytes, expected, n);
                }
}

static void macs_are_openssls(void **state) {
        uint8_t bytes[SIZES], expected[EVP_MAX_MD_SIZE];
        unsigned n;

        (void) state;
        fill(bytes);
        for (size_t size = 0; size < 200; size++) {
                const Span parts[] = { { bytes, size }, {}, { bytes + size, SIZES - size } };
                Digest d;

                assert_non_null(HMAC(EVP_sha256(), bytes, (int) size, bytes, SIZES, expected, &n));
                assert_int_equal(hmac_sha256((Span){ bytes, size }, parts, 3, &d, NULL), 0);
                assert_int_equal(d.alg, HASH_SHA256);
                assert_memory_equal(d.bytes, expected, n);
        }
        assert_int_equal(hmac_sha256((Span){}, NULL, 0, &(Digest){}, NULL), 0);
}

static void a_register_is_extended(void **state) {
        Digest value = digest_zero(HASH_SHA384), with = digest_zero(HASH_SHA384), expected;

        (void) state;
        with.bytes[3] = 7;
        assert_int_equal(
                        hash_parts(HASH_SHA384, (Span[]){ digest_span(&value), digest_span(&with) },
                                        2, &expected, NULL),
                        0);
        assert_int_equal(hash_extend(&value, &with, NULL), 0);
        assert_true(digest_equal(&value, &expected));
}

static void other_hashes_are_refused(void **state) {
        Digest d = digest_zero(HASH_SHA256);
        Err e = {};

        (void) state;
        assert_int_equal(hash_bytes((HashAlg) 0x0012, (Span){}, &d, &e), -EOPNOTSUPP);
        assert_non_null(strstr(e.text, "0x0012"));
        assert_int_equal(d.alg, HASH_SHA256);
}

static void random_bytes_fill_all_and_no_more(void **state) {
        uint8_t bytes[1000] = {};
        bool seen[999] = {};

        (void) state;
        for (int i = 0; i < 64; i++) {
                assert_int_equal(random_bytes(bytes, 999, NULL), 0);
                for (size_t k = 0; k < 999; k++)
                        seen[k] = seen[k] || bytes[k] != 0;
        }
        for (size_t k = 0; k < 999; k++)
                assert_true(seen[k]);
        assert_int_equal(bytes[999], 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hashes_are_openssls),
                cmocka_unit_test(macs_are_openssls),
                cmocka_unit_test(a_register_is_extended),
                cmocka_unit_test(random_bytes_fill_all_and_no_more),
                cmocka_unit_test(other_hashes_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
