/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/x509.h"

#include <assert.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cursor.h"
#include "base/file.h"

static void bio_done(BIO **p) {
        BIO_free_all(*p);
}

static void x509_done(X509 **p) {
        X509_free(*p);
}

static void name_done(X509_NAME **p) {
        X509_NAME_free(*p);
}

static void memory_done(unsigned char **p) {
        OPENSSL_free(*p);
}

/* Also empties OpenSSL's queue, so that no later failure is told with an old reason. What found no
 * memory is no damage. */
static int no_certificate(Err *e, const char *why) {
        bool no_memory = false;

        for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error())
                no_memory = no_memory || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
        if (no_memory)
                return err_set(e, -ENOMEM, "OpenSSL: no memory for a certificate");
        return err_set(e, -EBADMSG, "not a certificate: %s", why);
}

/* RFC 2253 with everything but visible ASCII escaped, so that it can be shown as it stands. */
static int write_name(const X509_NAME *name, char *to, size_t size, Err *e) {
        _cleanup_(bio_done) BIO *bio = BIO_new(BIO_s_mem());
        int n;

        if (!bio)
                return err_set(e, -ENOMEM, "OpenSSL: no memory for a name");
        if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0)
                return no_certificate(e, "its subject cannot be read");
        n = BIO_read(bio, to, (int) size - 1);
        to[n > 0 ? n : 0] = '\0';
        return 0;
}

/* der is what ret->der shall hold, or is refused. */
static int read_der(Span der, Certificate *ret, Err *e) {
        _cleanup_(x509_done) X509 *x = NULL;
        _cleanup_(memory_done) unsigned char *again = NULL;
        const unsigned char *at = der.data;
        unsigned fingerprint_size = 0;
        int n;

        if (der.size > CERTIFICATE_DER_MAX)
                return err_set(e, -E2BIG, "certificate: larger than %d bytes", CERTIFICATE_DER_MAX);
        x = d2i_X509(NULL, &at, (long) der.size);
        if (!x)
                return no_certificate(e, "its DER cannot be read");
        if (at != der.data + der.size)
                return no_certificate(e, "there are bytes behind it");
        n = i2d_X509(x, &again);
        if (n < 0 || !span_equal((Span){ again, (size_t) n }, der))
                return no_certificate(e, "it is not encoded as DER demands");

        ret->fingerprint = digest_zero(HASH_SHA256);
        if (X509_digest(x, EVP_sha256(), ret->fingerprint.bytes, &fingerprint_size) != 1)
                return err_set(e, -EIO, "OpenSSL cannot hash a certificate");
        assert(fingerprint_size == ret->fingerprint.size);
        buf_bytes(&ret->der, der);
        if (ret->der.failed < 0)
                return err_set(e, ret->der.failed, "certificate: no memory");
        return write_name(X509_get_subject_name(x), ret->subject, sizeof(ret->subject), e);
}

/* The bytes of the first CERTIFICATE in a PEM text; *der is NULL where there is none. Other things
 * in the text are passed over. */
static int first_in_pem(Span text, unsigned char **der, long *size, Err *e) {
        _cleanup_(bio_done) BIO *bio = BIO_new_mem_buf(
                        text.size > 0 ? (const void *) text.data : "", (int) text.size);
        int ok;

        if (!bio)
                return err_set(e, -ENOMEM, "OpenSSL: no memory for a certificate");
        do {
                _cleanup_(memory_done) unsigned char *name = NULL, *header = NULL, *data = NULL;

                ok = PEM_read_bio(bio, (char **) &name, (char **) &header, &data, size);
                if (ok == 1 && strcmp((char *) name, PEM_STRING_X509) == 0) {
                        *der = data;
                        data = NULL;
                        return 0;
                }
        } while (ok == 1);
        return no_certificate(e, "no -----BEGIN CERTIFICATE----- that is well-formed, and no DER");
}

int certificate_read(Span text, Certificate *ret, Err *e) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(memory_done) unsigned char *der = NULL;
        long size = 0;
        int rc;

        if (text.size > CERTIFICATE_TEXT_MAX)
                return err_set(e, -E2BIG, "certificate: larger than %d bytes",
                                CERTIFICATE_TEXT_MAX);

        ERR_clear_error();
        /* a SEQUENCE with a long length, which no text begins with */
        if (text.size >= 2 && text.data[0] == 0x30 && text.data[1] >= 0x80) {
                rc = read_der(text, &c, e);
        } else {
                rc = first_in_pem(text, &der, &size, e);
                if (rc == 0)
                        rc = read_der((Span){ der, (size_t) size }, &c, e);
        }
        if (rc < 0)
                return rc;

        *ret = c;
        c = CERTIFICATE_NONE;
        return 0;
}

