/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/authenticode.h"

#include <assert.h>
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "port/crypto.h"
#include "port/key-inside.h"

#define SPC_INDIRECT_DATA "1.3.6.1.4.1.311.2.1.4"
#define SPC_PE_IMAGE_DATA "1.3.6.1.4.1.311.2.1.15"

/* SpcIndirectDataContent of a PE image, up to the 32 bytes of its hash: nothing else in it varies.
 * SpcPeImageData says nothing; the specification has "<<<Obsolete>>>" for its file. */
#define INDIRECT_DATA                                                                              \
        "\x30\x68\x30\x33\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0f"                         \
        "\x30\x25\x03\x01\x00\xa0\x20\xa2\x1e\x80\x1c"                                             \
        "\0<\0<\0<\0O\0b\0s\0o\0l\0e\0t\0e\0>\0>\0>"                                               \
        "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

/* The signed attributes, up to the 32 bytes of the last: SpcSpOpusInfo (empty), contentType
 * (SPC_INDIRECT_DATA), messageDigest; in the order that DER has for a SET, so that what is signed
 * is what stands in the signature, for readers that do not sort. */
#define ATTRIBUTES                                                                                 \
        "\x31\x5e"                                                                                 \
        "\x30\x10\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0c\x31\x02\x30\x00"                 \
        "\x30\x19\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"                                     \
        "\x31\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04"                                 \
        "\x30\x2f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04\x31\x22\x04\x20"

enum {
        HASH_SIZE = 32,
        HEAD_SIZE = 2, /* tag and length of each of the two */
        CONTENT_SIZE = sizeof(INDIRECT_DATA) - 1 + HASH_SIZE,
        ATTRIBUTES_SIZE = sizeof(ATTRIBUTES) - 1 + HASH_SIZE,
        PADDING_MAX = 7,
};

#define DONE(type, name, free_it)                                                                  \
        static void name(type **p) {                                                               \
                free_it(*p);                                                                       \
        }

DONE(ASN1_OBJECT, object_done, ASN1_OBJECT_free)
DONE(BIO, bio_done, BIO_free_all)
DONE(PKCS7, pkcs7_done, PKCS7_free)
DONE(PKCS7_SIGNER_INFO, signer_done, PKCS7_SIGNER_INFO_free)
DONE(X509, x509_done, X509_free)
DONE(X509_ALGOR, algor_done, X509_ALGOR_free)
DONE(X509_SIG, digest_info_done, X509_SIG_free)

static void memory_done(unsigned char **p) {
        OPENSSL_free(*p);
}

static void certificates_done(STACK_OF(X509) * *p) {
        sk_X509_free(*p); /* the certificates in it have another owner */
}

static int cannot_make(Err *e) {
        return openssl_failed(e, -EIO, "OpenSSL cannot make a signature");
}

static int load(const Certificate *c, X509 **ret, Err *e) {
        Span der = buf_span(&c->der);
        const unsigned char *at = der.data;

        *ret = d2i_X509(NULL, &at, (long) der.size);
        return *ret ? 0 : openssl_failed(e, -EBADMSG, "certificate");
}

static void put(uint8_t *to, Span head, const Digest *d) {
        assert(d->alg == HASH_SHA256);

        memcpy(to, head.data, head.size);
        memcpy(to + head.size, d->bytes, HASH_SIZE);
}

/* The digest among them is that of the content alone, without its outer tag and length. */
static int put_attributes(uint8_t attributes[static ATTRIBUTES_SIZE],
                const uint8_t content[static CONTENT_SIZE], Err *e) {
        Digest d;
        int rc;

        rc = hash_bytes(HASH_SHA256, (Span){ content + HEAD_SIZE, CONTENT_SIZE - HEAD_SIZE }, &d,
                        e);
        if (rc == 0)
                put(attributes, SPAN_LITERAL(ATTRIBUTES), &d);
        return rc;
}

