/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/cms.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "port/key-inside.h"

static void bio_done(BIO **p) {
        BIO_free_all(*p);
}

static void pkcs7_done(PKCS7 **p) {
        PKCS7_free(*p);
}

static void x509_done(X509 **p) {
        X509_free(*p);
}

static void certificates_done(STACK_OF(X509) * *p) {
        sk_X509_free(*p); /* the certificates in it have another owner */
}

static void memory_done(unsigned char **p) {
        OPENSSL_free(*p);
}

static int no_memory(Err *e) {
        ERR_clear_error();
        return err_set(e, -ENOMEM, "signature: no memory");
}

/* Over no bytes too, for which BIO_new_mem_buf() would give none. */
static BIO *bio_over(Span s) {
        return BIO_new_mem_buf(s.size > 0 ? (const void *) s.data : "", (int) s.size);
}

static int load_certificate(const Certificate *c, X509 **ret, Err *e) {
        Span der = buf_span(&c->der);
        const unsigned char *at = der.data;
        X509 *x = d2i_X509(NULL, &at, (long) der.size);

        if (!x)
                return openssl_failed(e, -EBADMSG, "certificate");
        *ret = x;
        return 0;
}

/* What systemd-repart does too: PKCS7_sign() with DETACHED, NOATTR and BINARY; in steps, because
 * only so the hash can be named. */
static int make_signature(X509 *x, EVP_PKEY *key, Span content, PKCS7 **ret, Err *e) {
        enum { FLAGS = PKCS7_DETACHED | PKCS7_NOATTR | PKCS7_BINARY };
        _cleanup_(bio_done) BIO *bio = bio_over(content);
        _cleanup_(pkcs7_done) PKCS7 *p7 = NULL;

        if (!bio)
                return no_memory(e);
        p7 = PKCS7_sign(NULL, NULL, NULL, bio, FLAGS | PKCS7_PARTIAL);
        if (!p7 || !PKCS7_sign_add_signer(p7, x, key, EVP_sha256(), FLAGS) ||
                        PKCS7_final(p7, bio, FLAGS) != 1)
                return openssl_failed(e, -EIO, "OpenSSL cannot sign");

        *ret = p7;
        p7 = NULL;
        return 0;
}

/* Hands out what was made only if it is what we would take ourselves. */
static int hand_out(PKCS7 *p7, Span content, const Certificate *certificate, Buf *to, Err *e) {
        _cleanup_(memory_done) unsigned char *der = NULL;
        bool holds = false;
        int n, rc;

        n = i2d_PKCS7(p7, &der);
        if (n < 0)
                return openssl_failed(e, -EIO, "OpenSSL cannot encode a signature");
        rc = cms_judge((Span){ der, (size_t) n }, content, certificate, &holds, e);
        if (rc < 0)
                return rc;
        if (!holds)
                return err_set(e, -EIO, "the signature that was just made does not hold");
        buf_bytes(to, (Span){ der, (size_t) n });
        return to->failed < 0 ? err_set(e, to->failed, "no room for the signature") : 0;
}

int cms_sign(Span content, const PrivateKey *key, const Certificate *certificate, Buf *der,
                Err *e) {
        _cleanup_(x509_done) X509 *x = NULL;
        _cleanup_(pkcs7_done) PKCS7 *p7 = NULL;
        int rc;

        if (content.size > INT_MAX)
                return err_set(e, -E2BIG, "too much to sign");
        rc = load_certificate(certificate, &x, e);
        if (rc < 0)
                return rc;
        rc = key_fits(key, x, certificate, e);
        if (rc == 0)
                rc = make_signature(x, key->pkey, content, &p7, e);
        return rc < 0 ? rc : hand_out(p7, content, certificate, der, e);
}

/* An algorithm that has no parameters, which are left out or NULL. */
static bool is_plain(const X509_ALGOR *alg) {
        int type;

        X509_ALGOR_get0(NULL, &type, NULL, alg);
        return type == V_ASN1_NULL || type == V_ASN1_UNDEF;
}

/* SHA-256 or longer. */
static bool is_strong_hash(const X509_ALGOR *alg) {
        int nid = OBJ_obj2nid(alg->algorithm);

        return is_plain(alg) && (nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512);
}

/* What the signer says of key and hash, which PKCS7_verify() takes from elsewhere: rsaEncryption
 * alone, or both as in ecdsa-with-SHA256. */
static bool is_signature_of(const X509_ALGOR *alg, int key, int hash) {
        int nid = OBJ_obj2nid(alg->algorithm), named_hash, named_key;

        if (!is_plain(alg))
                return false;
        return nid == key || (OBJ_find_sigid_algs(nid, &named_hash, &named_key) == 1 &&
                                             named_key == key && named_hash == hash);
}

