/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/attest.h"
#include "support/edge.h"
#include "support/testdata.h"
#include "wire/tpmkey.h"

/* TPMT_PUBLIC and TPMT_SIGNATURE, field by field: a good one to begin with, and any field of it can
 * be spoiled. */
typedef struct Sample {
        uint16_t type, name_alg;
        uint32_t attributes;
        size_t policy;
        uint16_t symmetric, scheme, hash;
        uint16_t bits; /* RSA */
        uint32_t exponent;
        size_t modulus;
        uint8_t top;         /* its first byte */
        uint16_t curve, kdf; /* ECC */
        size_t x, y;         /* lengths */
} Sample;

static const Sample ecc = { 0x0023, 0x000b, 0x00050472, 0, 0x0010, 0x0018, 0x000b, .curve = 3,
        .kdf = 0x0010, .x = 32, .y = 32 };
static const Sample p384 = { 0x0023, 0x000b, 0x00050472, 0, 0x0010, 0x0018, 0x000c, .curve = 4,
        .kdf = 0x0010, .x = 48, .y = 48 };
static const Sample rsa = { 0x0001, 0x000b, 0x00050472, 32, 0x0010, 0x0014, 0x000b, .bits = 2048,
        .modulus = 256, .top = 0x80 };
static const Sample rsa4096 = { 0x0001, 0x000b, 0x00050472, 0, 0x0010, 0x0014, 0x000d, .bits = 4096,
        .exponent = 65539, .modulus = 512, .top = 0xff };

static void put_number(size_t size, uint8_t top, Buf *to) {
        buf_be(to, size, 2);
        if (size > 0)
                buf_byte(to, top);
        for (size_t i = 1; i < size; i++)
                buf_byte(to, (uint8_t) i);
}

static void put_sample(const Sample *s, Buf *to) {
        buf_be(to, s->type, 2);
        buf_be(to, s->name_alg, 2);
        buf_be(to, s->attributes, 4);
        put_number(s->policy, 'p', to);
        buf_be(to, s->symmetric, 2);
        buf_be(to, s->scheme, 2);
        buf_be(to, s->hash, 2);
        if (s->bits > 0) {
                buf_be(to, s->bits, 2);
                buf_be(to, s->exponent, 4);
                put_number(s->modulus, s->top, to);
        } else {
                buf_be(to, s->curve, 2);
                buf_be(to, s->kdf, 2);
                put_number(s->x, 'x', to);
                put_number(s->y, 'y', to);
        }
}

typedef union Any {
        TpmPublic public;
        TpmSignature signature;
} Any;

typedef int (*Parse)(Span bytes, Any *ret, Err *e);

static int parse_public(Span bytes, Any *ret, Err *e) {
        return tpm_public_parse(bytes, &ret->public, e);
}

static int parse_signature(Span bytes, Any *ret, Err *e) {
        return tpm_signature_parse(bytes, &ret->signature, e);
}

/* Refused, with a reason, and the result as it was before; and nothing is read past the end. */
static void assert_refused(Parse parse, Span bytes, const char *why) {
        _cleanup_(edge_done) Edge copy = edge_of(bytes);
        Any ret, before;
        Err e = {};

        memset(&ret, 0xa5, sizeof(ret));
        memset(&before, 0xa5, sizeof(before));
        assert_int_equal(parse(copy.bytes, &ret, &e), -EBADMSG);
        assert_int_equal(e.code, -EBADMSG);
        assert_memory_equal(&ret, &before, sizeof(ret));
        if (why && !strstr(e.text, why))
                fail_msg("'%s' does not say '%s'", e.text, why);
}

static void assert_refused_to_its_end(Parse parse, Buf *b) {
        Any any;
        Span s = buf_span(b);

        assert_int_equal(parse(s, &any, NULL), 0);
        for (size_t n = 0; n < s.size; n++)
                assert_refused(parse, (Span){ s.data, n }, NULL);
        buf_byte(b, 0);
        assert_refused(parse, buf_span(b), "1 stray bytes");
}

static void an_ecc_key_is_read_field_by_field(void **state) {
        const Sample *samples[] = { &ecc, &p384 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(samples); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(TPM_PUBLIC_MAX);
                const Sample *s = samples[i];
                TpmPublic p;

                put_sample(s, &b);
                assert_int_equal(tpm_public_parse(buf_span(&b), &p, NULL), 0);
                assert_int_equal(p.type, TPM_KEY_ECC);
                assert_int_equal(p.name_alg, HASH_SHA256);
                assert_int_equal(p.attributes, 0x00050472);
                assert_int_equal(p.scheme, TPM_SCHEME_ECDSA);
                assert_int_equal(p.hash, s->hash);
                assert_int_equal(p.curve, s->curve);
                assert_int_equal(p.x.size, s->x);
                assert_int_equal(p.x.data[0], 'x');
                assert_int_equal(p.y.size, s->y);
                assert_int_equal(p.y.data[0], 'y');
                assert_int_equal(p.policy.size, 0);
                assert_true(span_equal(p.bytes, buf_span(&b)));
        }
}