static bool add_attributes(
                PKCS7_SIGNER_INFO *signer, const uint8_t attributes[static ATTRIBUTES_SIZE]) {
        const unsigned char *at = attributes + HEAD_SIZE, *end = attributes + ATTRIBUTES_SIZE;

        signer->auth_attr = sk_X509_ATTRIBUTE_new_null();
        while (signer->auth_attr && at < end) {
                X509_ATTRIBUTE *a = d2i_X509_ATTRIBUTE(NULL, &at, end - at);

                if (!a || sk_X509_ATTRIBUTE_push(signer->auth_attr, a) < 1) {
                        X509_ATTRIBUTE_free(a);
                        return false;
                }
        }
        return signer->auth_attr != NULL;
}

static bool set_content(PKCS7 *p7, const uint8_t content[static CONTENT_SIZE]) {
        _cleanup_(pkcs7_done) PKCS7 *inner = PKCS7_new();
        const unsigned char *at = content;

        if (!inner)
                return false;
        inner->type = OBJ_txt2obj(SPC_INDIRECT_DATA, 1);
        inner->d.other = d2i_ASN1_TYPE(NULL, &at, CONTENT_SIZE);
        if (!inner->type || !inner->d.other || PKCS7_set_content(p7, inner) != 1)
                return false;
        inner = NULL;
        return true;
}

static bool add_signer(PKCS7 *p7, X509 *x, const uint8_t attributes[static ATTRIBUTES_SIZE],
                Span signature) {
        _cleanup_(signer_done) PKCS7_SIGNER_INFO *signer = PKCS7_SIGNER_INFO_new();

        if (!signer || PKCS7_SIGNER_INFO_set(signer, x, X509_get0_pubkey(x), EVP_sha256()) != 1 ||
                        !add_attributes(signer, attributes) ||
                        ASN1_STRING_set(signer->enc_digest, signature.data, (int) signature.size) !=
                                        1 ||
                        PKCS7_add_signer(p7, signer) != 1)
                return false;
        signer = NULL;
        return true;
}

static int make(const Digest *image, X509 *x, Span signature, PKCS7 **ret, Err *e) {
        _cleanup_(pkcs7_done) PKCS7 *p7 = PKCS7_new();
        uint8_t content[CONTENT_SIZE], attributes[ATTRIBUTES_SIZE];
        int rc;

        put(content, SPAN_LITERAL(INDIRECT_DATA), image);
        rc = put_attributes(attributes, content, e);
        if (rc < 0)
                return rc;
        if (!p7 || PKCS7_set_type(p7, NID_pkcs7_signed) != 1 || !set_content(p7, content) ||
                        !add_signer(p7, x, attributes, signature) ||
                        PKCS7_add_certificate(p7, x) != 1)
                return cannot_make(e);

        *ret = p7;
        p7 = NULL;
        return 0;
}

int authenticode_to_sign(const Digest *image, Buf *to, Err *e) {
        uint8_t content[CONTENT_SIZE], attributes[ATTRIBUTES_SIZE];
        int rc;

        put(content, SPAN_LITERAL(INDIRECT_DATA), image);
        rc = put_attributes(attributes, content, e);
        if (rc < 0)
                return rc;
        buf_bytes(to, (Span){ attributes, sizeof(attributes) });
        return to->failed < 0 ? err_set(e, to->failed, "no room for what is to be signed") : 0;
}

/* Hands out what was made only if it is what we would take ourselves. */
static int hand_out(PKCS7 *p7, const Digest *image, const Certificate *certificate, Buf *der,
                bool *ret_holds, Err *e) {
        _cleanup_(memory_done) unsigned char *bytes = NULL;
        Authenticode a;
        int n, rc;

        n = i2d_PKCS7(p7, &bytes);
        if (n < 0)
                return cannot_make(e);
        rc = authenticode_judge((Span){ bytes, (size_t) n }, image, &a, e);
        if (rc < 0)
                return rc;
        *ret_holds = a.holds && digest_equal(&a.signer, &certificate->fingerprint);
        if (!*ret_holds)
                return 0;
        buf_bytes(der, (Span){ bytes, (size_t) n });
        return der->failed < 0 ? err_set(e, der->failed, "no room for the signature") : 0;
}

static int add_certificates(PKCS7 *p7, const CertificateList *more, Err *e) {
        for (size_t i = 0; more && i < more->n; i++) {
                _cleanup_(x509_done) X509 *x = NULL;
                int rc = load(&more->list[i], &x, e);

                if (rc < 0)
                        return rc;
                if (PKCS7_add_certificate(p7, x) != 1)
                        return cannot_make(e);
        }
        return 0;
}

