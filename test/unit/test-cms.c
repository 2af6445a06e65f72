/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "port/cms.h"
#include "support/certs.h"
#include "wire/limits.h"

_Static_assert((int) CMS_DER_MAX == (int) CMS_MAX, "one limit, one figure");

#define CONTENT SPAN_LITERAL("68701ccee3107e542a19ded29a6693210344ba639bab7057521a1d503ab7062f")

static Scratch scratch;

/* rsa and other are strangers to each other; twin has rsa's issuer and serial, but another key. */
static int make(void **state) {
        (void) state;
        scratch = scratch_new();
        certs_make(&scratch, "rsa", "rsa:2048");
        certs_make(&scratch, "other", "rsa:2048");
        certs_make(&scratch, "ec", "ec");
        scratch_write(&scratch, "content", CONTENT);
        assert_int_equal(scratch_tool(&scratch, "sh", "-c",
                                         "openssl x509 -in rsa.pem -noout -serial | cut -d= -f2"),
                        0);
        return scratch_tool(&scratch, "sh", "-c",
                        "serial=$(openssl x509 -in rsa.pem -noout -serial | cut -d= -f2) && "
                        "openssl req -x509 -key other.key -subj /CN=rsa -set_serial 0x$serial "
                        "-out twin.pem");
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

/* With the key in a file. */
static int sign_with(
                const char *path, const Certificate *c, Buf *der, bool *ret_reproducible, Err *e) {
        _cleanup_(private_key_done) PrivateKey *key = NULL;
        int rc;

        rc = private_key_load(path, &(KeySource){}, &key, e);
        if (rc < 0)
                return rc;
        *ret_reproducible = private_key_repeats(key);
        return cms_sign(CONTENT, key, c, der, e);
}

static Span sign(const char *who, Buf *der, bool *ret_reproducible) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        char key[64];

        (void) snprintf(key, sizeof(key), "%s.key", who);
        certs_load(&scratch, who, &c);
        assert_int_equal(sign_with(scratch_path(&scratch, key).text, &c, der, ret_reproducible,
                                         NULL),
                        0);
        return buf_span(der);
}

static bool holds(Span der, Span content, const char *who) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        bool answer = true;
        Err e = {};

        certs_load(&scratch, who, &c);
        assert_int_equal(cms_judge(der, content, &c, &answer, &e), 0);
        assert_int_equal(e.code, 0);
        return answer;
}

static void what_is_signed_holds_for_its_signer_alone(void **state) {
        static const char *const signers[] = { "rsa", "ec" };
        static const char *const all[] = { "rsa", "other", "ec", "twin" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(signers); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
                bool reproducible;
                Span der = sign(signers[i], &b, &reproducible);

                for (size_t j = 0; j < ELEMENTS(all); j++)
                        assert_int_equal(holds(der, CONTENT, all[j]),
                                        strcmp(all[j], signers[i]) == 0);
        }
}

static void rsa_signs_the_same_again_and_ec_says_that_it_does_not(void **state) {
        static const struct {
                const char *who;
                bool same;
        } cases[] = { { "rsa", true }, { "ec", false } };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf a = BUF_UP_TO(CMS_MAX), b = BUF_UP_TO(CMS_MAX);
                bool one = !cases[i].same, two = !cases[i].same;

                assert_int_equal(span_equal(sign(cases[i].who, &a, &one),
                                                 sign(cases[i].who, &b, &two)),
                                cases[i].same);
                assert_int_equal(one, cases[i].same);
                assert_int_equal(two, cases[i].same);
        }
}

static void openssl_takes_what_we_sign(void **state) {
        static const char *const signers[] = { "rsa", "ec" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(signers); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
                bool reproducible;
                char pem[64];

                scratch_write(&scratch, "signature", sign(signers[i], &b, &reproducible));
                (void) snprintf(pem, sizeof(pem), "%s.pem", signers[i]);
                assert_int_equal(scratch_tool(&scratch, "openssl", "smime", "-verify", "-inform",
                                                 "der", "-in", "signature", "-content", "content",
                                                 "-binary", "-certfile", pem, "-nointern",
                                                 "-noverify"),
                                0);
                assert_int_equal(scratch_tool(&scratch, "openssl", "smime", "-verify", "-inform",
                                                 "der", "-in", "signature", "-content", "content",
                                                 "-binary", "-CAfile", pem, "-purpose", "any"),
                                0); /* with the certificate that is inside */
        }
}

