/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/chain.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum {
        DEPTH_MAX = 4,  /* certificates between the signer's and the one that is trusted */
        AUTH_LEVEL = 2, /* 112 bits: RSA of 2048, and no SHA-1 (SSL_CTX_set_security_level(3)) */
};

static void x509_done(X509 **p) {
        X509_free(*p);
}

static void pkcs7_done(PKCS7 **p) {
        PKCS7_free(*p);
}

static void store_done(X509_STORE **p) {
        X509_STORE_free(*p);
}

static void context_done(X509_STORE_CTX **p) {
        X509_STORE_CTX_free(*p);
}

static void der_done(unsigned char **p) {
        OPENSSL_free(*p);
}

static void certificates_done(STACK_OF(X509) * *p) {
        sk_X509_free(*p); /* the certificates in it have another owner */
}

static int no_memory(Err *e) {
        ERR_clear_error();
        return err_set(e, -ENOMEM, "certificates: no memory");
}

static X509 *load(const Certificate *c) {
        Span der = buf_span(&c->der);
        const unsigned char *at = der.data;

        return d2i_X509(NULL, &at, (long) der.size);
}

static int fill_store(const Certificate *anchors, size_t n, X509_STORE *store, Err *e) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_(x509_done) X509 *x = load(&anchors[i]);

                if (!x || X509_STORE_add_cert(store, x) != 1)
                        return no_memory(e);
        }
        return 0;
}

/* RFC 5280, 4.2.1.3 and 4.2.1.12: what it does not say, it does not forbid. */
static bool is_for_data(X509 *x) {
        uint32_t use = X509_get_key_usage(x), extended = X509_get_extended_key_usage(x);

        return (use == UINT32_MAX || (use & KU_DIGITAL_SIGNATURE)) &&
               (extended == UINT32_MAX || (extended & (XKU_CODE_SIGN | XKU_ANYEKU)));
}

static bool set_demands(X509_STORE_CTX *ctx, int64_t now) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

        X509_VERIFY_PARAM_set_time(param, (time_t) now);
        X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
        X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
        /* what is configured is trusted, though it be issued by somebody else */
        return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static int verify(
                X509_STORE *store, X509 *x, PKCS7 *p7, int64_t now, const char **ret_why, Err *e) {
        _cleanup_(context_done) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
        STACK_OF(X509) *between = p7 && PKCS7_type_is_signed(p7) ? p7->d.sign->cert : NULL;
        int rc, why;

        if (!ctx || X509_STORE_CTX_init(ctx, store, x, between) != 1 || !set_demands(ctx, now))
                return no_memory(e);
        rc = X509_verify_cert(ctx);
        why = X509_STORE_CTX_get_error(ctx);
        ERR_clear_error();
        if (rc != 1 && why == X509_V_ERR_OUT_OF_MEM)
                return no_memory(e);
        if (rc != 1)
                *ret_why = X509_verify_cert_error_string(why);
        else
                *ret_why = is_for_data(x) ? NULL : "the certificate is not for signing data";
        return 0;
}

int chain_judge(Span pkcs7, const Certificate *signer, const Certificate *anchors, size_t n_anchors,
                int64_t now, const char **ret_why, Err *e) {
        _cleanup_(store_done) X509_STORE *store = X509_STORE_new();
        _cleanup_(x509_done) X509 *x = load(signer);
        _cleanup_(pkcs7_done) PKCS7 *p7 = NULL;
        const unsigned char *at = pkcs7.data;
        int rc;

        if (!store || !x)
                return no_memory(e);
        rc = fill_store(anchors, n_anchors, store, e);
        if (rc < 0)
                return rc;
        if (pkcs7.size > 0)
                p7 = d2i_PKCS7(NULL, &at, (long) pkcs7.size);
        return verify(store, x, p7, now, ret_why, e);
}

/* False where OpenSSL has no memory. */
static bool ask_as_firmware(X509_STORE *store, X509 *anchor, X509 *signer, PKCS7 *p7, bool *ret) {
        _cleanup_(context_done) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
        X509_VERIFY_PARAM *param;

        if (!ctx || X509_STORE_add_cert(store, anchor) != 1 ||
                        X509_STORE_CTX_init(ctx, store, signer, p7->d.sign->cert) != 1)
                return false;
        param = X509_STORE_CTX_get0_param(ctx);
        if (X509_VERIFY_PARAM_set_flags(
                            param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) != 1)
                return false;
        *ret = X509_verify_cert(ctx) == 1;
        return *ret || X509_STORE_CTX_get_error(ctx) != X509_V_ERR_OUT_OF_MEM;
}

/* None where it is no signature. */
static STACK_OF(X509) * find_signers(PKCS7 *p7) {
        return p7 && PKCS7_type_is_signed(p7) ? PKCS7_get0_signers(p7, NULL, 0) : NULL;
}

int chain_admits(Span pkcs7, Span certificate, bool *ret, Err *e) {
        const unsigned char *at = certificate.data, *signed_at = pkcs7.data;
        _cleanup_(x509_done) X509 *anchor = d2i_X509(NULL, &at, (long) certificate.size);
        _cleanup_(pkcs7_done) PKCS7 *p7 = d2i_PKCS7(NULL, &signed_at, (long) pkcs7.size);
        _cleanup_(store_done) X509_STORE *store = X509_STORE_new();
        _cleanup_(certificates_done) STACK_OF(X509) *signers = find_signers(p7);
        bool asked = true;

        *ret = false;
        if (!store)
                return no_memory(e);
        if (anchor && signers && sk_X509_num(signers) == 1)
                asked = ask_as_firmware(store, anchor, sk_X509_value(signers, 0), p7, ret);
        if (!asked)
                return no_memory(e);
        ERR_clear_error();
        return 0;
}

int chain_signer(Span pkcs7, Buf *to, Err *e) {
        const unsigned char *at = pkcs7.data;
        _cleanup_(pkcs7_done) PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long) pkcs7.size);
        _cleanup_(certificates_done) STACK_OF(X509) *signers = find_signers(p7);
        _cleanup_(der_done) unsigned char *der = NULL;
        int n = 0;

        if (signers && sk_X509_num(signers) == 1)
                n = i2d_X509(sk_X509_value(signers, 0), &der);
        if (n < 0)
                return no_memory(e);
        buf_bytes(to, (Span){ der, (size_t) n });
        ERR_clear_error();
        return to->failed < 0 ? no_memory(e) : 0;
}
