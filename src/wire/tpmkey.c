/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/tpmkey.h"

#include <errno.h>

#include "base/cursor.h"

enum {
        ALG_NULL = 0x0010, /* TPM_ALG_NULL (Part 2, section 6.3) */

        /* TPMA_OBJECT bits that version 1.59 of the specification gives no meaning: 0, 3, 8, 9, 12
         * to 15, 20 to 31. A key that has one is not the key that we think it is. */
        ATTRIBUTES_RESERVED = 0xfff0f309,

        EXPONENT_DEFAULT = 65537, /* what 0 stands for (Part 2, section 12.2.3.5) */
};

static void expect_null(Cursor *c, const char *why) {
        if (cursor_u16be(c) != ALG_NULL)
                cursor_reject(c, why);
}

static HashAlg read_hash(Cursor *c) {
        uint16_t alg = cursor_u16be(c);

        if (!hash_proves(alg))
                cursor_reject(c, "a hash other than SHA-256, SHA-384 and SHA-512");
        return (HashAlg) alg;
}

static TpmScheme read_scheme(Cursor *c, TpmScheme expected) {
        if (cursor_u16be(c) != expected)
                cursor_reject(c, expected == TPM_SCHEME_RSASSA ? "another scheme than RSASSA"
                                                               : "another scheme than ECDSA");
        return expected;
}

static Span read_number(Cursor *c, size_t max) {
        Span number = cursor_prefixed(c, 2, max);

        if (number.size == 0)
                cursor_reject(c, "an empty number");
        return number;
}

static bool has_top_bit(Span number) {
        return number.size > 0 && (number.data[0] & 0x80);
}

/* TPMS_RSA_PARMS without its symmetric part, and TPM2B_PUBLIC_KEY_RSA */
static void read_rsa(Cursor *c, TpmPublic *p) {
        p->scheme = read_scheme(c, TPM_SCHEME_RSASSA);
        p->hash = read_hash(c);
        p->bits = cursor_u16be(c);
        if (p->bits != 2048 && p->bits != 3072 && p->bits != 4096)
                cursor_reject(c, "an RSA key of neither 2048, 3072 nor 4096 bits");
        p->exponent = cursor_u32be(c);
        if (p->exponent == 0)
                p->exponent = EXPONENT_DEFAULT;
        if (p->exponent < EXPONENT_DEFAULT || p->exponent % 2 == 0)
                cursor_reject(c, "an RSA exponent that is even or below 65537");
        p->modulus = read_number(c, RSA_BYTES_MAX);
        if (p->modulus.size != p->bits / 8u || !has_top_bit(p->modulus))
                cursor_reject(c, "a modulus of another length than the key's");
}

static size_t curve_bytes(TpmCurve curve) {
        switch (curve) {
        case TPM_CURVE_P256:
                return 32;
        case TPM_CURVE_P384:
                return 48;
        default:
                return 0;
        }
}

/* TPMS_ECC_PARMS without its symmetric part, and TPMS_ECC_POINT */
static void read_ecc(Cursor *c, TpmPublic *p) {
        size_t size;

        p->scheme = read_scheme(c, TPM_SCHEME_ECDSA);
        p->hash = read_hash(c);
        p->curve = (TpmCurve) cursor_u16be(c);
        size = curve_bytes(p->curve);
        if (size == 0)
                cursor_reject(c, "a curve other than P-256 and P-384");
        expect_null(c, "a key derivation scheme, where a signing key has none");
        p->x = read_number(c, size);
        p->y = read_number(c, size);
}

static void read_type(Cursor *c, TpmPublic *p) {
        switch (p->type) {
        case TPM_KEY_RSA:
                read_rsa(c, p);
                break;
        case TPM_KEY_ECC:
                read_ecc(c, p);
                break;
        default:
                cursor_reject(c, "a key of neither RSA nor ECC");
        }
}

int tpm_public_parse(Span bytes, TpmPublic *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        TpmPublic p = { .bytes = bytes };
        int rc;

        if (bytes.size > TPM_PUBLIC_MAX)
                return err_set(e, -EBADMSG, "TPM public key: %zu bytes, where %d are the most",
                                bytes.size, TPM_PUBLIC_MAX);

        p.type = (TpmKeyType) cursor_u16be(&c);
        p.name_alg = (HashAlg) cursor_u16be(&c);
        if (p.name_alg != HASH_SHA256 && p.name_alg != HASH_SHA384)
                cursor_reject(&c, "a Name of another hash than SHA-256 and SHA-384");
        p.attributes = cursor_u32be(&c);
        if (p.attributes & ATTRIBUTES_RESERVED)
                cursor_reject(&c, "object attributes without a meaning");
        p.policy = cursor_prefixed(&c, 2, DIGEST_MAX);
        if (p.policy.size != 0 && p.policy.size != hash_size(p.name_alg))
                cursor_reject(&c, "a policy that is no digest of the Name's hash");
        expect_null(&c, "a symmetric cipher, which only a storage key has");
        read_type(&c, &p);

        rc = cursor_end(&c, "TPM public key", e);
        if (rc < 0)
                return rc;

        *ret = p;
        return 0;
}

int tpm_signature_parse(Span bytes, TpmSignature *ret, Err *e) {
        Cursor c = cursor_over(bytes);
        TpmSignature s = {};
        int rc;

        s.scheme = (TpmScheme) cursor_u16be(&c);
        s.hash = read_hash(&c);
        if (s.scheme == TPM_SCHEME_RSASSA) {
                s.rsa = read_number(&c, RSA_BYTES_MAX);
                if (s.rsa.size != 256 && s.rsa.size != 384 && s.rsa.size != 512)
                        cursor_reject(&c, "an RSA signature as long as no key that is taken");
        } else if (s.scheme == TPM_SCHEME_ECDSA) {
                s.r = read_number(&c, ECC_BYTES_MAX);
                s.s = read_number(&c, ECC_BYTES_MAX);
        } else {
                cursor_reject(&c, "a scheme other than RSASSA and ECDSA");
        }

        rc = cursor_end(&c, "TPM signature", e);
        if (rc < 0)
                return rc;

        *ret = s;
        return 0;
}

void tpm_name(const Digest *of_public, uint8_t ret[TPM_NAME_SHA256]) {
        ret[0] = HASH_SHA256 >> 8;
        ret[1] = HASH_SHA256 & 0xff;
        memcpy(ret + 2, of_public->bytes, TPM_NAME_SHA256 - 2);
}
