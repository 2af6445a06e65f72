/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/crypto.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define DONE(type, name, free_it)                                                                  \
        static void name(type **p) {                                                               \
                free_it(*p);                                                                       \
        }

DONE(EVP_PKEY, pkey_done, EVP_PKEY_free)
DONE(EVP_PKEY_CTX, pkey_ctx_done, EVP_PKEY_CTX_free)
DONE(OSSL_PARAM_BLD, param_bld_done, OSSL_PARAM_BLD_free)
DONE(OSSL_PARAM, params_done, OSSL_PARAM_free)
DONE(BIGNUM, bn_done, BN_free)
DONE(BIO, bio_done, BIO_free_all)

struct Hasher {
        EVP_MD_CTX *ctx;
        HashAlg alg;
};

/* Fetched once: EVP_sha256() and its like would look the implementation up again at every use.
 * Never freed, as OpenSSL's own tables are not. */
static const EVP_MD *md_of(HashAlg alg) {
        static EVP_MD *fetched[4];
        static const HashAlg algs[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
        static const char *const names[] = { "SHA1", "SHA256", "SHA384", "SHA512" };

        for (size_t i = 0; i < ELEMENTS(algs); i++) {
                if (algs[i] != alg)
                        continue;
                if (!fetched[i])
                        fetched[i] = EVP_MD_fetch(NULL, names[i], NULL);
                return fetched[i];
        }
        return NULL;
}

static int begin(EVP_MD_CTX *ctx, HashAlg alg, Err *e) {
        const EVP_MD *md = md_of(alg);

        if (!md)
                return err_set(e, -EOPNOTSUPP, "hash algorithm 0x%04x is not one we use", alg);
        if (!ctx || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
                return err_set(e, -ENOMEM, "OpenSSL cannot start a hash");
        return 0;
}

static int finish(EVP_MD_CTX *ctx, HashAlg alg, Digest *ret, Err *e) {
        Digest d = digest_zero(alg);

        if (EVP_DigestFinal_ex(ctx, d.bytes, NULL) != 1)
                return err_set(e, -EIO, "OpenSSL cannot finish a hash");
        *ret = d;
        return 0;
}

int hasher_new(HashAlg alg, Hasher **ret, Err *e) {
        _cleanup_(hasher_done) Hasher *h = calloc(1, sizeof(*h));
        int rc;

        if (!h)
                return err_set(e, -ENOMEM, "no memory for a hash");
        h->alg = alg;
        h->ctx = EVP_MD_CTX_new();
        rc = begin(h->ctx, alg, e);
        if (rc < 0)
                return rc;
        *ret = h;
        h = NULL;
        return 0;
}

int hasher_add(Hasher *h, Span bytes, Err *e) {
        if (EVP_DigestUpdate(h->ctx, bytes.data, bytes.size) != 1)
                return err_set(e, -EIO, "OpenSSL cannot hash");
        return 0;
}

int hasher_end(Hasher *h, Digest *ret, Err *e) {
        Digest d;
        int rc;

        rc = finish(h->ctx, h->alg, &d, e);
        if (rc < 0)
                return rc;
        rc = begin(h->ctx, h->alg, e);
        if (rc < 0)
                return rc;
        *ret = d;
        return 0;
}

void hasher_done(Hasher **h) {
        if (!*h)
                return;
        EVP_MD_CTX_free((*h)->ctx);
        free(*h);
        *h = NULL;
}

int hmac_sha256(Span key, const Span *parts, size_t n_parts, Digest *ret, Err *e) {
        _cleanup_(buf_done) Buf message = BUF_UP_TO(64 * 1024);
        Digest d = digest_zero(HASH_SHA256);
        Span bytes;
        int rc;

        for (size_t i = 0; i < n_parts; i++)
                buf_bytes(&message, parts[i]);
        rc = buf_end(&message, &bytes);
        if (rc < 0 || key.size > INT32_MAX)
                return err_set(e, -E2BIG, "more than can be authenticated at once");
        if (!HMAC(EVP_sha256(), key.data ?: (const uint8_t *) "", (int) key.size,
                            bytes.data ?: (const uint8_t *) "", bytes.size, d.bytes, NULL))
                return err_set(e, -EIO, "OpenSSL cannot compute an HMAC");
        *ret = d;
        return 0;
}

static BIGNUM *number(Span s) {
        return BN_bin2bn(s.data, (int) s.size, NULL);
}

static int from_params(const char *type, OSSL_PARAM_BLD *bld, EVP_PKEY **ret) {
        _cleanup_(pkey_ctx_done) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
        _cleanup_(params_done) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);

        if (!ctx || !params)
                return -ENOMEM;
        if (EVP_PKEY_fromdata_init(ctx) != 1 ||
                        EVP_PKEY_fromdata(ctx, ret, EVP_PKEY_PUBLIC_KEY, params) != 1)
                return -EBADMSG;
        return 0;
}

static int rsa_pkey(const PublicKey *key, EVP_PKEY **ret) {
        _cleanup_(param_bld_done) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
        _cleanup_(bn_done) BIGNUM *n = number(key->modulus);
        _cleanup_(bn_done) BIGNUM *exponent = BN_new();

        if (!bld || !n || !exponent || BN_set_word(exponent, key->exponent) != 1 ||
                        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
                        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
                return -ENOMEM;
        return from_params("RSA", bld, ret);
}

static int ec_pkey(const PublicKey *key, EVP_PKEY **ret) {
        size_t size = key->type == PUBLIC_KEY_P256 ? 32 : 48;
        const char *group = key->type == PUBLIC_KEY_P256 ? "P-256" : "P-384";
        _cleanup_(param_bld_done) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
        uint8_t point[1 + 2 * 48] = { 0x04 }; /* SEC 1, section 2.3.3: uncompressed */

        if (key->x.size > size || key->y.size > size)
                return -EBADMSG;
        for (size_t i = 0; i < key->x.size; i++)
                point[1 + size - key->x.size + i] = key->x.data[i];
        for (size_t i = 0; i < key->y.size; i++)
                point[1 + 2 * size - key->y.size + i] = key->y.data[i];
        if (!bld ||
                        OSSL_PARAM_BLD_push_utf8_string(
                                        bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) != 1 ||
                        OSSL_PARAM_BLD_push_octet_string(
                                        bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size) != 1)
                return -ENOMEM;
        return from_params("EC", bld, ret);
}

static int pkey_of(const PublicKey *key, EVP_PKEY **ret) {
        return key->type == PUBLIC_KEY_RSA ? rsa_pkey(key, ret) : ec_pkey(key, ret);
}

int public_key_pem(const PublicKey *key, Buf *to, Err *e) {
        _cleanup_(pkey_done) EVP_PKEY *pkey = NULL;
        _cleanup_(bio_done) BIO *bio = BIO_new(BIO_s_mem());
        char *text = NULL;
        long n;
        int rc;

        rc = pkey_of(key, &pkey);
        if (rc < 0)
                return err_set(e, rc, "these numbers are not a public key");
        if (!bio || PEM_write_bio_PUBKEY(bio, pkey) != 1)
                return err_set(e, -ENOMEM, "OpenSSL cannot write a public key");
        n = BIO_get_mem_data(bio, &text);
        buf_bytes(to, (Span){ (const uint8_t *) text, (size_t) n });
        return 0;
}

int random_bytes(uint8_t *into, size_t size, Err *e) {
        if (RAND_bytes(into, (int) size) != 1)
                return err_set(e, -EIO, "OpenSSL has no random bytes to give");
        return 0;
}