int authenticode_join(const Digest *image, const Certificate *certificate,
                const CertificateList *more, Span signature, Buf *der, Err *e) {
        _cleanup_(pkcs7_done) PKCS7 *p7 = NULL;
        _cleanup_(x509_done) X509 *x = NULL;
        bool holds = false;
        int rc;

        if (signature.size > AUTHENTICODE_DER_MAX)
                return err_set(e, -E2BIG, "a signature of %zu bytes", signature.size);
        rc = load(certificate, &x, e);
        if (rc == 0)
                rc = make(image, x, signature, &p7, e);
        if (rc == 0)
                rc = add_certificates(p7, more, e);
        if (rc == 0)
                rc = hand_out(p7, image, certificate, der, &holds, e);
        if (rc < 0)
                return rc;
        return holds ? 0
                     : err_set(e, -EBADMSG,
                                       "the signature is not of this image, by the key of the "
                                       "certificate of %s",
                                       certificate->subject);
}

int authenticode_sign(const Digest *image, const PrivateKey *key, const Certificate *certificate,
                const CertificateList *more, Buf *der, Err *e) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(ATTRIBUTES_SIZE),
                                signature = BUF_UP_TO(AUTHENTICODE_DER_MAX);
        _cleanup_(x509_done) X509 *x = NULL;
        int rc;

        rc = load(certificate, &x, e);
        if (rc == 0)
                rc = key_fits(key, x, certificate, e);
        if (rc == 0)
                rc = authenticode_to_sign(image, &bytes, e);
        if (rc == 0)
                rc = private_key_sign(key, HASH_SHA256, buf_span(&bytes), &signature, e);
        return rc < 0 ? rc
                      : authenticode_join(image, certificate, more, buf_span(&signature), der, e);
}

static bool is_type(const ASN1_OBJECT *o, const char *oid) {
        _cleanup_(object_done) ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 1);

        return wanted && OBJ_cmp(o, wanted) == 0;
}

/* What stands between the outer tag and length of a SpcIndirectDataContent, and the end. */
static bool open_content(const PKCS7 *p7, Span *ret) {
        const PKCS7 *inner = p7->d.sign->contents;
        const unsigned char *at;
        const ASN1_STRING *s;
        int tag, class;
        long size;

        if (!inner || !is_type(inner->type, SPC_INDIRECT_DATA) || !inner->d.other ||
                        inner->d.other->type != V_ASN1_SEQUENCE)
                return false;
        s = inner->d.other->value.sequence;
        at = ASN1_STRING_get0_data(s);
        if (ASN1_get_object(&at, &size, &tag, &class, ASN1_STRING_length(s)) & 0x81)
                return false;
        *ret = (Span){ at, (size_t) size };
        return true;
}

/* NULL, or what is wrong: the content must be of a PE image, and name this one. */
static const char *wrong_with_content(Span content, const Digest *image) {
        _cleanup_(algor_done) X509_ALGOR *data = NULL; /* SpcAttributeTypeAndOptionalValue has the
                                                        * same form */
        _cleanup_(digest_info_done) X509_SIG *info = NULL;
        const unsigned char *at = content.data, *end = content.data + content.size;
        const X509_ALGOR *hash;
        const ASN1_OCTET_STRING *d;

        data = d2i_X509_ALGOR(NULL, &at, (long) content.size);
        if (data && is_type(data->algorithm, SPC_PE_IMAGE_DATA))
                info = d2i_X509_SIG(NULL, &at, end - at);
        if (!info || at != end)
                return "it is not over the hash of a PE image";
        X509_SIG_get0(info, &hash, &d);
        if (OBJ_obj2nid(hash->algorithm) != NID_sha256)
                return "it is over a hash other than SHA-256";
        if (!span_equal((Span){ ASN1_STRING_get0_data(d), (size_t) ASN1_STRING_length(d) },
                            digest_span(image)))
                return "it is of another image";
        return NULL;
}

