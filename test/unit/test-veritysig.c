/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/text.h"
#include "port/cms.h"
#include "support/libc.h"
#include "support/testdata.h"
#include "wire/veritysig.h"

#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CERT "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define FULL                                                                                       \
        "{\"rootHash\":\"" HASH "\",\"certificateFingerprint\":\"" CERT                            \
        "\",\"signature\":\"MAMCAQE=\"}"
#define PKCS7 SPAN_LITERAL("\x30\x03\x02\x01\x01")

/* Texts that are taken; all say the same, some without the fingerprint. */
static const struct {
        Span text;
        bool has_fingerprint, has_unknown;
} good[] = {
        { SPAN_LITERAL(FULL), true, false },
        { SPAN_LITERAL(FULL "\0\0\0"), true, false },
        { SPAN_LITERAL(FULL "\n\0"), true, false },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":\"MAMCAQE=\"}"), false, false },
        { SPAN_LITERAL(" {\"signature\" : \"MAMCAQE=\" , \"rootHash\" : \"" HASH "\" } "), false,
                        false },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"org.avouch.tlogProof\":\"x\","
                       "\"signature\":\"MAMCAQE=\"}"),
                        false, false },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"\":1,\"signature\":\"MAMCAQE=\"}"), false,
                        true },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":\"MAMCAQE=\",\"new\":[{\"a\":1},"
                       "true,null,1.5e3]}"),
                        false, true },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":\"MAMC\\u0041QE=\"}"), false,
                        false },
};

static void systemds_members_are_read_and_others_passed_over(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++) {
                _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
                VeritySignature s;
                Err e = {};

                if (verity_signature_parse(good[i].text, &der, &s, &e) < 0)
                        fail_msg("%zu: %s", i, e.text);
                assert_int_equal(s.root_hash[31], 0xaa);
                assert_true(span_equal(s.pkcs7, PKCS7));
                assert_int_equal(s.has_unknown, good[i].has_unknown);
                assert_int_equal(s.has_fingerprint, good[i].has_fingerprint);
                if (s.has_fingerprint)
                        assert_int_equal(s.fingerprint[0], 0xbb);
        }
}

/* Texts that are refused, and why. */
static const struct {
        Span text;
        const char *said;
} bad[] = {
        { SPAN_LITERAL(""), "verity signature: " },
        { SPAN_LITERAL("\0\0\0"), "verity signature: " },
        { SPAN_LITERAL(FULL "\0x"), "bytes other than NUL behind the padding's beginning at byte" },
        { SPAN_LITERAL(FULL "\0" FULL), "bytes other than NUL behind the padding's beginning" },
        { SPAN_LITERAL(FULL FULL), "verity signature: " },
        { SPAN_LITERAL("[" FULL "]"), "rootHash is missing" },
        { SPAN_LITERAL("{}"), "rootHash is missing" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"rootHash\":\"" HASH
                       "\",\"signature\":\"MAMCAQE=\"}"),
                        "verity signature: " },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "aa\",\"signature\":\"MAMCAQE=\"}"),
                        "rootHash is missing, or not 64" },
        { SPAN_LITERAL("{\"rootHash\":\"A" HASH "\",\"signature\":\"MAMCAQE=\"}"),
                        "rootHash is missing, or not 64" },
        { SPAN_LITERAL("{\"rootHash\":1,\"signature\":\"MAMCAQE=\"}"), "rootHash is missing" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\"}"), "signature is missing, or not base64" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":\"\"}"), "signature is missing" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":[]}"), "signature is missing" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":\"MAMCAQE\"}"), "not base64" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":\"MAMCAQF=\"}"), "not base64" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":\"MAMC AQE=\"}"), "not base64" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"signature\":\"_-__\"}"), "not base64" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"certificateFingerprint\":\"bb:bb\","
                       "\"signature\":\"MAMCAQE=\"}"),
                        "certificateFingerprint is not 64" },
        { SPAN_LITERAL("{\"rootHash\":\"" HASH "\",\"certificateFingerprint\":null,"
                       "\"signature\":\"MAMCAQE=\"}"),
                        "certificateFingerprint is not 64" },
};

