/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/text.h"
#include "support/certs.h"
#include "support/libc.h"
#include "support/openssl.h"
#include "wire/limits.h"

_Static_assert((int) CERTIFICATE_DER_MAX == (int) CERTIFICATE_MAX, "one limit, one figure");
_Static_assert((int) CERTIFICATE_TEXT_MAX == (int) PEM_MAX, "one limit, one figure");

static Scratch scratch;

static int make(void **state) {
        (void) state;
        scratch = scratch_new();
        certs_make(&scratch, "first", "ec");
        certs_make(&scratch, "second", "ec");
        return scratch_tool(&scratch, "openssl", "x509", "-in", "first.pem", "-outform", "der",
                        "-out", "first.der");
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

static void pem_and_der_read_the_same(void **state) {
        _cleanup_(certificate_done) Certificate pem = CERTIFICATE_NONE, der = CERTIFICATE_NONE;
        _cleanup_(buf_done) Buf file = BUF_UP_TO(PEM_MAX);

        (void) state;
        certs_load(&scratch, "first", &pem);
        assert_int_equal(certificate_load(scratch_path(&scratch, "first.der").text, &der, NULL), 0);
        assert_true(span_equal(buf_span(&pem.der), buf_span(&der.der)));
        assert_true(span_equal(buf_span(&der.der), scratch_read(&scratch, "first.der", &file)));
        assert_true(digest_equal(&pem.fingerprint, &der.fingerprint));
        assert_string_equal(pem.subject, "CN=first");
}

/* Without looking at the key; and of anything shorter, longer or otherwise built it says no, or the
 * same, but never reads beyond it. */
static void the_subject_alone_is_the_same(void **state) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        char subject[SUBJECT_TEXT_SIZE];
        uint8_t *copy;
        Span der;

        (void) state;
        certs_load(&scratch, "first", &c);
        der = buf_span(&c.der);
        assert_int_equal(certificate_subject(der, subject, NULL), 1);
        assert_string_equal(subject, c.subject);
        for (size_t n = 0; n <= der.size + 1; n++) {
                copy = test_calloc(n + 1, 1);
                memcpy(copy, der.data, n < der.size ? n : der.size);
                assert_int_equal(certificate_subject((Span){ copy, n }, subject, NULL),
                                n == der.size);
                test_free(copy);
        }
        copy = test_malloc(der.size);
        for (size_t i = 0; i < der.size; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        memcpy(copy, der.data, der.size);
                        copy[i] ^= (uint8_t) (1u << bit);
                        assert_true(certificate_subject((Span){ copy, der.size }, subject, NULL) >=
                                        0);
                }
        test_free(copy);
}

static void lengths_that_der_does_not_have_are_refused(void **state) {
        static const Span cases[] = {
                SPAN_LITERAL("\x30\x80\x00\x00"),
                SPAN_LITERAL("\x30\x85\x00\x00\x00\x00\x01\x00"),
                SPAN_LITERAL("\x30\xff\xff\xff\xff\xff"),
                SPAN_LITERAL("\x30\x84\xff\xff\xff\xff"),
                {},
        };
        char subject[SUBJECT_TEXT_SIZE];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(certificate_subject(cases[i], subject, NULL), 0);
}

/* Whichever allocation fails, OpenSSL's among them: what found no memory is no bad certificate. */
static void no_memory_is_said_so(void **state) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(PEM_MAX);
        int failed = 1, n = 0;

        (void) state;
        (void) scratch_read(&scratch, "first.der", &der);
        for (; failed > 0; n++) {
                char subject[SUBJECT_TEXT_SIZE] = "";
                Err e = {};
                int rc;

                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = certificate_subject(buf_span(&der), subject, &e);
                failed = libc_heal();
                assert_int_equal(rc, failed > 0 ? -ENOMEM : 1);
                if (failed > 0)
                        assert_non_null(strstr(e.text, "no memory"));
                else
                        assert_string_equal(subject, "CN=first");
        }
        assert_true(n > 10);
}

static void the_fingerprint_is_sha256_of_the_der(void **state) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(buf_done) Buf hex = BUF_UP_TO(65);

        (void) state;
        certs_load(&scratch, "first", &c);
        assert_int_equal(scratch_tool(&scratch, "sha256sum", "first.der"), 0);
        text_hex(&hex, digest_span(&c.fingerprint));
        buf_byte(&hex, 0);
        assert_true(scratch_printed(&scratch, (const char *) hex.data));
}