static void an_rsa_key_is_read_field_by_field(void **state) {
        const Sample *samples[] = { &rsa, &rsa4096 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(samples); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(TPM_PUBLIC_MAX);
                const Sample *s = samples[i];
                TpmPublic p;

                put_sample(s, &b);
                assert_int_equal(tpm_public_parse(buf_span(&b), &p, NULL), 0);
                assert_int_equal(p.type, TPM_KEY_RSA);
                assert_int_equal(p.scheme, TPM_SCHEME_RSASSA);
                assert_int_equal(p.hash, s->hash);
                assert_int_equal(p.bits, s->bits);
                assert_int_equal(p.modulus.size, s->modulus);
                assert_int_equal(p.modulus.data[0], s->top);
                assert_int_equal(p.exponent, s->exponent ? s->exponent : 65537);
                assert_int_equal(p.policy.size, s->policy);
        }
}

static void every_prefix_and_every_stray_byte_is_refused(void **state) {
        const Sample *samples[] = { &ecc, &p384, &rsa, &rsa4096 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(samples); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(TPM_PUBLIC_MAX);

                put_sample(samples[i], &b);
                assert_refused_to_its_end(parse_public, &b);
        }
}

/* One field spoiled at a time; the rest is a key that would be taken. */
#define SPOILT(sample, field, v, text)                                                             \
        {                                                                                          \
                .s = &(sample), .at = offsetof(Sample, field), .size = sizeof((sample).field),     \
                .value = (v), .why = (text)                                                        \
        }

static const struct {
        const Sample *s;
        size_t at, size;
        uint64_t value;
        const char *why;
} spoilt[] = {
        SPOILT(ecc, type, 0x0008, "neither RSA nor ECC"), /* KEYEDHASH */
        SPOILT(ecc, type, 0, "neither RSA nor ECC"),
        SPOILT(ecc, name_alg, 0x0004, "Name of another hash"),
        SPOILT(ecc, name_alg, 0x000d, "Name of another hash"),
        SPOILT(ecc, name_alg, 0x0010, "Name of another hash"),
        SPOILT(ecc, policy, 1, "a policy"),
        SPOILT(ecc, policy, 20, "a policy"),
        SPOILT(ecc, policy, 48, "a policy"),
        SPOILT(ecc, policy, 65, "above its limit"),
        SPOILT(ecc, symmetric, 0x0006, "symmetric"),
        SPOILT(rsa, symmetric, 0x0006, "symmetric"),
        SPOILT(ecc, scheme, 0x0014, "than ECDSA"),
        SPOILT(ecc, scheme, 0x0010, "than ECDSA"),  /* NULL: any scheme would do */
        SPOILT(ecc, scheme, 0x001a, "than ECDSA"),  /* ECDAA has a counter after the hash */
        SPOILT(rsa, scheme, 0x0016, "than RSASSA"), /* RSAPSS */
        SPOILT(rsa, scheme, 0x0018, "than RSASSA"),
        SPOILT(rsa, scheme, 0x0010, "than RSASSA"),
        SPOILT(ecc, hash, 0x0004, "a hash other"),
        SPOILT(rsa, hash, 0x0004, "a hash other"),
        SPOILT(ecc, hash, 0x0012, "a hash other"),
        SPOILT(ecc, hash, 0x0010, "a hash other"),
        SPOILT(ecc, curve, 0x0005, "a curve"), /* P-521 */
        SPOILT(ecc, curve, 0x0010, "a curve"), /* BN P256 */
        SPOILT(ecc, curve, 0, "a curve"),
        SPOILT(ecc, kdf, 0x0020, "key derivation"),
        SPOILT(ecc, x, 33, "above its limit"),
        SPOILT(ecc, y, 33, "above its limit"),
        SPOILT(p384, x, 49, "above its limit"),
        SPOILT(ecc, x, 0, "empty number"),
        SPOILT(ecc, y, 0, "empty number"),
        SPOILT(rsa, bits, 1024, "neither 2048"),
        SPOILT(rsa, bits, 2047, "neither 2048"),
        SPOILT(rsa, bits, 3072, "another length"),
        SPOILT(rsa, exponent, 1, "exponent"),
        SPOILT(rsa, exponent, 3, "exponent"),
        SPOILT(rsa, exponent, 65535, "exponent"),
        SPOILT(rsa, exponent, 65538, "exponent"),
        SPOILT(rsa, modulus, 0, "empty number"),
        SPOILT(rsa, modulus, 255, "another length"),
        SPOILT(rsa, modulus, 257, "another length"),
        SPOILT(rsa4096, modulus, 513, "above its limit"),
        SPOILT(rsa, top, 0x7f, "another length"),
};