static void anything_else_is_refused_and_leaves_nothing(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
                VeritySignature s = { .root_hash = { 77 } };
                Err e = {};

                if (verity_signature_parse(bad[i].text, &der, &s, &e) != -EBADMSG)
                        fail_msg("%zu: taken", i);
                if (!strstr(e.text, bad[i].said))
                        fail_msg("%zu: said '%s'", i, e.text);
                assert_int_equal(s.root_hash[0], 77);
                assert_int_equal(der.size, 0);
        }
}

static void every_prefix_is_refused(void **state) {
        (void) state;
        for (size_t n = 0; n < sizeof(FULL) - 1; n++) {
                _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
                VeritySignature s;

                assert_int_equal(verity_signature_parse((Span){ (const uint8_t *) FULL, n }, &der,
                                                 &s, NULL),
                                -EBADMSG);
        }
}

static void limits_hold_and_what_fits_is_taken(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(VERITY_SIGNATURE_MAX + 1);
        _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX);
        VeritySignature s;
        Err e = {};

        (void) state;
        buf_string(&text, FULL);
        buf_zeros(&text, VERITY_SIGNATURE_MAX - text.size);
        assert_int_equal(verity_signature_parse(buf_span(&text), &der, &s, NULL), 0);
        buf_byte(&text, 0);
        assert_int_equal(verity_signature_parse(buf_span(&text), &der, &s, NULL), -E2BIG);
        buf_done(&text);
        buf_string(&text, "[");
        for (int i = 0; i < VERITY_SIGNATURE_TOKENS_MAX; i++)
                buf_string(&text, i == 0 ? "1" : ",1");
        buf_string(&text, "]");
        assert_int_equal(verity_signature_parse(buf_span(&text), &der, &s, &e), -E2BIG);
        assert_non_null(strstr(e.text, "more than 256 JSON values"));
}

static void the_pkcs7_has_a_limit_too(void **state) {
        (void) state;
        for (size_t size = CMS_MAX; size <= CMS_MAX + 1; size++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(VERITY_SIGNATURE_MAX);
                _cleanup_(buf_done) Buf der = BUF_UP_TO(CMS_MAX + 1), pkcs7 = BUF_UP_TO(size);
                VeritySignature s;

                buf_zeros(&pkcs7, size);
                buf_string(&text, "{\"rootHash\":\"" HASH "\",\"signature\":\"");
                text_base64(&text, buf_span(&pkcs7));
                buf_string(&text, "\"}");
                assert_int_equal(verity_signature_parse(buf_span(&text), &der, &s, NULL),
                                size == CMS_MAX ? 0 : -EBADMSG);
        }
}

static void it_is_written_as_systemd_writes_it(void **state) {
        for (int has = 0; has < 2; has++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * VERITY_SIGNATURE_SIZE);
                VeritySignature s = { .has_fingerprint = has, .pkcs7 = PKCS7 };
                const char *text = has ? FULL
                                       : "{\"rootHash\":\"" HASH "\",\"signature\":\"MAMCAQE=\"}";

                (void) state;
                memset(s.root_hash, 0xaa, sizeof(s.root_hash));
                memset(s.fingerprint, 0xbb, sizeof(s.fingerprint));
                assert_int_equal(verity_signature_write(&s, &b, NULL), 0);
                assert_int_equal(b.size, VERITY_SIGNATURE_SIZE);
                assert_string_equal((const char *) b.data, text);
                assert_true(span_is_zero((Span){ b.data + strlen(text), b.size - strlen(text) }));
        }
}

