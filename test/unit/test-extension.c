/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <time.h>

#include "layer/extension.h"
#include "support/certs.h"
#include "support/image.h"

enum { DAY = 24 * 60 * 60 };

static Scratch scratch;

/* An issuer, and what it issued: signer for data, mailer for mail, chained by one between. */
static int make(void **state) {
        (void) state;
        scratch = scratch_new();
        certs_make(&scratch, "plain", "rsa:2048");
        certs_make(&scratch, "stranger", "rsa:2048");
        certs_make(&scratch, "ca", "rsa:2048");
        assert_int_equal(
                        scratch_tool(&scratch, "sh", "-c",
                                        "set -e; issue() { openssl req -new -nodes -newkey rsa:$4 -keyout $1.key "
                                        "-subj /CN=$1 -out csr; printf \"$3\" >ext; openssl x509 -req -in csr "
                                        "-CA $2.pem -CAkey $2.key -CAcreateserial -days 2 -extfile ext -out $1.pem; }\n"
                                        "issue signer ca 'keyUsage=digitalSignature' 2048\n"
                                        "issue code ca 'extendedKeyUsage=codeSigning' 2048\n"
                                        "issue mailer ca 'extendedKeyUsage=emailProtection' 2048\n"
                                        "issue crl ca 'keyUsage=cRLSign' 2048\n"
                                        "issue weak ca 'keyUsage=digitalSignature' 1024\n"
                                        "issue below signer 'keyUsage=digitalSignature' 2048\n"
                                        "mkdir folder; cp ca.pem folder/ca.crt; cp plain.pem folder/plain.crt; "
                                        "echo no certificate >folder/README"),
                        0);
        image_make(&scratch, "unsigned.raw", "", NULL);
        return 0;
}

static int drop(void **state) {
        (void) state;
        scratch_done(&scratch);
        return 0;
}

/* What is asked by default: a signature of the ca, or of plain. */
static Demands demands(void) {
        Demands d = { .signature = true, .system = SYSTEM_NONE, .now = time(NULL) };

        buf_string(&d.system.release, "ID=debian\nVERSION_ID=12\n");
        assert_int_equal(anchors_add(&d.anchors, scratch_path(&scratch, "folder").text, NULL), 0);
        assert_int_equal(anchors_add(&d.anchors, scratch_path(&scratch, "none").text, NULL), 0);
        assert_int_equal(d.anchors.n, 2);
        return d;
}

static void demands_done(Demands *d) {
        anchors_done(&d->anchors);
        system_done(&d->system);
}

static void open_as(const char *name, LeafType type, const Demands *d, Extension *ret) {
        Candidate c = { .type = type };

        (void) snprintf(c.entry, sizeof(c.entry), "%s/%s", scratch.folder, name);
        assert_int_equal(extension_open(&c, d, ret, NULL), 0);
}

static void assert_fits(const char *name, const Demands *d) {
        _cleanup_(extension_done) Extension x;

        open_as(name, LEAF_SYSEXT, d, &x);
        assert_string_equal(x.why, "");
        assert_true(x.fits && x.opened);
        assert_int_equal(x.has_signer, d->signature);
}

static void assert_refused(const char *name, const Demands *d, const char *why) {
        _cleanup_(extension_done) Extension x;

        open_as(name, LEAF_SYSEXT, d, &x);
        assert_false(x.fits);
        if (!strstr(x.why, why))
                assert_string_equal(x.why, why);
        assert_null(strstr(x.why, scratch.folder)); /* whose reason it is, is told elsewhere */
}

static void a_signature_leads_to_what_is_trusted(void **state) {
        static const char *const signers[] = { "plain", "signer", "code" };
        _cleanup_(demands_done) Demands d = demands();

        (void) state;
        for (size_t i = 0; i < ELEMENTS(signers); i++) {
                _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
                _cleanup_(extension_done) Extension x;

                image_make(&scratch, "x.raw", "", signers[i]);
                assert_fits("x.raw", &d);
                certs_load(&scratch, signers[i], &c);
                open_as("x.raw", LEAF_SYSEXT, &d, &x);
                assert_true(digest_equal(&x.signer, &c.fingerprint));
        }
}

