/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/key-rsa.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "port/crypto.h"
#include "port/key-inside.h"

static void bio_done(BIO **p) {
        BIO_free_all(*p);
}

static void pkey_done(EVP_PKEY **p) {
        EVP_PKEY_free(*p);
}

static void md_ctx_done(EVP_MD_CTX **p) {
        EVP_MD_CTX_free(*p);
}

static void memory_done(unsigned char **p) {
        OPENSSL_free(*p);
}

static int describe(EVP_PKEY *key, const char *name, RsaPublic *ret, Err *e) {
        _cleanup_(memory_done) unsigned char *der = NULL;
        int n, rc;

        if (!EVP_PKEY_is_a(key, "RSA"))
                return err_set(e, -EOPNOTSUPP, "%s: no RSA key, and systemd takes no other", name);
        n = i2d_PublicKey(key, &der);
        if (n < 0)
                return openssl_failed(e, -EIO, "OpenSSL cannot encode a public key");
        ret->size = (size_t) EVP_PKEY_get_size(key);
        rc = hash_bytes(HASH_SHA256, (Span){ der, (size_t) n }, &ret->fingerprint, e);
        return rc;
}

static EVP_PKEY *read_pem(Span pem) {
        _cleanup_(bio_done) BIO *bio = BIO_new_mem_buf(
                        pem.size > 0 ? (const void *) pem.data : "", (int) pem.size);

        return bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
}

int rsa_public_read(Span pem, const char *name, RsaPublic *ret, Err *e) {
        _cleanup_(pkey_done) EVP_PKEY *key = read_pem(pem);
        RsaPublic r = {};
        int rc;

        if (!key) {
                ERR_clear_error();
                return err_set(e, -EBADMSG, "%s: no public key in PEM that is well-formed", name);
        }
        rc = describe(key, name, &r, e);
        if (rc == 0)
                *ret = r;
        return rc;
}

int rsa_public_of(const PrivateKey *k, RsaPublic *ret, Err *e) {
        RsaPublic r = {};
        int rc;

        rc = describe(k->pkey, k->where, &r, e);
        if (rc == 0)
                *ret = r;
        return rc;
}

int rsa_public_pem(const PrivateKey *k, Buf *to, Err *e) {
        _cleanup_(bio_done) BIO *bio = BIO_new(BIO_s_mem());
        char *text = NULL;
        long n;

        if (!bio || PEM_write_bio_PUBKEY(bio, k->pkey) != 1)
                return openssl_failed(e, -EIO, "OpenSSL cannot write a public key");
        n = BIO_get_mem_data(bio, &text);
        buf_bytes(to, (Span){ (const uint8_t *) text, (size_t) n });
        return to->failed < 0 ? err_set(e, to->failed, "no room for a public key") : 0;
}

int rsa_public_judge(Span pem, Span bytes, Span signature, bool *ret_holds, Err *e) {
        _cleanup_(md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        _cleanup_(pkey_done) EVP_PKEY *key = read_pem(pem);

        *ret_holds = false;
        if (!ctx)
                return err_set(e, -ENOMEM, "OpenSSL: no memory to check a signature");
        *ret_holds = key && EVP_PKEY_is_a(key, "RSA") &&
                     EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                     EVP_DigestVerify(ctx, signature.data, signature.size, bytes.data,
                                     bytes.size) == 1;
        ERR_clear_error();
        return 0;
}
