/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/keygen.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "port/key-inside.h"

enum { RSA_BITS = 2048, SERIAL_BITS = 127, X509_VERSION = 2 };

static void bio_done(BIO **p) {
        BIO_free_all(*p);
}

static void bn_done(BIGNUM **p) {
        BN_free(*p);
}

static void x509_done(X509 **p) {
        X509_free(*p);
}

static void extension_done(X509_EXTENSION **p) {
        X509_EXTENSION_free(*p);
}

static EVP_PKEY *generate(NewKeyType type) {
        switch (type) {
        case NEW_KEY_RSA:
                return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) RSA_BITS);
        case NEW_KEY_P256:
                return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        default:
                return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        }
}

int private_key_new(NewKeyType type, PrivateKey **ret, Err *e) {
        _cleanup_(private_key_done) PrivateKey *k = calloc(1, sizeof(*k));

        if (!k)
                return err_set(e, -ENOMEM, "private key: no memory");
        k->where = strdup("new key");
        if (!k->where)
                return err_set(e, -ENOMEM, "private key: no memory");
        k->pkey = generate(type);
        if (!k->pkey)
                return openssl_failed(e, -EIO, "OpenSSL cannot make a key");

        *ret = k;
        k = NULL;
        return 0;
}

/* Secure memory of OpenSSL's own, which is wiped. */
int private_key_pem(const PrivateKey *k, Secret *to, Err *e) {
        _cleanup_(bio_done) BIO *bio = BIO_new(BIO_s_secmem());
        char *text = NULL;
        long n;

        if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL, NULL) != 1)
                return openssl_failed(e, -EIO, "OpenSSL cannot write a private key");
        n = BIO_get_mem_data(bio, &text);
        return secret_set(to, (Span){ (const uint8_t *) text, (size_t) n }, e);
}

int private_key_ed25519(const PrivateKey *k, uint8_t ret[static ED25519_SIZE], Err *e) {
        size_t n = ED25519_SIZE;

        if (EVP_PKEY_get_raw_public_key(k->pkey, ret, &n) != 1 || n != ED25519_SIZE)
                return openssl_failed(e, -EIO, "no Ed25519 key");
        return 0;
}

static bool put_extension(X509 *x, int nid, const char *value) {
        _cleanup_(extension_done) X509_EXTENSION *extension = NULL;
        X509V3_CTX ctx = {};

        X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
        extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
        return extension && X509_add_ext(x, extension, -1) == 1;
}

static bool put_use(X509 *x, CertificateUse use) {
        bool issues = use == CERTIFICATE_ISSUES;

        return put_extension(x, NID_basic_constraints,
                               issues ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
               put_extension(x, NID_key_usage,
                               issues ? "critical,keyCertSign,cRLSign"
                                      : "critical,digitalSignature") &&
               (use != CERTIFICATE_SIGNS_CODE ||
                               put_extension(x, NID_ext_key_usage, "codeSigning")) &&
               put_extension(x, NID_subject_key_identifier, "hash");
}

static bool put_serial(X509 *x) {
        _cleanup_(bn_done) BIGNUM *n = BN_new();

        return n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
               BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
}

static bool put_name(X509 *x, const char *name) {
        X509_NAME *subject = X509_get_subject_name(x);

        return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                               (const unsigned char *) name, -1, -1, 0) == 1 &&
               X509_set_issuer_name(x, subject) == 1;
}

static bool fill(X509 *x, EVP_PKEY *key, CertificateUse use, const char *name, unsigned days) {
        return X509_set_version(x, X509_VERSION) == 1 && put_serial(x) && put_name(x, name) &&
               X509_gmtime_adj(X509_getm_notBefore(x), 0) &&
               X509_time_adj_ex(X509_getm_notAfter(x), (int) days, 0, NULL) &&
               X509_set_pubkey(x, key) == 1 && put_use(x, use) &&
               X509_sign(x, key, EVP_sha256()) > 0;
}

int certificate_new(const PrivateKey *k, CertificateUse use, const char *name, unsigned days,
                Buf *pem, Err *e) {
        _cleanup_(bio_done) BIO *bio = BIO_new(BIO_s_mem());
        _cleanup_(x509_done) X509 *x = X509_new();
        char *text = NULL;
        long n;

        if (!bio || !x || !fill(x, k->pkey, use, name, days) || PEM_write_bio_X509(bio, x) != 1)
                return openssl_failed(e, -EIO, "OpenSSL cannot make a certificate");
        n = BIO_get_mem_data(bio, &text);
        buf_bytes(pem, (Span){ (const uint8_t *) text, (size_t) n });
        return pem->failed < 0 ? err_set(e, pem->failed, "no room for a certificate") : 0;
}