static void whoever_else_signed_it_is_refused(void **state) {
        static const struct {
                const char *signer, *why;
        } cases[] = {
                { "stranger", "it is signed by \"CN=stranger\", who is not to be believed: self-signed certificate" },
                { "mailer", "not for signing data" },
                { "crl", "not for signing data" },
                { "weak", "key too weak" },
                { "below", "who is not to be believed: unable to get local issuer certificate" },
        };
        _cleanup_(demands_done) Demands d = demands();

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                image_make(&scratch, "x.raw", "", cases[i].signer);
                assert_refused("x.raw", &d, cases[i].why);
        }
        /* one that issues nothing vouches for nobody, though it be trusted itself */
        assert_int_equal(anchors_add(&d.anchors, scratch_path(&scratch, "mailer.pem").text, NULL),
                        0);
        assert_int_equal(anchors_add(&d.anchors, scratch_path(&scratch, "signer.pem").text, NULL),
                        0);
        image_make(&scratch, "x.raw", "", "below");
        assert_refused("x.raw", &d, "invalid CA certificate");
        image_make(&scratch, "x.raw", "", "mailer");
        assert_refused("x.raw", &d, "not for signing data");
}

static void a_certificate_has_its_time(void **state) {
        _cleanup_(demands_done) Demands d = demands();

        (void) state;
        image_make(&scratch, "x.raw", "", "signer");
        d.now += 3 * DAY;
        assert_refused("x.raw", &d, "certificate has expired");
        d.now -= 4 * DAY;
        assert_refused("x.raw", &d, "certificate is not yet valid");
        d.now += DAY + 60;
        assert_fits("x.raw", &d);
}

static void a_signature_is_asked_for_by_who_wants_one(void **state) {
        _cleanup_(demands_done) Demands d = demands();

        (void) state;
        assert_refused("unsigned.raw", &d, "it is not signed");
        d.signature = false;
        assert_fits("unsigned.raw", &d);
        d.signature = true;
        anchors_done(&d.anchors);
        image_make(&scratch, "x.raw", "", "plain");
        assert_refused("x.raw", &d, "there is no certificate to judge its signature by");
}

/* As openssl smime -nocerts leaves it: only who is trusted himself can have signed it. */
static void a_signature_may_carry_no_certificate(void **state) {
        _cleanup_(demands_done) Demands d = demands();
        _cleanup_(extension_done) Extension x;
        Candidate c = { .type = LEAF_SYSEXT };

        (void) state;
        image_make(&scratch, "x.raw", "", "plain");
        assert_int_equal(scratch_tool(&scratch, "openssl", "smime", "-sign", "-binary", "-noattr",
                                         "-nocerts", "-in", "root-hash", "-signer", "plain.pem",
                                         "-inkey", "plain.key", "-outform", "der", "-out", "bare"),
                        0);
        (void) snprintf(c.entry, sizeof(c.entry), "%s/x.raw", scratch.folder);
        assert_int_equal(extension_open(&c, &d, &x, NULL), 0);
        buf_done(&x.layer.pkcs7);
        (void) scratch_read(&scratch, "bare", &x.layer.pkcs7);
        assert_int_equal(layer_signer(&x.layer, &d.anchors, d.now, &x.signer, NULL), 0);
        assert_int_equal(layer_signer(&x.layer, &d.anchors, d.now + 3 * DAY, &x.signer, NULL),
                        -EKEYREJECTED);
        anchors_done(&d.anchors);
        assert_int_equal(anchors_add(&d.anchors, scratch_path(&scratch, "ca.pem").text, NULL), 0);
        assert_int_equal(layer_signer(&x.layer, &d.anchors, d.now, &x.signer, NULL), -EKEYREJECTED);
}