/* Signatures that openssl makes, and whether each is of our form. */
static const struct {
        const char *what, *command;
        bool taken;
} made[] = {
        { "as systemd has it", "smime -sign -binary -noattr -signer rsa.pem -inkey rsa.key", true },
        { "without the certificate",
                        "smime -sign -binary -noattr -nocerts -signer rsa.pem -inkey rsa.key",
                        true },
        { "with a stranger's certificate too",
                        "smime -sign -binary -noattr -certfile other.pem -signer rsa.pem "
                        "-inkey rsa.key",
                        true },
        { "SHA-512", "smime -sign -binary -noattr -md sha512 -signer rsa.pem -inkey rsa.key",
                        true },
        { "CMS", "cms -sign -binary -noattr -signer rsa.pem -inkey rsa.key", true },
        { "SHA-1", "smime -sign -binary -noattr -md sha1 -signer rsa.pem -inkey rsa.key", false },
        { "with attributes", "smime -sign -binary -signer rsa.pem -inkey rsa.key", false },
        { "with the content inside",
                        "smime -sign -binary -noattr -nodetach -signer rsa.pem -inkey rsa.key",
                        false },
        { "indefinite lengths", "cms -sign -binary -noattr -stream -signer rsa.pem -inkey rsa.key",
                        false },
        { "two signers",
                        "smime -sign -binary -noattr -signer rsa.pem -inkey rsa.key "
                        "-signer other.pem -inkey other.key",
                        false },
        { "PSS",
                        "cms -sign -binary -noattr -signer rsa.pem -keyopt rsa_padding_mode:pss "
                        "-inkey rsa.key",
                        false },
        { "encrypted, not signed", "smime -encrypt -binary -aes128", false },
        { "another signer", "smime -sign -binary -noattr -signer other.pem -inkey other.key",
                        false },
};

static void only_one_form_holds(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(made); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
                char command[512];

                (void) snprintf(command, sizeof(command),
                                "openssl %s -in content -outform der -out made %s", made[i].command,
                                strstr(made[i].command, "-encrypt") ? "rsa.pem" : "");
                if (scratch_tool(&scratch, "sh", "-c", command) != 0)
                        fail_msg("%s: not made", made[i].what);
                if (holds(scratch_read(&scratch, "made", &b), CONTENT, "rsa") != made[i].taken)
                        fail_msg("%s: not %d", made[i].what, made[i].taken);
        }
}

static void the_certificate_that_it_carries_comes_out(void **state) {
        static const char *const signers[] = { "rsa", "ec" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(signers); i++) {
                _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE,
                                                        expected = CERTIFICATE_NONE;
                _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
                CmsCarried carried = CMS_UNFIT;
                bool reproducible;
                Span der = sign(signers[i], &b, &reproducible);

                assert_int_equal(cms_carried(der, &c, &carried, NULL), 0);
                assert_int_equal(carried, CMS_CARRIED);
                certs_load(&scratch, signers[i], &expected);
                assert_true(digest_equal(&c.fingerprint, &expected.fingerprint));
        }
}

/* Cut short, none at all, and one that the signer's is left out of. */
static void nothing_comes_out_where_none_is_carried(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX), bare = BUF_UP_TO(CMS_MAX);
        CmsCarried carried;
        bool reproducible;
        Span der = sign("rsa", &b, &reproducible);

        (void) state;
        assert_int_equal(scratch_tool(&scratch, "openssl", "smime", "-sign", "-nocerts", "-noattr",
                                         "-binary", "-in", "content", "-inkey", "rsa.key",
                                         "-signer", "rsa.pem", "-outform", "der", "-out", "bare"),
                        0);
        {
                const Span cases[] = { {}, { der.data, der.size - 1 }, { der.data, 100 },
                        scratch_read(&scratch, "bare", &bare) };

                for (size_t i = 0; i < ELEMENTS(cases); i++) {
                        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;

                        carried = CMS_CARRIED;
                        assert_int_equal(cms_carried(cases[i], &c, &carried, NULL), 0);
                        assert_int_equal(carried, i == 3 ? CMS_BARE : CMS_UNFIT);
                }
        }
}

static void another_content_does_not_hold(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
        bool reproducible;
        Span der = sign("rsa", &b, &reproducible);
        uint8_t content[64];

        (void) state;
        for (size_t i = 0; i < sizeof(content); i++) {
                memcpy(content, CONTENT.data, sizeof(content));
                content[i] ^= 1;
                assert_false(holds(der, (Span){ content, sizeof(content) }, "rsa"));
        }
        assert_false(holds(der, (Span){ CONTENT.data, 63 }, "rsa"));
        assert_false(holds(der, (Span){}, "rsa"));
        assert_false(holds(der,
                        SPAN_LITERAL("68701ccee3107e542a19ded29a6693210344ba639bab7057521a"
                                     "1d503ab7062f\n"),
                        "rsa"));
}