static void only_what_an_attestation_key_can_be_is_taken(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(spoilt); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(2048);
                Sample s = *spoilt[i].s;
                uint8_t *field = (uint8_t *) &s + spoilt[i].at;
                uint64_t v = spoilt[i].value;

                /* the bytes of an integer of whatever width, on this machine */
                switch (spoilt[i].size) {
                case 1:
                        *field = (uint8_t) v;
                        break;
                case 2:
                        memcpy(field, &(uint16_t){ (uint16_t) v }, 2);
                        break;
                case 4:
                        memcpy(field, &(uint32_t){ (uint32_t) v }, 4);
                        break;
                default:
                        memcpy(field, &v, 8);
                }
                put_sample(&s, &b);
                assert_refused(parse_public, buf_span(&b), spoilt[i].why);
        }
}

static void attributes_are_those_of_the_specification(void **state) {
        const uint32_t known = TPM_FIXED_TPM | TPM_ST_CLEAR | TPM_FIXED_PARENT |
                               TPM_SENSITIVE_DATA_ORIGIN | TPM_USER_WITH_AUTH |
                               TPM_ADMIN_WITH_POLICY | TPM_NO_DA | 1u << 11 | TPM_RESTRICTED |
                               TPM_DECRYPT | TPM_SIGN | 1u << 19;

        (void) state;
        for (unsigned bit = 0; bit < 32; bit++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(TPM_PUBLIC_MAX);
                Sample s = ecc;
                TpmPublic p;

                s.attributes = UINT32_C(1) << bit;
                put_sample(&s, &b);
                if (known >> bit & 1) {
                        assert_int_equal(tpm_public_parse(buf_span(&b), &p, NULL), 0);
                        assert_int_equal(p.attributes, s.attributes);
                } else {
                        assert_refused(parse_public, buf_span(&b), "without a meaning");
                }
        }
}

/* Whose size in bits is that of an empty modulus. */
static void a_modulus_of_no_bytes_is_not_looked_at(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(TPM_PUBLIC_MAX);
        Sample s = rsa;

        (void) state;
        s.bits = 7;
        s.modulus = 0;
        put_sample(&s, &b);
        assert_refused(parse_public, buf_span(&b), "neither 2048");
}

static void a_key_of_unusual_size_is_refused_by_its_size(void **state) {
        static const uint8_t much[TPM_PUBLIC_MAX + 1];

        (void) state;
        assert_refused(parse_public, (Span){ much, sizeof(much) }, "1024 are the most");
}

static void put_signature(uint16_t scheme, uint16_t hash, size_t a, size_t b, Buf *to) {
        buf_be(to, scheme, 2);
        buf_be(to, hash, 2);
        put_number(a, 'a', to);
        if (b != SIZE_MAX)
                put_number(b, 'b', to);
}

