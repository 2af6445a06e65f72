/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "base/text.h"
#include "port/crypto.h"

static bool reads_as(const Digest *d, const char *hex) {
        uint8_t bytes[DIGEST_MAX];

        return text_unhex(span_of(hex), bytes, d->size) &&
               span_equal(digest_span(d), (Span){ bytes, d->size });
}

/* FIPS 180-4 examples, "abc" */
static void hashes_are_the_published_ones(void **state) {
        static const struct {
                HashAlg alg;
                const char *hex;
        } cases[] = {
                { HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
                { HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
                { HASH_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                               "8086072ba1e7cc2358baeca134c825a7" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Digest d;

                assert_int_equal(hash_parts(cases[i].alg,
                                                 (Span[]){ SPAN_LITERAL("a"), SPAN_LITERAL("bc") },
                                                 2, &d, NULL),
                                0);
                assert_true(reads_as(&d, cases[i].hex));
        }
}

static void pieces_hash_as_the_whole(void **state) {
        _cleanup_(hasher_done) Hasher *h = NULL;
        Digest whole, pieces;

        (void) state;
        assert_int_equal(hash_bytes(HASH_SHA256, SPAN_LITERAL("layers"), &whole, NULL), 0);
        assert_int_equal(hasher_new(HASH_SHA256, &h, NULL), 0);
        for (int again = 0; again < 2; again++) {
                assert_int_equal(hasher_add(h, SPAN_LITERAL("lay"), NULL), 0);
                assert_int_equal(hasher_add(h, SPAN_LITERAL("ers"), NULL), 0);
                assert_int_equal(hasher_end(h, &pieces, NULL), 0);
                assert_true(digest_equal(&whole, &pieces));
        }
}

static void an_unknown_hash_is_refused(void **state) {
        Digest d = { .size = 77 };

        (void) state;
        assert_true(hash_bytes((HashAlg) 0x12, SPAN_LITERAL("x"), &d, NULL) < 0);
        assert_int_equal(d.size, 77);
}

/* RFC 4231, test case 2 */
static void the_hmac_is_the_published_one(void **state) {
        Digest d;

        (void) state;
        assert_int_equal(hmac_sha256(SPAN_LITERAL("Jefe"),
                                         (Span[]){ SPAN_LITERAL("what do ya want "),
                                                         SPAN_LITERAL("for nothing?") },
                                         2, &d, NULL),
                        0);
        assert_true(reads_as(
                        &d, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

/* RFC 6979, A.2.5: P-256, SHA-256, message "sample" */
static void a_published_ecdsa_signature_holds_and_its_neighbours_do_not(void **state) {
        uint8_t x[32], y[32], r[32], s[32];
        PublicKey key = { .type = PUBLIC_KEY_P256, .x = { x, 32 }, .y = { y, 32 } };
        bool holds = false;
        Digest d;

        (void) state;
        assert_true(text_unhex(
                        SPAN_LITERAL("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
                        x, 32));
        assert_true(text_unhex(
                        SPAN_LITERAL("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
                        y, 32));
        assert_true(text_unhex(
                        SPAN_LITERAL("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
                        r, 32));
        assert_true(text_unhex(
                        SPAN_LITERAL("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
                        s, 32));
        assert_int_equal(hash_bytes(HASH_SHA256, SPAN_LITERAL("sample"), &d, NULL), 0);
        assert_int_equal(signature_judge_ecdsa(
                                         &key, &d, (Span){ r, 32 }, (Span){ s, 32 }, &holds, NULL),
                        0);
        assert_true(holds);

        assert_int_equal(signature_judge_ecdsa(
                                         &key, &d, (Span){ s, 32 }, (Span){ r, 32 }, &holds, NULL),
                        0);
        assert_false(holds);
        d.bytes[0] ^= 1;
        assert_int_equal(signature_judge_ecdsa(
                                         &key, &d, (Span){ r, 32 }, (Span){ s, 32 }, &holds, NULL),
                        0);
        assert_false(holds);
        assert_int_equal(signature_judge_rsa(&key, &d, (Span){ r, 32 }, &holds, NULL), 0);
        assert_false(holds);
        x[0] ^= 1; /* not on the curve any more */
        holds = true;
        assert_int_equal(signature_judge_ecdsa(
                                         &key, &d, (Span){ r, 32 }, (Span){ s, 32 }, &holds, NULL),
                        0);
        assert_false(holds);
}

static void extending_is_hashing_old_and_new(void **state) {
        Digest value = digest_zero(HASH_SHA256), with = digest_zero(HASH_SHA256);

        (void) state;
        assert_int_equal(hash_extend(&value, &with, NULL), 0);
        assert_true(reads_as(&value,
                        "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hashes_are_the_published_ones),
                cmocka_unit_test(pieces_hash_as_the_whole),
                cmocka_unit_test(an_unknown_hash_is_refused),
                cmocka_unit_test(the_hmac_is_the_published_one),
                cmocka_unit_test(a_published_ecdsa_signature_holds_and_its_neighbours_do_not),
                cmocka_unit_test(extending_is_hashing_old_and_new),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
