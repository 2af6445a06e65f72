/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/secret.h"
#include "port/key-inside.h"

enum { SIGNATURE_MAX = 4096 };

static void bio_done(BIO **p) {
        BIO_free_all(*p);
}

static void md_ctx_done(EVP_MD_CTX **p) {
        EVP_MD_CTX_free(*p);
}

static void x509_done(X509 **p) {
        X509_free(*p);
}

static void store_done(OSSL_STORE_CTX **p) {
        (void) OSSL_STORE_close(*p);
}

int openssl_failed(Err *e, int rc, const char *what) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());

        (void) err_set(e, rc, "%s: %s", what, reason ? reason : "OpenSSL gives no reason");
        ERR_clear_error();
        return rc;
}

static int no_memory(Err *e) {
        ERR_clear_error();
        return err_set(e, -ENOMEM, "private key: no memory");
}

/* OpenSSL would ask on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *data) {
        (void) buf;
        (void) size;
        (void) writing;
        (void) data;
        return -1;
}

static int from_file(const char *path, EVP_PKEY **ret, Err *e) {
        _cleanup_(fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        _cleanup_(secret_done) Secret text = {};
        _cleanup_(bio_done) BIO *bio = NULL;
        EVP_PKEY *key;
        int rc;

        if (fd < 0)
                return err_set(e, -errno, "%s: %s", path, strerror(errno));
        rc = secret_new(KEY_FILE_MAX, &text, e);
        if (rc == 0)
                rc = secret_read_fd(fd, path, &text, e);
        if (rc < 0)
                return rc;
        bio = BIO_new_mem_buf(text.data, (int) text.size);
        if (!bio)
                return no_memory(e);
        key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        if (!key) {
                ERR_clear_error();
                return err_set(e, -EBADMSG,
                                "%s: no private key in PEM that is well-formed and not encrypted",
                                path);
        }
        *ret = key;
        return 0;
}

/* The first private key that the store has to show under this URI. */
static EVP_PKEY *first_key(OSSL_STORE_CTX *store) {
        EVP_PKEY *key = NULL;

        while (!key && !OSSL_STORE_eof(store)) {
                OSSL_STORE_INFO *info = OSSL_STORE_load(store);

                if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
                        key = OSSL_STORE_INFO_get1_PKEY(info);
                OSSL_STORE_INFO_free(info);
                if (!info && OSSL_STORE_error(store))
                        break;
        }
        return key;
}

/* As systemd does it: the provider beside those that are there. */
static int from_provider(PrivateKey *k, const char *name, const char *uri, Err *e) {
        _cleanup_(store_done) OSSL_STORE_CTX *store = NULL;

        k->provider = OSSL_PROVIDER_try_load(NULL, name, 1);
        if (!k->provider)
                return openssl_failed(e, -ENOENT, "OpenSSL has no such provider");
        store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
        if (!store)
                return openssl_failed(e, -ENOKEY, "no provider takes this URI");
        (void) OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
        k->pkey = first_key(store);
        return k->pkey ? 0 : openssl_failed(e, -ENOKEY, "the provider gives no such key");
}

static int load(PrivateKey *k, const KeySource *source, Err *e) {
        int rc;

        if (source->provider && source->engine)
                return err_set(e, -EINVAL,
                                "a key from a provider or from an engine, not from both");
        if (!source->provider && !source->engine)
                return from_file(k->where, &k->pkey, e);
        rc = source->provider ? from_provider(k, source->provider, k->where, e)
                              : key_from_engine(source->engine, k->where, &k->pkey, e);
        if (rc < 0)
                err_at(e, k->where);
        return rc;
}

int private_key_load(const char *where, const KeySource *source, PrivateKey **ret, Err *e) {
        _cleanup_(private_key_done) PrivateKey *k = calloc(1, sizeof(*k));
        int rc;

        if (!k)
                return no_memory(e);
        k->where = strdup(where);
        if (!k->where)
                return no_memory(e);
        rc = load(k, source, e);
        if (rc < 0)
                return rc;
        if (!EVP_PKEY_is_a(k->pkey, "RSA") && !EVP_PKEY_is_a(k->pkey, "EC"))
                return err_set(e, -EOPNOTSUPP,
                                "%s: neither an RSA nor an EC key, which is what is taken", where);

        *ret = k;
        k = NULL;
        return 0;
}

void private_key_done(PrivateKey **k) {
        if (!*k)
                return;
        EVP_PKEY_free((*k)->pkey);
        if ((*k)->provider)
                (void) OSSL_PROVIDER_unload((*k)->provider);
        free((*k)->where);
        free(*k);
        *k = NULL;
}

int key_fits(const PrivateKey *k, const X509 *x, const Certificate *certificate, Err *e) {
        if (X509_check_private_key(x, k->pkey) == 1)
                return 0;
        ERR_clear_error();
        return err_set(e, -EKEYREJECTED, "%s: not the private key of the certificate of %s",
                        k->where, certificate->subject);
}

int private_key_fits(const PrivateKey *k, const Certificate *c, Err *e) {
        _cleanup_(x509_done) X509 *x = NULL;
        Span der = buf_span(&c->der);
        const unsigned char *at = der.data;

        x = d2i_X509(NULL, &at, (long) der.size);
        return x ? key_fits(k, x, c, e) : openssl_failed(e, -EBADMSG, "certificate");
}

bool private_key_repeats(const PrivateKey *k) {
        return EVP_PKEY_is_a(k->pkey, "RSA");
}

static const EVP_MD *md_of(HashAlg hash) {
        switch (hash) {
        case HASH_SHA256:
                return EVP_sha256();
        case HASH_SHA384:
                return EVP_sha384();
        case HASH_SHA512:
                return EVP_sha512();
        default:
                return NULL;
        }
}

int private_key_sign(const PrivateKey *k, HashAlg hash, Span bytes, Buf *signature, Err *e) {
        _cleanup_(md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        uint8_t made[SIGNATURE_MAX];
        size_t n = sizeof(made);
        const EVP_MD *md = md_of(hash);

        if (!md)
                return err_set(e, -EOPNOTSUPP, "hash algorithm 0x%04x is not one to sign with",
                                hash);
        if (!ctx)
                return no_memory(e);
        if (EVP_DigestSignInit(ctx, NULL, md, NULL, k->pkey) != 1 ||
                        EVP_DigestSign(ctx, made, &n, bytes.data, bytes.size) != 1) {
                (void) openssl_failed(e, -EIO, "cannot sign");
                err_at(e, k->where);
                return -EIO;
        }
        buf_bytes(signature, (Span){ made, n });
        return signature->failed < 0 ? err_set(e, signature->failed, "no room for a signature") : 0;
}