static void signatures_are_read_to_their_end(void **state) {
        static const struct {
                uint16_t scheme, hash;
                size_t a, b; /* b: SIZE_MAX where there is none */
                const char *why;
        } cases[] = {
                { 0x0018, 0x000b, 32, 32, NULL },
                { 0x0018, 0x000c, 48, 47, NULL },
                { 0x0018, 0x000d, 66, 1, NULL },
                { 0x0014, 0x000b, 256, SIZE_MAX, NULL },
                { 0x0014, 0x000d, 384, SIZE_MAX, NULL },
                { 0x0014, 0x000c, 512, SIZE_MAX, NULL },
                { 0x0018, 0x0004, 32, 32, "a hash other" },
                { 0x0014, 0x0004, 256, SIZE_MAX, "a hash other" },
                { 0x0018, 0x0010, 32, 32, "a hash other" },
                { 0x0016, 0x000b, 256, SIZE_MAX, "a scheme other" },
                { 0x001a, 0x000b, 32, 32, "a scheme other" },
                { 0x0010, 0x000b, 32, 32, "a scheme other" },
                { 0x0000, 0x000b, 32, 32, "a scheme other" },
                { 0x0018, 0x000b, 0, 32, "empty number" },
                { 0x0018, 0x000b, 32, 0, "empty number" },
                { 0x0018, 0x000b, 67, 32, "above its limit" },
                { 0x0018, 0x000b, 32, 67, "above its limit" },
                { 0x0014, 0x000b, 0, SIZE_MAX, "empty number" },
                { 0x0014, 0x000b, 255, SIZE_MAX, "as long as no key" },
                { 0x0014, 0x000b, 128, SIZE_MAX, "as long as no key" },
                { 0x0014, 0x000b, 513, SIZE_MAX, "above its limit" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(2048);
                TpmSignature s;

                put_signature(cases[i].scheme, cases[i].hash, cases[i].a, cases[i].b, &b);
                if (cases[i].why) {
                        assert_refused(parse_signature, buf_span(&b), cases[i].why);
                        continue;
                }
                assert_int_equal(tpm_signature_parse(buf_span(&b), &s, NULL), 0);
                assert_int_equal(s.scheme, cases[i].scheme);
                assert_int_equal(s.hash, cases[i].hash);
                assert_int_equal(s.scheme == TPM_SCHEME_RSASSA ? s.rsa.size : s.r.size, cases[i].a);
                assert_int_equal(s.s.size, s.scheme == TPM_SCHEME_ECDSA ? cases[i].b : 0);
                assert_int_equal(s.scheme == TPM_SCHEME_RSASSA ? s.r.size : s.rsa.size, 0);
                assert_refused_to_its_end(parse_signature, &b);
        }
}

static void a_name_is_its_hash_and_the_digest(void **state) {
        Digest d = digest_zero(HASH_SHA256);
        uint8_t name[TPM_NAME_SHA256];

        (void) state;
        d.bytes[0] = 0x5a;
        d.bytes[31] = 0xa5;
        tpm_name(&d, name);
        assert_int_equal(name[0], 0x00);
        assert_int_equal(name[1], 0x0b);
        assert_memory_equal(name + 2, d.bytes, 32);
}

static void genuine_keys_and_signatures_are_taken_and_spoiled_ones_are_not(void **state) {
        static const struct {
                const char *name;
                Parse parse;
                bool good;
                size_t prefix; /* the size field of a TPM2B, which is not part of what is read */
        } files[] = {
                { "attacks/quotes/ok-ecc-all/tpmt", parse_public, true },
                { "attacks/quotes/ok-rsa-all/tpmt", parse_public, true },
                { "boots/257-clean-sysext/ak.tpmt_public", parse_public, true, 2 },
                { "boots/262-clean-first/ak.tpmt_public", parse_public, true, 2 },
                { "attacks/base/ecc.all.sig", parse_signature, true },
                { "attacks/base/rsa.all.sig", parse_signature, true },
                { "attacks/base/q384.sig", parse_signature, true },
                { "attacks/quotes/ok-rsa-multibank/sig", parse_signature, true },
                { "boots/262-clean-first/quote.sig", parse_signature, true },
                { "attacks/quotes/sha1-signature/sig", parse_signature, false },
                { "attacks/quotes/trailing-bytes-in-sig/sig", parse_signature, false },
        };
        size_t read = 0;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(files); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(TPM_PUBLIC_MAX);
                Err e = {};
                Span s;
                Any any;

                if (!testdata_read(files[i].name, &b))
                        continue;
                read++;
                s = (Span){ b.data + files[i].prefix, b.size - files[i].prefix };
                if (!files[i].good)
                        assert_refused(files[i].parse, s, NULL);
                else if (files[i].parse(s, &any, &e) < 0)
                        fail_msg("%s: %s", files[i].name, e.text);
        }
        if (read == 0)
                skip();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_ecc_key_is_read_field_by_field),
                cmocka_unit_test(an_rsa_key_is_read_field_by_field),
                cmocka_unit_test(every_prefix_and_every_stray_byte_is_refused),
                cmocka_unit_test(only_what_an_attestation_key_can_be_is_taken),
                cmocka_unit_test(attributes_are_those_of_the_specification),
                cmocka_unit_test(a_modulus_of_no_bytes_is_not_looked_at),
                cmocka_unit_test(a_key_of_unusual_size_is_refused_by_its_size),
                cmocka_unit_test(signatures_are_read_to_their_end),
                cmocka_unit_test(a_name_is_its_hash_and_the_digest),
                cmocka_unit_test(genuine_keys_and_signatures_are_taken_and_spoiled_ones_are_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
