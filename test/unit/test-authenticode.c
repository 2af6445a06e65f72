/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <string.h>

#include "port/authenticode.h"
#include "port/crypto.h"
#include "support/certs.h"
#include "wire/limits.h"

_Static_assert((int) AUTHENTICODE_DER_MAX == (int) CMS_MAX, "one limit, one figure");

static Scratch scratch;

static int make(void **state) {
        (void) state;
        scratch = scratch_new();
        certs_make(&scratch, "rsa", "rsa:2048");
        certs_make(&scratch, "other", "rsa:2048");
        certs_make(&scratch, "ec", "ec");
        return 0;
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

static Digest image_of(const char *text) {
        Digest d;

        assert_int_equal(hash_bytes(HASH_SHA256, span_of(text), &d, NULL), 0);
        return d;
}

static PrivateKey *key_of(const char *who) {
        PrivateKey *k = NULL;
        char name[64];

        (void) snprintf(name, sizeof(name), "%s.key", who);
        assert_int_equal(private_key_load(scratch_path(&scratch, name).text, &(KeySource){}, &k,
                                         NULL),
                        0);
        return k;
}

static Span sign(const char *who, const char *image, Buf *der) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(private_key_done) PrivateKey *k = key_of(who);
        Digest d = image_of(image);

        certs_load(&scratch, who, &c);
        assert_int_equal(authenticode_sign(&d, k, &c, NULL, der, NULL), 0);
        return buf_span(der);
}

static Authenticode judge(Span der, const char *image) {
        Digest d = image_of(image);
        Authenticode a;
        Err e = {};

        assert_int_equal(authenticode_judge(der, &d, &a, &e), 0);
        assert_int_equal(e.code, 0);
        return a;
}

static void what_is_signed_holds_for_its_image_and_names_its_signer(void **state) {
        static const char *const who[] = { "rsa", "ec" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(who); i++) {
                _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
                _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
                Authenticode a = judge(sign(who[i], "image", &der), "image");

                certs_load(&scratch, who[i], &c);
                assert_true(a.holds);
                assert_true(digest_equal(&a.signer, &c.fingerprint));
                assert_string_equal(a.subject, c.subject);
                a = judge(buf_span(&der), "another image");
                assert_false(a.holds);
                assert_string_equal(a.why, "it is of another image");
                assert_int_equal(a.signer.size, 0);
        }
}

static void rsa_gives_the_same_bytes_again(void **state) {
        _cleanup_(private_key_done) PrivateKey *rsa = key_of("rsa"), *ec = key_of("ec");
        _cleanup_(buf_done) Buf a = BUF_UP_TO(CMS_MAX), b = BUF_UP_TO(CMS_MAX);

        (void) state;
        assert_true(span_equal(sign("rsa", "image", &a), sign("rsa", "image", &b)));
        assert_true(private_key_repeats(rsa));
        assert_false(private_key_repeats(ec));
}

/* Nothing that says who signed what can be changed: another certificate is another signer, and what
 * OpenSSL does not look at are two version numbers and the name of an algorithm. */
static void no_byte_can_be_changed_unseen(void **state) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
        Authenticode first;
        size_t n_held = 0;

        (void) state;
        first = judge(sign("rsa", "image", &der), "image");
        for (size_t i = 0; i < der.size; i++) {
                Authenticode a;

                der.data[i] ^= 0x04;
                a = judge(buf_span(&der), "image");
                n_held += a.holds && digest_equal(&a.signer, &first.signer);
                der.data[i] ^= 0x04;
        }
        assert_in_range(n_held, 0, 2 + 9);
        for (size_t n = 0; n < der.size; n++)
                assert_false(judge((Span){ der.data, n }, "image").holds);
}

static void only_zeros_may_follow(void **state) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);

        (void) state;
        (void) sign("rsa", "image", &der);
        buf_zeros(&der, 7);
        assert_true(judge(buf_span(&der), "image").holds);
        der.data[der.size - 1] = 1;
        assert_false(judge(buf_span(&der), "image").holds);
        der.data[der.size - 1] = 0;
        buf_zeros(&der, 1);
        assert_string_equal(judge(buf_span(&der), "image").why, "it is no Authenticode signature");
}

/* A key that is elsewhere: openssl signs, and it is the same as if we had. */
static void a_signature_from_elsewhere_goes_in(void **state) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(1024), der = BUF_UP_TO(CMS_MAX),
                                ours = BUF_UP_TO(CMS_MAX), made = BUF_UP_TO(1024);
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        Digest d = image_of("image"), another = image_of("another image");
        Err e = {};

        (void) state;
        certs_load(&scratch, "rsa", &c);
        assert_int_equal(authenticode_to_sign(&d, &bytes, NULL), 0);
        scratch_write(&scratch, "bytes", buf_span(&bytes));
        assert_int_equal(scratch_tool(&scratch, "openssl", "dgst", "-sha256", "-sign", "rsa.key",
                                         "-out", "signature", "bytes"),
                        0);
        (void) scratch_read(&scratch, "signature", &made);
        assert_int_equal(authenticode_join(&d, &c, NULL, buf_span(&made), &der, NULL), 0);
        assert_true(span_equal(buf_span(&der), sign("rsa", "image", &ours)));

        buf_done(&der);
        assert_int_equal(
                        authenticode_join(&another, &c, NULL, buf_span(&made), &der, &e), -EBADMSG);
        assert_string_equal(e.text, "the signature is not of this image, by the key of the "
                                    "certificate of CN=rsa");
        assert_int_equal(authenticode_join(&d, &c, NULL, (Span){}, &der, NULL), -EBADMSG);
        certificate_done(&c);
        c = CERTIFICATE_NONE;
        certs_load(&scratch, "other", &c);
        assert_int_equal(authenticode_join(&d, &c, NULL, buf_span(&made), &der, NULL), -EBADMSG);
        assert_int_equal(der.size, 0);
}

