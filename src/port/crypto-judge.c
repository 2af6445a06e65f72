/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "port/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

/* Whether signatures hold, by OpenSSL's functions of each algorithm, for the reason that
 * crypto-hash.c gives: EVP sets providers up and looks implementations up by their names first,
 * which costs a process that checks one quote three times what the checking itself costs
 * (test/bench/verify). EVP takes their place when they go. */

enum { RSA_BITS_MAX = 4096 };

#define DONE(type, name, free_it)                                                                  \
        static void name(type **p) {                                                               \
                free_it(*p);                                                                       \
        }

DONE(RSA, rsa_done, RSA_free)
DONE(EC_KEY, ec_key_done, EC_KEY_free)
DONE(EC_POINT, ec_point_done, EC_POINT_free)
DONE(ECDSA_SIG, ecdsa_sig_done, ECDSA_SIG_free)

/* No openssl.cnf, and with it nothing that $OPENSSL_CONF would have loaded into whoever judges; no
 * words for errors, of which only the numbers are looked at. */
static void begin(void) {
        (void) OPENSSL_init_crypto(
                        OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL);
        ERR_clear_error();
}

/* What was judged bad and what could not be looked at are the same to OpenSSL, but for what it puts
 * into its queue of errors, which was empty before. There it does not always tell of memory that it
 * did not get; but of a key or a signature that is wrong it tells why, unless numbers just differ.
 */
static bool ran_out_of_memory(bool may_differ) {
        unsigned long code = ERR_get_error();
        bool found = code == 0 && !may_differ;

        for (; code != 0; code = ERR_get_error())
                found = found || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
        return found;
}

static BIGNUM *number(Span s) {
        return BN_bin2bn(s.data, (int) s.size, NULL);
}

static int no_memory(Err *e) {
        return err_set(e, -ENOMEM, "OpenSSL: no memory to check a signature");
}

/* 0 and a key; 1 for numbers that are none: nothing holds under them. */
static int rsa_key(const PublicKey *key, RSA **ret) {
        _cleanup_(rsa_done) RSA *rsa = RSA_new();
        BIGNUM *n = number(key->modulus), *exponent = BN_new();

        if (!rsa || !n || !exponent || BN_set_word(exponent, key->exponent) != 1 ||
                        RSA_set0_key(rsa, n, exponent, NULL) != 1) {
                BN_free(n);
                BN_free(exponent);
                return -ENOMEM;
        }
        if (BN_num_bits(n) > RSA_BITS_MAX)
                return 1;
        *ret = rsa;
        rsa = NULL;
        return 0;
}

static int nid_of(HashAlg alg) {
        return alg == HASH_SHA256 ? NID_sha256 : alg == HASH_SHA384 ? NID_sha384 : NID_sha512;
}

int signature_judge_rsa(const PublicKey *key, const Digest *signed_digest, Span signature,
                bool *ret_holds, Err *e) {
        _cleanup_(rsa_done) RSA *rsa = NULL;
        int rc;

        *ret_holds = false;
        if (key->type != PUBLIC_KEY_RSA || !hash_proves(signed_digest->alg))
                return 0;
        begin();
        rc = rsa_key(key, &rsa);
        if (rc != 0)
                return rc < 0 ? no_memory(e) : 0;
        rc = RSA_verify(nid_of(signed_digest->alg), signed_digest->bytes, signed_digest->size,
                        signature.data, (unsigned) signature.size, rsa);
        if (rc != 1 && ran_out_of_memory(false))
                return no_memory(e);
        *ret_holds = rc == 1;
        return 0;
}

/* Made once per process, as it takes as long as a tenth of a signature. */
static const EC_GROUP *group_of(PublicKeyType type) {
        static EC_GROUP *groups[2];
        EC_GROUP **group = &groups[type == PUBLIC_KEY_P384];

        if (!*group)
                *group = EC_GROUP_new_by_curve_name(
                                type == PUBLIC_KEY_P384 ? NID_secp384r1 : NID_X9_62_prime256v1);
        return *group;
}

/* As rsa_key(). Of a curve whose cofactor is 1 every point that is on it is a key. */
static int ec_key(const PublicKey *key, EC_KEY **ret) {
        const EC_GROUP *group = group_of(key->type);
        size_t size = key->type == PUBLIC_KEY_P256 ? 32 : 48;
        _cleanup_(ec_key_done) EC_KEY *ec = EC_KEY_new();
        _cleanup_(ec_point_done) EC_POINT *point = group ? EC_POINT_new(group) : NULL;
        uint8_t bytes[1 + 2 * 48] = { 0x04 }; /* SEC 1, section 2.3.3: uncompressed */

        if (key->x.size > size || key->y.size > size)
                return 1;
        for (size_t i = 0; i < key->x.size; i++)
                bytes[1 + size - key->x.size + i] = key->x.data[i];
        for (size_t i = 0; i < key->y.size; i++)
                bytes[1 + 2 * size - key->y.size + i] = key->y.data[i];
        if (!ec || !point || EC_KEY_set_group(ec, group) != 1)
                return -ENOMEM;
        if (EC_POINT_oct2point(group, point, bytes, 1 + 2 * size, NULL) != 1)
                return ran_out_of_memory(false) ? -ENOMEM : 1;
        if (EC_KEY_set_public_key(ec, point) != 1)
                return -ENOMEM;
        *ret = ec;
        ec = NULL;
        return 0;
}

static int ecdsa_signature(Span r, Span s, ECDSA_SIG **ret) {
        BIGNUM *rn = number(r), *sn = number(s);

        *ret = ECDSA_SIG_new();
        if (*ret && rn && sn && ECDSA_SIG_set0(*ret, rn, sn) == 1)
                return 0;
        BN_free(rn);
        BN_free(sn);
        return -ENOMEM;
}

int signature_judge_ecdsa(const PublicKey *key, const Digest *signed_digest, Span r, Span s,
                bool *ret_holds, Err *e) {
        _cleanup_(ec_key_done) EC_KEY *ec = NULL;
        _cleanup_(ecdsa_sig_done) ECDSA_SIG *both = NULL;
        int rc;

        *ret_holds = false;
        if (key->type == PUBLIC_KEY_RSA || !hash_proves(signed_digest->alg))
                return 0;
        begin();
        if (ecdsa_signature(r, s, &both) < 0)
                return no_memory(e);
        rc = ec_key(key, &ec);
        if (rc != 0)
                return rc < 0 ? no_memory(e) : 0;
        rc = ECDSA_do_verify(signed_digest->bytes, signed_digest->size, both, ec);
        if (rc != 1 && ran_out_of_memory(rc == 0))
                return no_memory(e);
        *ret_holds = rc == 1;
        return 0;
}