static void of_several_the_first_is_taken(void **state) {
        static const char *const order[][3] = {
                { "second.key", "first.pem", "second.pem" },
                { "second.pem", "first.pem", "first.key" },
        };
        static const char *const subjects[] = { "CN=first", "CN=second" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(order); i++) {
                _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
                _cleanup_(buf_done) Buf text = BUF_UP_TO(PEM_MAX);

                buf_string(&text, "Words before it are not looked at.\n");
                for (size_t j = 0; j < 3; j++)
                        (void) scratch_read(&scratch, order[i][j], &text);
                assert_int_equal(certificate_read(buf_span(&text), &c, NULL), 0);
                assert_string_equal(c.subject, subjects[i]);
        }
}

static void put_pem(Buf *to, const char *name) {
        _cleanup_(buf_done) Buf pem = BUF_UP_TO(PEM_MAX);

        buf_bytes(to, scratch_read(&scratch, name, &pem));
}

static void all_of_a_file_are_loaded_in_their_order(void **state) {
        _cleanup_(certificate_list_done) CertificateList l = {};
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PEM_MAX);
        Err e = {};

        (void) state;
        buf_string(&text, "of the one\n");
        put_pem(&text, "second.pem");
        put_pem(&text, "first.key");
        put_pem(&text, "first.pem");
        scratch_write(&scratch, "all.pem", buf_span(&text));
        assert_int_equal(
                        certificate_list_load(scratch_path(&scratch, "all.pem").text, &l, NULL), 0);
        assert_int_equal(l.n, 2);
        assert_string_equal(l.list[0].subject, "CN=second");
        assert_string_equal(l.list[1].subject, "CN=first");
        assert_int_equal(certificate_list_load(scratch_path(&scratch, "first.der").text, &l, NULL),
                        0);
        assert_int_equal(l.n, 3);
        for (size_t n = l.n; n < CERTIFICATES_MAX; n++)
                assert_int_equal(certificate_list_load(
                                                 scratch_path(&scratch, "first.pem").text, &l, &e),
                                0);
        assert_int_equal(certificate_list_load(scratch_path(&scratch, "first.pem").text, &l, &e),
                        -E2BIG);
        assert_int_equal(l.n, CERTIFICATES_MAX);
        assert_non_null(strstr(e.text, "first.pem: more than 8 certificates"));
}

static void one_that_is_torn_spoils_them_all(void **state) {
        _cleanup_(certificate_list_done) CertificateList l = {};
        _cleanup_(buf_done) Buf text = BUF_UP_TO(PEM_MAX);

        (void) state;
        put_pem(&text, "second.pem");
        put_pem(&text, "first.pem");
        text.size -= 40;
        scratch_write(&scratch, "torn.pem", buf_span(&text));
        assert_int_equal(certificate_list_load(scratch_path(&scratch, "torn.pem").text, &l, NULL),
                        -EBADMSG);
}

/* What openssl shows of it begins behind the head of the whole, and ends where the algorithm of the
 * signature begins. */
static void what_was_signed_stands_first(void **state) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        Span der, part;

        (void) state;
        certs_load(&scratch, "first", &c);
        der = buf_span(&c.der);
        part = certificate_signed_part(der);
        assert_ptr_equal(part.data, der.data + 4);
        assert_int_equal(part.data[0], 0x30);
        assert_int_equal(part.size, 4u + part.data[2] * 256u + part.data[3]);
        for (size_t n = 0; n < der.size; n++)
                assert_int_equal(certificate_signed_part((Span){ der.data, n }).size, 0);
        assert_int_equal(certificate_signed_part(SPAN_LITERAL("\x30\x03\x31\x01\x00")).size, 0);
}

static void every_prefix_of_der_is_refused(void **state) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(PEM_MAX);
        Span bytes = scratch_read(&scratch, "first.der", &der);

        (void) state;
        for (size_t n = 0; n < bytes.size; n++) {
                Certificate c = CERTIFICATE_NONE;

                assert_int_equal(certificate_read((Span){ bytes.data, n }, &c, NULL), -EBADMSG);
                assert_null(c.der.data);
        }
}

static void every_prefix_of_pem_is_refused(void **state) {
        _cleanup_(buf_done) Buf pem = BUF_UP_TO(PEM_MAX);
        Span bytes = scratch_read(&scratch, "first.pem", &pem);

        (void) state;
        for (size_t n = 0; n < bytes.size - 1; n++) { /* the last line feed may be missing */
                Certificate c = CERTIFICATE_NONE;

                assert_int_equal(certificate_read((Span){ bytes.data, n }, &c, NULL), -EBADMSG);
                assert_null(c.der.data);
        }
}