int certificate_load(const char *path, Certificate *ret, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CERTIFICATE_TEXT_MAX);
        int rc;

        rc = file_read(path, &text, e);
        if (rc < 0)
                return rc;
        rc = certificate_read(buf_span(&text), ret, e);
        if (rc < 0)
                err_at(e, path);
        return rc;
}

/* To the next certificate of a PEM text, behind the first in it. */
static bool step(Span *rest) {
        static const char begin[] = "-----BEGIN " PEM_STRING_X509 "-----";
        const size_t n = sizeof(begin) - 1;
        const uint8_t *at = memmem(rest->data, rest->size, begin, n),
                      *end = rest->data + rest->size;

        if (at)
                at = memmem(at + n, (size_t) (end - at) - n, begin, n);
        if (at)
                *rest = (Span){ at, (size_t) (end - at) };
        return at != NULL;
}

int certificate_list_load(const char *path, CertificateList *ret, Err *e) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(CERTIFICATE_TEXT_MAX);
        Span rest;
        int rc;

        rc = file_read(path, &text, e);
        if (rc < 0)
                return rc;
        rest = buf_span(&text);
        do {
                if (ret->n == CERTIFICATES_MAX)
                        return err_set(e, -E2BIG, "%s: more than %d certificates", path,
                                        CERTIFICATES_MAX);
                ret->list[ret->n] = CERTIFICATE_NONE;
                rc = certificate_read(rest, &ret->list[ret->n], e);
                if (rc < 0) {
                        err_at(e, path);
                        return rc;
                }
                ret->n++;
        } while (step(&rest));
        return 0;
}

void certificate_list_done(CertificateList *c) {
        for (size_t i = 0; i < c->n; i++)
                certificate_done(&c->list[i]);
        c->n = 0;
}

enum { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30, DER_VERSION = 0xa0 };

/* An element of this type, with its head or without (X.690, section 8.1). c fails where another
 * one stands. */
static Span read_element(Cursor *c, uint8_t tag, bool with_head) {
        Span from = cursor_rest(c), content;
        size_t size;

        if (cursor_u8(c) != tag)
                cursor_reject(c, "another element than belongs there");
        size = cursor_u8(c);
        if (size == 0x80 || size > 0x84)
                cursor_reject(c, "a length that no certificate has");
        if (size > 0x80) {
                size_t n = size - 0x80;

                for (size = 0; n > 0; n--)
                        size = size << 8 | cursor_u8(c);
        }
        content = cursor_bytes(c, size);
        return with_head ? (Span){ from.data, from.size - cursor_left(c) } : content;
}

Span certificate_signed_part(Span der) {
        Cursor c = cursor_over(der), in = cursor_over(read_element(&c, DER_SEQUENCE, false));
        Span tbs = read_element(&in, DER_SEQUENCE, true);

        return cursor_failed(&c) || cursor_failed(&in) ? (Span){} : tbs;
}

/* RFC 5280, section 4.1: the subject with its head. */
static Span find_subject(Span der) {
        Cursor c = cursor_over(der), in, tbs;
        Span subject;

        in = cursor_over(read_element(&c, DER_SEQUENCE, false));
        tbs = cursor_over(read_element(&in, DER_SEQUENCE, false));
        (void) read_element(&in, DER_SEQUENCE, false);
        (void) read_element(&in, DER_BIT_STRING, false);
        if (span_starts(cursor_rest(&tbs), SPAN_LITERAL("\xa0")))
                (void) read_element(&tbs, DER_VERSION, false);
        (void) read_element(&tbs, DER_INTEGER, false);  /* serialNumber */
        (void) read_element(&tbs, DER_SEQUENCE, false); /* signature */
        (void) read_element(&tbs, DER_SEQUENCE, false); /* issuer */
        (void) read_element(&tbs, DER_SEQUENCE, false); /* validity */
        subject = read_element(&tbs, DER_SEQUENCE, true);
        (void) read_element(&tbs, DER_SEQUENCE, false); /* subjectPublicKeyInfo */
        if (cursor_failed(&tbs) || cursor_end(&in, "", NULL) < 0 || cursor_end(&c, "", NULL) < 0)
                return (Span){};
        return subject;
}

int certificate_subject(Span der, char subject[static SUBJECT_TEXT_SIZE], Err *e) {
        Span found = find_subject(der);
        const unsigned char *at = found.data;
        _cleanup_(name_done) X509_NAME *name = NULL;
        Err why = {};
        int rc;

        if (found.size == 0)
                return 0;
        ERR_clear_error();
        name = d2i_X509_NAME(NULL, &at, (long) found.size);
        if (name && at == found.data + found.size)
                rc = write_name(name, subject, SUBJECT_TEXT_SIZE, &why);
        else
                rc = no_certificate(&why, "its subject cannot be read");
        if (rc == -ENOMEM)
                return err_set(e, rc, "%s", why.text);
        return rc == 0 ? 1 : 0;
}

void certificate_done(Certificate *c) {
        buf_done(&c->der);
}