/* By who is trusted, and with his certificate, but not of this image. */
static void a_signature_of_another_image_does_not_hold(void **state) {
        _cleanup_(demands_done) Demands d = demands();
        _cleanup_(extension_done) Extension x;
        Err e = {};

        (void) state;
        image_make(&scratch, "x.raw", "", "plain");
        open_as("x.raw", LEAF_SYSEXT, &d, &x);
        assert_true(x.fits);
        assert_int_equal(scratch_tool(&scratch, "openssl", "smime", "-sign", "-binary", "-noattr",
                                         "-in", "plain.pem", "-signer", "plain.pem", "-inkey",
                                         "plain.key", "-outform", "der", "-out", "another"),
                        0);
        buf_done(&x.layer.pkcs7);
        (void) scratch_read(&scratch, "another", &x.layer.pkcs7);
        assert_int_equal(layer_signer(&x.layer, &d.anchors, d.now, &x.signer, &e), -EKEYREJECTED);
        assert_non_null(strstr(e.text, "its signature does not hold"));
}

static void what_was_changed_after_signing_is_refused(void **state) {
        _cleanup_(demands_done) Demands d = demands();
        uint64_t data, hash, signature, size = 0;

        (void) state;
        image_make(&scratch, "x.raw", "", "plain");
        data = image_part(&scratch, "data", &size);
        hash = image_part(&scratch, "hash", NULL);
        signature = image_part(&scratch, "signature", NULL);
        assert_fits("x.raw", &d);

        image_flip(&scratch, "x.raw", data + size / 2, 1); /* some file's content */
        assert_fits("x.raw", &d);
        d.content = true;
        assert_refused("x.raw", &d, "is not what its hash says");
        image_flip(&scratch, "x.raw", data + size / 2, 1);
        assert_fits("x.raw", &d);
        image_flip(&scratch, "x.raw", hash + VERITY_BLOCK, 1); /* the top of the tree */
        assert_refused("x.raw", &d, "root hash");
        image_flip(&scratch, "x.raw", hash + VERITY_BLOCK, 1);
        image_flip(&scratch, "x.raw", signature + 220, 1);
        assert_refused("x.raw", &d, "sign");
}

static void only_extensions_of_the_class_are_taken(void **state) {
        _cleanup_(demands_done) Demands d = demands();
        _cleanup_(extension_done) Extension x, y;
        Candidate c = { .type = LEAF_SYSEXT, .is_folder = true };

        (void) state;
        d.signature = false;
        open_as("unsigned.raw", LEAF_CONFEXT, &d, &x);
        assert_string_equal(x.why, "it is no confext inside, but a sysext");
        assert_refused("plain.pem", &d, "no layer");
        assert_refused("nothing", &d, "No such file");
        assert_int_equal(extension_open(&c, &d, &y, NULL), 0);
        assert_string_equal(y.why, "it is a folder: without a root hash to be known by");
        buf_done(&d.system.release);
        buf_string(&d.system.release, "ID=debian\n");
        d.system.initrd = true;
        assert_refused("unsigned.raw", &d, "it is made for another system: SYSEXT_SCOPE=");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_signature_leads_to_what_is_trusted),
                cmocka_unit_test(whoever_else_signed_it_is_refused),
                cmocka_unit_test(a_certificate_has_its_time),
                cmocka_unit_test(a_signature_is_asked_for_by_who_wants_one),
                cmocka_unit_test(a_signature_may_carry_no_certificate),
                cmocka_unit_test(a_signature_of_another_image_does_not_hold),
                cmocka_unit_test(what_was_changed_after_signing_is_refused),
                cmocka_unit_test(only_extensions_of_the_class_are_taken),
        };

        return cmocka_run_group_tests(tests, make, drop);
}