static void bytes_behind_it_are_refused(void **state) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(PEM_MAX);
        Certificate c = CERTIFICATE_NONE;
        Err e = {};

        (void) state;
        (void) scratch_read(&scratch, "first.der", &der);
        buf_byte(&der, 0);
        assert_int_equal(certificate_read(buf_span(&der), &c, &e), -EBADMSG);
        assert_string_equal(e.text, "not a certificate: there are bytes behind it");
}

/* The outer SEQUENCE's length in one byte more than needed. */
static void another_encoding_of_the_same_is_refused(void **state) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(PEM_MAX), ber = BUF_UP_TO(PEM_MAX);
        Span bytes = scratch_read(&scratch, "first.der", &der);
        Certificate c = CERTIFICATE_NONE;
        Err e = {};

        (void) state;
        assert_int_equal(bytes.data[1], 0x82);
        buf_bytes(&ber, SPAN_LITERAL("\x30\x83\x00"));
        buf_bytes(&ber, span_from(bytes, 2));
        assert_int_equal(certificate_read(buf_span(&ber), &c, &e), -EBADMSG);
        assert_string_equal(e.text, "not a certificate: it is not encoded as DER demands");
}

static void a_file_is_named_when_it_is_none(void **state) {
        Certificate c = CERTIFICATE_NONE;
        Err e = {}, missing = {};

        (void) state;
        assert_int_equal(certificate_load(scratch_path(&scratch, "first.key").text, &c, &e),
                        -EBADMSG);
        assert_non_null(strstr(e.text, "/first.key: not a certificate: no -----BEGIN"));
        assert_int_equal(certificate_load("/nowhere/c.pem", &c, &missing), -ENOENT);
        assert_non_null(strstr(missing.text, "/nowhere/c.pem"));
}

static void too_large_a_file_is_refused(void **state) {
        _cleanup_(buf_done) Buf large = BUF_UP_TO(PEM_MAX + 1);
        Certificate c = CERTIFICATE_NONE;

        (void) state;
        buf_zeros(&large, PEM_MAX);
        assert_int_equal(certificate_read(buf_span(&large), &c, NULL), -EBADMSG);
        buf_byte(&large, 0);
        assert_int_equal(certificate_read(buf_span(&large), &c, NULL), -E2BIG);
}

/* Who made the certificate chose its subject: it must not drive a terminal, and a long one is cut.
 */
static void a_subject_is_safe_to_show(void **state) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;

        (void) state;
        assert_int_equal(scratch_tool(&scratch, "openssl", "req", "-x509", "-nodes", "-newkey",
                                         "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-utf8",
                                         "-subj", "/CN=a\x1b[2Jb\xe2\x80\xae/O=x", "-keyout",
                                         "odd.key", "-out", "odd.pem"),
                        0);
        certs_load(&scratch, "odd", &c);
        assert_string_equal(c.subject, "O=x,CN=a\\1B[2Jb\\E2\\80\\AE");
}

static void a_long_subject_is_cut(void **state) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        char subject[400] = "";

        (void) state;
        for (size_t n = 0; n < 350;)
                n += (size_t) snprintf(subject + n, sizeof(subject) - n,
                                "/OU=a-unit-with-quite-a-long-name-of-its-own");
        assert_int_equal(scratch_tool(&scratch, "openssl", "req", "-x509", "-nodes", "-newkey",
                                         "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj",
                                         subject, "-keyout", "long.key", "-out", "long.pem"),
                        0);
        certs_load(&scratch, "long", &c);
        assert_int_equal(strlen(c.subject), sizeof(c.subject) - 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pem_and_der_read_the_same),
                cmocka_unit_test(the_subject_alone_is_the_same),
                cmocka_unit_test(lengths_that_der_does_not_have_are_refused),
                cmocka_unit_test(no_memory_is_said_so),
                cmocka_unit_test(the_fingerprint_is_sha256_of_the_der),
                cmocka_unit_test(of_several_the_first_is_taken),
                cmocka_unit_test(all_of_a_file_are_loaded_in_their_order),
                cmocka_unit_test(one_that_is_torn_spoils_them_all),
                cmocka_unit_test(what_was_signed_stands_first),
                cmocka_unit_test(every_prefix_of_der_is_refused),
                cmocka_unit_test(every_prefix_of_pem_is_refused),
                cmocka_unit_test(bytes_behind_it_are_refused),
                cmocka_unit_test(another_encoding_of_the_same_is_refused),
                cmocka_unit_test(a_file_is_named_when_it_is_none),
                cmocka_unit_test(too_large_a_file_is_refused),
                cmocka_unit_test(a_subject_is_safe_to_show),
                cmocka_unit_test(a_long_subject_is_cut),
        };

        if (!openssl_from_libc())
                return 1;
        return cmocka_run_group_tests(tests, make, drop);
}
