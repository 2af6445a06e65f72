/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/digest.h"

/* TPM 2.0 Library, Part 2, TPM_ALG_ID; the sizes are FIPS 180-4's. */
static const struct {
        uint32_t alg;
        const char *name;
        uint8_t size;
        bool proves;
} hashes[] = {
        { 0x0004, "sha1", 20, false },
        { 0x000b, "sha256", 32, true },
        { 0x000c, "sha384", 48, true },
        { 0x000d, "sha512", 64, true },
};

static void each_hash_has_its_number_name_and_size(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(hashes); i++) {
                Digest d = digest_zero((HashAlg) hashes[i].alg);

                assert_int_equal(hash_size(hashes[i].alg), hashes[i].size);
                assert_string_equal(hash_name(hashes[i].alg), hashes[i].name);
                assert_int_equal(hash_of_name(span_of(hashes[i].name)), hashes[i].alg);
                assert_int_equal(hash_proves(hashes[i].alg), hashes[i].proves);
                assert_int_equal(digest_span(&d).size, hashes[i].size);
                assert_true(span_is_zero(digest_span(&d)));
        }
}

static void what_is_not_known_has_no_name_and_no_size(void **state) {
        static const uint32_t others[] = { 0, 0x0001, 0x0012, 0x0027, 0xffff, 0x1000b };
        static const char *const names[] = { "", "SHA256", "sha-256", "sha25", "sha2560",
                "sm3_256" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                assert_int_equal(hash_size(others[i]), 0);
                assert_null(hash_name(others[i]));
                assert_false(hash_proves(others[i]));
        }
        for (size_t i = 0; i < ELEMENTS(names); i++)
                assert_int_equal(hash_of_name(span_of(names[i])), HASH_NONE);
}

static void equal_is_the_same_hash_and_the_same_bytes(void **state) {
        Digest a = digest_zero(HASH_SHA256), b = a, c = digest_zero(HASH_SHA384);

        (void) state;
        assert_true(digest_equal(&a, &b));
        b.bytes[31] = 1;
        assert_false(digest_equal(&a, &b));
        b = a;
        b.bytes[32] = 1; /* beyond its size */
        assert_true(digest_equal(&a, &b));
        assert_false(digest_equal(&a, &c));
        c.size = a.size;
        assert_false(digest_equal(&a, &c));
}

static void a_digest_takes_exactly_its_bytes(void **state) {
        uint8_t bytes[DIGEST_MAX + 1] = { 1, 2, 3 };
        Digest d = { .size = 77 };

        (void) state;
        for (size_t n = 0; n <= sizeof(bytes); n++)
                for (size_t i = 0; i < ELEMENTS(hashes); i++) {
                        bool fits = n == hashes[i].size;

                        d.size = 77;
                        assert_int_equal(digest_from((HashAlg) hashes[i].alg, (Span){ bytes, n },
                                                         &d),
                                        fits);
                        assert_int_equal(d.size, fits ? hashes[i].size : 77);
                        if (fits)
                                assert_memory_equal(d.bytes, bytes, n);
                }
        assert_false(digest_from(HASH_NONE, (Span){}, &d));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_hash_has_its_number_name_and_size),
                cmocka_unit_test(what_is_not_known_has_no_name_and_no_size),
                cmocka_unit_test(equal_is_the_same_hash_and_the_same_bytes),
                cmocka_unit_test(a_digest_takes_exactly_its_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