static void nothing_shorter_or_longer_holds(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * CMS_MAX);
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        bool answer = true, reproducible;
        Span der = sign("ec", &b, &reproducible);

        (void) state;
        certs_load(&scratch, "ec", &c);
        for (size_t n = 0; n < der.size; n++) {
                assert_int_equal(cms_judge((Span){ der.data, n }, CONTENT, &c, &answer, NULL), 0);
                assert_false(answer);
        }
        buf_byte(&b, 0);
        assert_false(holds(buf_span(&b), CONTENT, "ec"));
        buf_zeros(&b, CMS_MAX);
        assert_false(holds(buf_span(&b), CONTENT, "ec"));
        assert_false(holds(SPAN_LITERAL("garbage"), CONTENT, "ec"));
        /* SignedData by its name alone */
        assert_false(holds(SPAN_LITERAL("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
                        CONTENT, "ec"));
}

/* Only the certificate that is carried along may be changed: nobody looks at it. */
static void no_byte_of_what_counts_can_be_changed(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        bool answer = true, reproducible;
        Span der = sign("rsa", &b, &reproducible);
        const uint8_t *inside;

        (void) state;
        certs_load(&scratch, "rsa", &c);
        inside = memmem(der.data, der.size, c.der.data, c.der.size);
        assert_non_null(inside);
        for (size_t i = 0; i < der.size; i++) {
                bool carried = der.data + i >= inside && der.data + i < inside + c.der.size;

                b.data[i] ^= 1;
                assert_int_equal(cms_judge(der, CONTENT, &c, &answer, NULL), 0);
                if (answer && !carried)
                        fail_msg("byte %zu of %zu was changed unseen", i, der.size);
                b.data[i] ^= 1;
        }
        assert_true(holds(der, CONTENT, "rsa"));
}

static void a_key_that_is_not_the_certificates_is_refused(void **state) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
        bool reproducible = true;
        Err e = {};

        (void) state;
        certs_load(&scratch, "rsa", &c);
        assert_int_equal(sign_with(scratch_path(&scratch, "other.key").text, &c, &b, &reproducible,
                                         &e),
                        -EKEYREJECTED);
        assert_non_null(strstr(
                        e.text, "other.key: not the private key of the certificate of CN=rsa"));
        assert_int_equal(b.size, 0);
}

static void a_certificate_that_was_never_read_is_none(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);
        Certificate c = CERTIFICATE_NONE;
        bool answer = false, reproducible;

        (void) state;
        assert_int_equal(sign_with(scratch_path(&scratch, "rsa.key").text, &c, &b, &reproducible,
                                         NULL),
                        -EBADMSG);
        assert_int_equal(cms_judge(sign("rsa", &b, &reproducible), CONTENT, &c, &answer, NULL),
                        -EBADMSG);
        assert_false(answer);
}

/* Keys that cannot sign here, and how they are made. */
static const struct {
        const char *command;
        int rc;
        const char *said;
} bad_keys[] = {
        { "cp rsa.pem bad.key", -EBADMSG, "no private key in PEM" },
        { "openssl rsa -in rsa.key -aes128 -passout pass:word -out bad.key", -EBADMSG,
                        "no private key in PEM" },
        { "openssl genpkey -algorithm ed25519 -out bad.key", -EOPNOTSUPP, "neither an RSA nor" },
        { "rm -f bad.key", -ENOENT, "No such file" },
        { "head -c 300000 /dev/zero >bad.key", -E2BIG, "larger than" },
};

static void keys_that_cannot_sign_are_named(void **state) {
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        _cleanup_(buf_done) Buf b = BUF_UP_TO(CMS_MAX);

        (void) state;
        certs_load(&scratch, "rsa", &c);
        for (size_t i = 0; i < ELEMENTS(bad_keys); i++) {
                bool reproducible;
                Err e = {};

                assert_int_equal(scratch_tool(&scratch, "sh", "-c", bad_keys[i].command), 0);
                assert_int_equal(sign_with(scratch_path(&scratch, "bad.key").text, &c, &b,
                                                 &reproducible, &e),
                                bad_keys[i].rc);
                if (!strstr(e.text, "bad.key: ") || !strstr(e.text, bad_keys[i].said))
                        fail_msg("%s: said '%s'", bad_keys[i].command, e.text);
        }
        assert_int_equal(b.size, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_signed_holds_for_its_signer_alone),
                cmocka_unit_test(rsa_signs_the_same_again_and_ec_says_that_it_does_not),
                cmocka_unit_test(openssl_takes_what_we_sign),
                cmocka_unit_test(only_one_form_holds),
                cmocka_unit_test(the_certificate_that_it_carries_comes_out),
                cmocka_unit_test(nothing_comes_out_where_none_is_carried),
                cmocka_unit_test(another_content_does_not_hold),
                cmocka_unit_test(nothing_shorter_or_longer_holds),
                cmocka_unit_test(no_byte_of_what_counts_can_be_changed),
                cmocka_unit_test(a_key_that_is_not_the_certificates_is_refused),
                cmocka_unit_test(a_certificate_that_was_never_read_is_none),
                cmocka_unit_test(keys_that_cannot_sign_are_named),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
