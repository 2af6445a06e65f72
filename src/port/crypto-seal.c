/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/crypto-seal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "base/file.h"
#include "port/key.h"

struct SigningKey {
        EVP_PKEY *pkey;
};

#define DONE(type, name, free_it)                                                                  \
        static void name(type **p) {                                                               \
                free_it(*p);                                                                       \
        }

DONE(EVP_CIPHER_CTX, cipher_done, EVP_CIPHER_CTX_free)
DONE(EVP_PKEY, pkey_done, EVP_PKEY_free)
DONE(EVP_PKEY_CTX, pkey_ctx_done, EVP_PKEY_CTX_free)
DONE(ECDSA_SIG, ecdsa_sig_done, ECDSA_SIG_free)
DONE(BIO, bio_done, BIO_free_all)

int gcm_seal(Span key, const uint8_t nonce[static GCM_NONCE], Span also_bound, Span plain,
                uint8_t *into, uint8_t tag[static GCM_TAG], Err *e) {
        _cleanup_(cipher_done) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        int n = 0, last = 0;

        assert(key.size == GCM_KEY && plain.size <= INT32_MAX && also_bound.size <= INT32_MAX);
        if (!ctx || EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key.data, nonce) != 1 ||
                        EVP_EncryptUpdate(ctx, NULL, &n, also_bound.data, (int) also_bound.size) !=
                                        1 ||
                        EVP_EncryptUpdate(ctx, into, &n, plain.data, (int) plain.size) != 1 ||
                        EVP_EncryptFinal_ex(ctx, into + n, &last) != 1 ||
                        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, tag) != 1)
                return err_set(e, -ENOMEM, "OpenSSL cannot encrypt");
        return 0;
}

int gcm_open(Span key, const uint8_t nonce[static GCM_NONCE], Span also_bound, Span sealed,
                const uint8_t tag[static GCM_TAG], Secret *ret, Err *e) {
        _cleanup_(cipher_done) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        uint8_t expected[GCM_TAG];
        int n = 0, last = 0;

        assert(key.size == GCM_KEY && also_bound.size <= INT32_MAX);
        ret->size = 0;
        if (sealed.size > ret->room || sealed.size > INT32_MAX)
                return err_set(e, -E2BIG, "more than %zu bytes are sealed", ret->room);
        memcpy(expected, tag, sizeof(expected));
        if (!ctx || EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key.data, nonce) != 1 ||
                        EVP_DecryptUpdate(ctx, NULL, &n, also_bound.data, (int) also_bound.size) !=
                                        1 ||
                        EVP_DecryptUpdate(ctx, ret->data, &n, sealed.data, (int) sealed.size) !=
                                        1 ||
                        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, expected) != 1)
                return err_set(e, -ENOMEM, "OpenSSL cannot decrypt");
        if (EVP_DecryptFinal_ex(ctx, ret->data + n, &last) != 1) {
                explicit_bzero(ret->data, ret->room);
                return err_set(e, -EBADMSG, "what is sealed was changed");
        }
        ret->size = sealed.size;
        return 0;
}

/* Nobody is asked for a password. */
static int no_password(char *into, int size, int writing, void *unused) {
        (void) into, (void) size, (void) writing, (void) unused;
        return -1;
}

static int take_number(const EVP_PKEY *pkey, const char *which, uint8_t into[static P256_NUMBER]) {
        BIGNUM *n = NULL;
        int size;

        if (EVP_PKEY_get_bn_param(pkey, which, &n) != 1)
                return -EBADMSG;
        size = BN_bn2binpad(n, into, P256_NUMBER);
        BN_free(n);
        return size == P256_NUMBER ? 0 : -EBADMSG;
}

static int take_point(const EVP_PKEY *pkey, const char *path, P256Point *ret, Err *e) {
        char group[32] = "";
        P256Point p;

        if (!EVP_PKEY_is_a(pkey, "EC") ||
                        EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group,
                                        sizeof(group), NULL) != 1 ||
                        strcmp(group, "prime256v1") != 0 ||
                        take_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, p.x) < 0 ||
                        take_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, p.y) < 0)
                return err_set(e, -EBADMSG,
                                "%s: not a P-256 key (openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)",
                                path);
        *ret = p;
        return 0;
}

static int read_private(Span pem, const char *path, SigningKey **ret, P256Point *public, Err *e) {
        _cleanup_(bio_done) BIO *bio = BIO_new_mem_buf(pem.data, (int) pem.size);
        _cleanup_(pkey_done) EVP_PKEY *pkey = NULL;
        SigningKey *k;
        int rc;

        if (bio)
                pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
        if (!pkey)
                return err_set(e, -EBADMSG, "%s: no private key in PEM without a password", path);
        rc = take_point(pkey, path, public, e);
        if (rc < 0)
                return rc;
        k = calloc(1, sizeof(*k));
        if (!k)
                return err_set(e, -ENOMEM, "no memory for a key");
        k->pkey = pkey;
        pkey = NULL;
        *ret = k;
        return 0;
}

int signing_key_load(const char *path, SigningKey **ret, P256Point *public, Err *e) {
        _cleanup_(fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        _cleanup_(secret_done) Secret pem = {};
        int rc;

        if (fd < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        rc = secret_new(KEY_FILE_MAX, &pem, e);
        if (rc == 0)
                rc = secret_read_fd(fd, path, &pem, e);
        return rc < 0 ? rc : read_private(secret_span(&pem), path, ret, public, e);
}

int approving_key_read(Span pem, const char *path, P256Point *ret, Err *e) {
        _cleanup_(bio_done) BIO *bio = BIO_new_mem_buf(pem.data, (int) pem.size);
        _cleanup_(pkey_done) EVP_PKEY *pkey = NULL;

        if (bio)
                pkey = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
        if (!pkey)
                return err_set(e, -EBADMSG, "%s: no public key in PEM", path);
        return take_point(pkey, path, ret, e);
}

void signing_key_done(SigningKey **k) {
        if (!*k)
                return;
        EVP_PKEY_free((*k)->pkey); /* which wipes it */
        free(*k);
        *k = NULL;
}

int signing_key_sign(SigningKey *k, const Digest *digest, uint8_t r[static P256_NUMBER],
                uint8_t s[static P256_NUMBER], Err *e) {
        _cleanup_(pkey_ctx_done) EVP_PKEY_CTX *ctx =
                        EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
        _cleanup_(ecdsa_sig_done) ECDSA_SIG *both = NULL;
        uint8_t der[160];
        const uint8_t *at = der;
        size_t size = sizeof(der);

        if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
                        EVP_PKEY_sign(ctx, der, &size, digest->bytes, digest->size) != 1)
                return err_set(e, -EIO, "OpenSSL cannot sign");
        both = d2i_ECDSA_SIG(NULL, &at, (long) size);
        if (!both || BN_bn2binpad(ECDSA_SIG_get0_r(both), r, P256_NUMBER) != P256_NUMBER ||
                        BN_bn2binpad(ECDSA_SIG_get0_s(both), s, P256_NUMBER) != P256_NUMBER)
                return err_set(e, -EIO, "OpenSSL made a signature that is none");
        return 0;
}