/* 16384 bytes less the members, in base64. */
static void a_signature_that_does_not_fit_is_refused(void **state) {
        enum { FITS = (VERITY_SIGNATURE_SIZE - 95) / 4 * 3 };
        uint8_t bytes[FITS + 3] = { 0x30 };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * VERITY_SIGNATURE_SIZE);
        VeritySignature s = { .pkcs7 = { bytes, FITS } };
        Err e = {};

        (void) state;
        assert_int_equal(verity_signature_write(&s, &b, NULL), 0);
        s.pkcs7.size++;
        assert_int_equal(verity_signature_write(&s, &b, &e), -E2BIG);
        assert_non_null(strstr(e.text, "does not fit a partition of 16384 bytes"));
        assert_int_equal(b.size, VERITY_SIGNATURE_SIZE);
}

static void a_buf_without_room_is_said(void **state) {
        _cleanup_(buf_done) Buf der = BUF_UP_TO(4), to = BUF_UP_TO(VERITY_SIGNATURE_SIZE - 1);
        VeritySignature s = { .pkcs7 = PKCS7 }, out;

        (void) state;
        assert_int_equal(verity_signature_parse(span_of(FULL), &der, &out, NULL), -E2BIG);
        assert_int_equal(verity_signature_write(&s, &to, NULL), -E2BIG);
}

/* Written whole, or said to have failed: not one byte is missing where memory was short. */
static void short_memory_is_said(void **state) {
        VeritySignature s = { .pkcs7 = PKCS7, .has_fingerprint = true };
        int n = 0, rc;

        (void) state;
        do {
                _cleanup_(buf_done) Buf to = BUF_UP_TO(VERITY_SIGNATURE_SIZE);

                libc_fail_after(LIBC_MEMORY, n++, ENOMEM, false);
                rc = verity_signature_write(&s, &to, NULL);
                assert_int_equal(rc, libc_heal() > 0 ? -ENOMEM : 0);
                assert_int_equal(to.size, rc < 0 ? 0 : VERITY_SIGNATURE_SIZE);
        } while (rc < 0);
        assert_true(n > 2);
}

/* What systemd-repart 262.1 wrote: read, judged, and written again as the same bytes. */
static void a_genuine_one_is_taken_and_holds(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(VERITY_SIGNATURE_SIZE), der = BUF_UP_TO(CMS_MAX);
        _cleanup_(buf_done) Buf again = BUF_UP_TO(VERITY_SIGNATURE_SIZE), hex = BUF_UP_TO(64);
        _cleanup_(buf_done) Buf pem = BUF_UP_TO(PEM_MAX);
        _cleanup_(certificate_done) Certificate c = CERTIFICATE_NONE;
        Span bytes = testdata_or_skip("systemd-262/verity-sig-partition-262.1.json", &b);
        VeritySignature s;
        bool holds = false;

        (void) state;
        assert_int_equal(verity_signature_parse(bytes, &der, &s, NULL), 0);
        assert_int_equal(certificate_read(testdata_or_skip("systemd-262/verity-cert.pem", &pem), &c,
                                         NULL),
                        0);
        assert_true(s.has_fingerprint);
        assert_memory_equal(s.fingerprint, c.fingerprint.bytes, 32);
        text_hex(&hex, (Span){ s.root_hash, sizeof(s.root_hash) });
        assert_int_equal(cms_judge(s.pkcs7, buf_span(&hex), &c, &holds, NULL), 0);
        assert_true(holds);

        assert_int_equal(verity_signature_write(&s, &again, NULL), 0);
        assert_true(span_starts(buf_span(&again), bytes));
        assert_true(span_is_zero(span_from(buf_span(&again), bytes.size)));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(systemds_members_are_read_and_others_passed_over),
                cmocka_unit_test(anything_else_is_refused_and_leaves_nothing),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(limits_hold_and_what_fits_is_taken),
                cmocka_unit_test(the_pkcs7_has_a_limit_too),
                cmocka_unit_test(it_is_written_as_systemd_writes_it),
                cmocka_unit_test(a_signature_that_does_not_fit_is_refused),
                cmocka_unit_test(a_buf_without_room_is_said),
                cmocka_unit_test(short_memory_is_said),
                cmocka_unit_test(a_genuine_one_is_taken_and_holds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