static bool is_version_1(const ASN1_INTEGER *version) {
        return ASN1_INTEGER_get(version) == 1;
}

static bool is_signer(const PKCS7_SIGNER_INFO *signer, const X509 *x) {
        return is_version_1(signer->version) && is_strong_hash(signer->digest_alg) &&
               sk_X509_ATTRIBUTE_num(signer->auth_attr) <= 0 &&
               is_signature_of(signer->digest_enc_alg, EVP_PKEY_get_id(X509_get0_pubkey(x)),
                               OBJ_obj2nid(signer->digest_alg->algorithm));
}

/* One signer, one hash, and no content inside. */
static bool is_detached(const PKCS7_SIGNED *body, const X509 *x) {
        return is_version_1(body->version) && PKCS7_type_is_data(body->contents) &&
               !body->contents->d.data && sk_X509_ALGOR_num(body->md_algs) == 1 &&
               is_strong_hash(sk_X509_ALGOR_value(body->md_algs, 0)) &&
               sk_PKCS7_SIGNER_INFO_num(body->signer_info) == 1 &&
               is_signer(sk_PKCS7_SIGNER_INFO_value(body->signer_info, 0), x);
}

/* The form that cms.h names, DER all of it. PKCS7_verify() asks for none of this. */
static bool is_well_formed(PKCS7 *p7, const X509 *x, Span der) {
        _cleanup_(memory_done) unsigned char *again = NULL;
        int n;

        if (!PKCS7_type_is_signed(p7) || !p7->d.sign || !is_detached(p7->d.sign, x))
                return false;
        n = i2d_PKCS7(p7, &again);
        return n >= 0 && span_equal((Span){ again, (size_t) n }, der);
}

int cms_judge(Span der, Span content, const Certificate *certificate, bool *ret_holds, Err *e) {
        _cleanup_(pkcs7_done) PKCS7 *p7 = NULL;
        _cleanup_(x509_done) X509 *x = NULL;
        _cleanup_(certificates_done) STACK_OF(X509) *trusted = sk_X509_new_null();
        _cleanup_(bio_done) BIO *bio = NULL;
        const unsigned char *at = der.data;
        bool holds;
        int rc;

        if (content.size > INT_MAX)
                return err_set(e, -E2BIG, "too much was signed");
        rc = load_certificate(certificate, &x, e);
        if (rc < 0)
                return rc;
        bio = bio_over(content);
        if (!trusted || !bio || sk_X509_push(trusted, x) < 1)
                return no_memory(e);

        p7 = der.size > CMS_DER_MAX ? NULL : d2i_PKCS7(NULL, &at, (long) der.size);
        holds = p7 && is_well_formed(p7, x, der) &&
                PKCS7_verify(p7, trusted, NULL, bio, NULL, PKCS7_NOINTERN | PKCS7_NOVERIFY) == 1;
        if (!holds && ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
                return no_memory(e);
        ERR_clear_error();

        *ret_holds = holds;
        return 0;
}

/* What is wrong with the certificate itself is as good as none. */
static int read_carried(X509 *x, Certificate *ret, CmsCarried *ret_carried, Err *e) {
        _cleanup_(memory_done) unsigned char *der = NULL;
        int n = i2d_X509(x, &der), rc;

        if (n < 0)
                return no_memory(e);
        rc = certificate_read((Span){ der, (size_t) n }, ret, NULL);
        if (rc == -ENOMEM)
                return no_memory(e);
        *ret_carried = rc == 0 ? CMS_CARRIED : CMS_UNFIT;
        return 0;
}

int cms_carried(Span der, Certificate *ret, CmsCarried *ret_carried, Err *e) {
        _cleanup_(certificates_done) STACK_OF(X509) *signers = NULL;
        _cleanup_(pkcs7_done) PKCS7 *p7 = NULL;
        const unsigned char *at = der.data;

        *ret_carried = CMS_UNFIT;
        p7 = der.size > CMS_DER_MAX ? NULL : d2i_PKCS7(NULL, &at, (long) der.size);
        if (p7 && PKCS7_type_is_signed(p7))
                signers = PKCS7_get0_signers(p7, NULL, 0);
        if (!signers && ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
                return no_memory(e);
        ERR_clear_error();
        if (sk_X509_num(signers) == 1)
                return read_carried(sk_X509_value(signers, 0), ret, ret_carried, e);
        if (p7 && PKCS7_type_is_signed(p7) && sk_X509_num(p7->d.sign->cert) <= 0 &&
                        sk_PKCS7_SIGNER_INFO_num(p7->d.sign->signer_info) == 1)
                *ret_carried = CMS_BARE;
        return 0;
}