static bool is_strong_hash(const X509_ALGOR *alg) {
        int nid = alg ? OBJ_obj2nid(alg->algorithm) : NID_undef;

        return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

/* What PKCS7_verify() does not ask for. (The hash named ahead of all must be one that OpenSSL has,
 * or PKCS7_verify() of 3.0 loses memory.) */
static const char *wrong_with_signer(const PKCS7_SIGNED *body, PKCS7_SIGNER_INFO *signer) {
        const ASN1_TYPE *type = PKCS7_get_signed_attribute(signer, NID_pkcs9_contentType);

        if (sk_X509_ALGOR_num(body->md_algs) != 1 ||
                        !is_strong_hash(sk_X509_ALGOR_value(body->md_algs, 0)) ||
                        !is_strong_hash(signer->digest_alg))
                return "it was made with a hash that proves nothing";
        if (!type || type->type != V_ASN1_OBJECT || !is_type(type->value.object, SPC_INDIRECT_DATA))
                return "what was signed is not said to be an image's hash";
        return NULL;
}

/* The certificate that the signature carries for its one signer. Borrowed from p7. */
static X509 *find_signer(PKCS7 *p7) {
        _cleanup_(certificates_done) STACK_OF(X509) *signers = PKCS7_get0_signers(p7, NULL, 0);

        return signers && sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : NULL;
}

static const char *wrong_with(PKCS7 *p7, const Digest *image, X509 **ret_signer) {
        _cleanup_(bio_done) BIO *bio = NULL;
        STACK_OF(PKCS7_SIGNER_INFO) * signers;
        const char *wrong;
        Span content;

        if (!p7 || !PKCS7_type_is_signed(p7) || !p7->d.sign || !open_content(p7, &content))
                return "it is no Authenticode signature";
        wrong = wrong_with_content(content, image);
        if (wrong)
                return wrong;
        signers = PKCS7_get_signer_info(p7);
        *ret_signer = signers && sk_PKCS7_SIGNER_INFO_num(signers) == 1 ? find_signer(p7) : NULL;
        if (!*ret_signer)
                return "it does not carry the certificate of its one signer";
        wrong = wrong_with_signer(p7->d.sign, sk_PKCS7_SIGNER_INFO_value(signers, 0));
        if (wrong)
                return wrong;
        bio = BIO_new_mem_buf(content.data, (int) content.size);
        if (!bio || PKCS7_verify(p7, NULL, NULL, bio, NULL, PKCS7_BINARY | PKCS7_NOVERIFY) != 1)
                return "it was not made with the key of the certificate that it carries";
        return NULL;
}

static PKCS7 *parse(Span der) {
        const unsigned char *at = der.data;
        PKCS7 *p7 = der.size > AUTHENTICODE_DER_MAX ? NULL : d2i_PKCS7(NULL, &at, (long) der.size);
        Span behind;

        if (!p7)
                return NULL;
        behind = (Span){ at, der.size - (size_t) (at - der.data) };
        if (behind.size <= PADDING_MAX && span_is_zero(behind))
                return p7;
        PKCS7_free(p7);
        return NULL;
}

/* Through our own reader, for the subject in the form in which it can be shown. */
static int tell_signer(X509 *x, Authenticode *a, Err *e) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(memory_done) unsigned char *der = NULL;
        int n = i2d_X509(x, &der), rc;

        if (n < 0)
                return openssl_failed(e, -ENOMEM, "certificate");
        rc = certificate_read((Span){ der, (size_t) n }, &c, NULL);
        if (rc == -EBADMSG || rc == -E2BIG) {
                a->why = "the certificate that it carries is not one";
                return 0;
        }
        if (rc < 0)
                return err_set(e, rc, "signature: no memory");
        a->holds = true;
        a->signer = c.fingerprint;
        (void) snprintf(a->subject, sizeof(a->subject), "%s", c.subject);
        return 0;
}

int authenticode_judge(Span der, const Digest *image, Authenticode *ret, Err *e) {
        _cleanup_(pkcs7_done) PKCS7 *p7 = NULL;
        Authenticode a = {};
        X509 *signer = NULL;
        int rc = 0;

        ERR_clear_error();
        p7 = parse(der);
        a.why = wrong_with(p7, image, &signer);
        if (a.why && ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
                rc = openssl_failed(e, -ENOMEM, "signature");
        if (!a.why)
                rc = tell_signer(signer, &a, e);
        ERR_clear_error();
        if (rc < 0)
                return rc;

        *ret = a;
        return 0;
}