static void a_key_of_another_certificate_is_refused(void **state) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(private_key_done) PrivateKey *k = key_of("other");
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
        Digest d = image_of("image");
        Err e = {};

        (void) state;
        certs_load(&scratch, "rsa", &c);
        assert_int_equal(authenticode_sign(&d, k, &c, NULL, &der, &e), -EKEYREJECTED);
        assert_non_null(strstr(
                        e.text, "other.key: not the private key of the certificate of CN=rsa"));
        assert_int_equal(der.size, 0);
}

/* Other things that are PKCS#7, or are not, and what is said of them. */
static const struct {
        const char *command, *said;
} strangers[] = {
        { "printf x >made", "it is no Authenticode signature" },
        { ": >made", "it is no Authenticode signature" },
        { "openssl smime -sign -binary -nodetach -signer rsa.pem -inkey rsa.key -in rsa.pem "
          "-outform der -out made",
                        "it is no Authenticode signature" },
        { "openssl smime -encrypt -binary -aes128 -in rsa.pem -outform der -out made rsa.pem",
                        "it is no Authenticode signature" },
        { "openssl crl2pkcs7 -nocrl -certfile rsa.pem -outform der -out made",
                        "it is no Authenticode signature" },
};

static void strangers_do_not_hold(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(strangers); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
                Authenticode a;

                assert_int_equal(scratch_tool(&scratch, "sh", "-c", strangers[i].command), 0);
                a = judge(scratch_read(&scratch, "made", &b), "image");
                assert_false(a.holds);
                assert_string_equal(a.why, strangers[i].said);
        }
}

/* A provider that every OpenSSL has reads files, too: the way is the same to one that does not. */
static void keys_come_from_providers(void **state) {
        _cleanup_(private_key_done) PrivateKey *k = NULL;
        _cleanup_(buf_done) Buf a = BUF_UP_TO(1024), b = BUF_UP_TO(1024);
        _cleanup_(private_key_done) PrivateKey *file = key_of("rsa");
        char uri[PATH_MAX + 8];
        Err e = {};

        (void) state;
        (void) snprintf(uri, sizeof(uri), "file:%s", scratch_path(&scratch, "rsa.key").text);
        assert_int_equal(private_key_load(uri, &(KeySource){ .provider = "default" }, &k, NULL), 0);
        assert_int_equal(private_key_sign(k, HASH_SHA256, SPAN_LITERAL("x"), &a, NULL), 0);
        assert_int_equal(private_key_sign(file, HASH_SHA256, SPAN_LITERAL("x"), &b, NULL), 0);
        assert_true(span_equal(buf_span(&a), buf_span(&b)));

        private_key_done(&k);
        assert_int_equal(private_key_load(uri, &(KeySource){ .provider = "nobody" }, &k, &e),
                        -ENOENT);
        assert_non_null(strstr(e.text, "rsa.key: OpenSSL has no such provider: "));
        e = (Err){};
        assert_int_equal(private_key_load("file:/nowhere", &(KeySource){ .provider = "default" },
                                         &k, &e),
                        -ENOKEY);
        e = (Err){};
        assert_int_equal(
                        private_key_load("x", &(KeySource){ .engine = "nobody" }, &k, &e), -ENOENT);
        assert_non_null(strstr(e.text, "x: OpenSSL has no such engine: "));
        e = (Err){};
        assert_int_equal(private_key_load("x", &(KeySource){ .engine = "a", .provider = "b" }, &k,
                                         &e),
                        -EINVAL);
        assert_null(k);
}

static void sha1_is_not_signed_with(void **state) {
        _cleanup_(private_key_done) PrivateKey *k = key_of("rsa");
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);

        (void) state;
        assert_int_equal(private_key_sign(k, HASH_SHA1, SPAN_LITERAL("x"), &b, NULL), -EOPNOTSUPP);
        assert_int_equal(b.size, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_signed_holds_for_its_image_and_names_its_signer),
                cmocka_unit_test(rsa_gives_the_same_bytes_again),
                cmocka_unit_test(no_byte_can_be_changed_unseen),
                cmocka_unit_test(only_zeros_may_follow),
                cmocka_unit_test(a_signature_from_elsewhere_goes_in),
                cmocka_unit_test(a_key_of_another_certificate_is_refused),
                cmocka_unit_test(strangers_do_not_hold),
                cmocka_unit_test(keys_come_from_providers),
                cmocka_unit_test(sha1_is_not_signed_with),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
