/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "support/edit.h"
#include "wire/bundle.h"

#define HEX_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define AK "000b" HEX_32
#define NONCE "00112233445566778899aabbccddeeff"

static const char bundle[] =
                "{\"__cmwc_t\":\"tag:avouch,2026:evidence/v1\","
                "\"avouch-log\":[\"application/vnd.avouch.avouch-log+json-seq\",\"HgoB\",4],"
                "\"firmware-log\":[\"application/octet-stream\",\"\",4],"
                "\"manifest\":[\"application/vnd.avouch.manifest+json\",\"e30\",4],"
                "\"tpm\":[\"application/vnd.avouch.tpm+json\",\"WzFd\",4]}";

static const char manifest[] = "{\"ak\":\"" AK "\",\"avouch\":1,\"created\":1700000000000000,"
                               "\"nonce\":\"" NONCE "\",\"parts\":{"
                               "\"avouch-log\":{\"sha256\":\"" HEX_32 "\",\"size\":3},"
                               "\"firmware-log\":{\"sha256\":\"" HEX_32 "\",\"size\":33554432}}}";

typedef struct Spoiled {
        const char *old, *new, *why;
} Spoiled;

static void parts_are_decoded_by_label(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64);
        Bundle b;

        (void) state;
        buf_string(&into, "what was there before");
        assert_int_equal(bundle_parse(span_of(bundle), &into, &b, NULL), 0);
        assert_true(b.has[PART_AVOUCH_LOG]);
        assert_true(span_is(b.parts[PART_AVOUCH_LOG], "\x1e\n\x01"));
        assert_true(b.has[PART_FIRMWARE_LOG]);
        assert_int_equal(b.parts[PART_FIRMWARE_LOG].size, 0);
        assert_true(span_is(b.parts[PART_MANIFEST], "{}"));
        assert_true(span_is(b.parts[PART_TPM], "[1]"));
        assert_false(b.has[PART_HISTORY]);
        assert_false(b.has[PART_INVALID]);
        assert_null(b.parts[PART_FIRMWARE_LOG].data); /* nothing lies nowhere */
        assert_null(b.parts[PART_HISTORY].data);
}

static void a_bundle_may_be_spelled_otherwise(void **state) {
        static const char text[] =
                        "\n{ \"tpm\" : [\"application\\/vnd.avouch.tpm+json\", \"WzFd\", 4],\n"
                        "  \"manifest\": [\"application/vnd.avouch.manifest+json\", \"e30\", 4],\n"
                        "  \"__cmwc_t\": \"tag:avouch,2026:evidence\\u002fv1\" }\n";
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64);
        Bundle b;

        (void) state;
        assert_int_equal(bundle_parse(span_of(text), &into, &b, NULL), 0);
        assert_true(span_is(b.parts[PART_MANIFEST], "{}"));
        assert_true(span_is(b.parts[PART_TPM], "[1]"));
}

static void every_part_is_written_and_read_again(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), into = BUF_UP_TO(1024);
        Bundle b = {}, again;

        (void) state;
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++) {
                assert_non_null(bundle_label_name(label));
                b.has[label] = true;
                b.parts[label] = span_of(bundle_label_name(label));
        }
        bundle_write(&b, &text);
        assert_int_equal(bundle_parse(buf_span(&text), &into, &again, NULL), 0);
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++) {
                assert_true(again.has[label]);
                assert_true(span_equal(b.parts[label], again.parts[label]));
        }
        assert_null(bundle_label_name(PART_INVALID));
        assert_null(bundle_label_name(_PART_MAX));
        assert_null(bundle_label_name((BundleLabel) 100000000)); /* far beyond any table */
}

static void a_bundle_is_written_canonically(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), into = BUF_UP_TO(64);
        Bundle b;

        (void) state;
        assert_int_equal(bundle_parse(span_of(bundle), &into, &b, NULL), 0);
        bundle_write(&b, &text);
        assert_true(span_is(buf_span(&text), bundle));
}

static void every_prefix_of_a_bundle_is_refused(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64);
        Bundle b;

        (void) state;
        for (size_t i = 0; i < sizeof(bundle) - 1; i++) {
                buf_done(&into);
                assert_int_equal(bundle_parse((Span){ (const uint8_t *) bundle, i }, &into, &b,
                                                 NULL),
                                -EBADMSG);
        }
}

static void a_bundle_that_contradicts_itself_is_refused(void **state) {
        static const Spoiled cases[] = {
                { "evidence/v1", "evidence/v2", "its __cmwc_t is not" },
                { "\"__cmwc_t\":\"tag:avouch,2026:evidence/v1\",", "", "its __cmwc_t is not" },
                { "\"tag:avouch,2026:evidence/v1\"", "1", "its __cmwc_t is not" },
                { "\"avouch-log\":", "\"avouch-lag\":", "a part that this version does not know" },
                { "\"avouch-log\":", "\"\":", "a part that this version does not know" },
                { "\"avouch-log\":", "\"tpm\":", "a name that the object has already" },
                { "\"avouch-log\":", "\"__cmwc_t\":", "a name that the object has already" },
                { "\"avouch-log\":", "\"history\":", "another media type than its label's" },
                { "log+json-seq", "log+json", "another media type than its label's" },
                { "\"application/octet-stream\"", "4", "another media type than its label's" },
                { "\"manifest\":", "\"releases\":", "no manifest" },
                { "\"tpm\":", "\"tpn\":", "no tpm part" },
                { "\"e30\",4", "\"e30\"", "a part is a media type, base64url, and a number" },
                { "\"e30\",4", "\"e30\",4,4", "a part is a media type, base64url, and a number" },
                { "[\"application/octet-stream\",\"\",4]", "{\"a\":1,\"b\":2,\"c\":3}",
                                "a part is a media type, base64url, and a number" },
                { "\"e30\",4", "\"e30\",8", "an indicator other than 4, evidence" },
                { "\"e30\",4", "\"e30\",0", "an indicator other than 4, evidence" },
                { "\"e30\",4", "\"e30\",-4", "an indicator other than 4, evidence" },
                { "\"e30\",4", "\"e30\",4.0", "an indicator other than 4, evidence" },
                { "\"e30\",4", "\"e30\",\"4\"", "an indicator other than 4, evidence" },
                { "\"e30\"", "\"e31\"", "not base64url without padding" }, /* bits left over */
                { "\"e30\"", "\"e30=\"", "not base64url without padding" },
                { "\"e30\"", "\"e\"", "not base64url without padding" },
                { "\"e30\"", "\"e\\u00330\"", "not base64url without padding" },
                { "\"e30\"", "30", "not base64url without padding" },
                { "\"HgoB\"", "\"Hg+B\"", "not base64url without padding" },
        };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), into = BUF_UP_TO(64);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Span bytes = edit(bundle, cases[i].old, cases[i].new, &text);
                Bundle b = { .has[PART_INVALID] = true };
                Err e = {};

                buf_done(&into);
                assert_int_equal(bundle_parse(bytes, &into, &b, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "evidence bundle: malformed at byte "));
                assert_non_null(strstr(e.text, cases[i].why));
                assert_true(b.has[PART_INVALID]); /* untouched */
        }
}

static void a_record_is_no_collection(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64);
        Err e = {};
        Bundle b;

        (void) state;
        assert_int_equal(bundle_parse(SPAN_LITERAL("[\"application/octet-stream\",\"\",4]"), &into,
                                         &b, &e),
                        -EBADMSG);
        assert_string_equal(
                        e.text, "evidence bundle: malformed at byte 0 of 33: not a CMW collection");
}

static void a_refused_part_is_named_by_its_place(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), into = BUF_UP_TO(64);
        char expected[128];
        Err e = {};
        Bundle b;

        (void) state;
        (void) snprintf(expected, sizeof(expected),
                        "evidence bundle: malformed at byte %zu of %zu: "
                        "a part that this version does not know",
                        (size_t) (strstr(bundle, "avouch-log") - bundle), strlen(bundle));
        assert_int_equal(bundle_parse(edit(bundle, "\"avouch-log\":", "\"avouch-lag\":", &text),
                                         &into, &b, &e),
                        -EBADMSG);
        assert_string_equal(e.text, expected);
}

/* The bundle with so many zero bytes as its ak-certificate. */
static Span with_certificate(size_t size, Buf *to) {
        _cleanup_(buf_done) Buf bytes = BUF_UP_TO(size);
        Bundle b = {
                .has[PART_MANIFEST] = true,
                .has[PART_TPM] = true,
                .has[PART_AK_CERTIFICATE] = true,
        };

        buf_zeros(&bytes, size);
        b.parts[PART_AK_CERTIFICATE] = buf_span(&bytes);
        buf_done(to);
        bundle_write(&b, to);
        return buf_span(to);
}

static void sizes_are_limited(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(1024 * 1024), into = BUF_UP_TO(1024 * 1024);
        _cleanup_(buf_done) Buf small = BUF_UP_TO(4);
        Span large = { (const uint8_t *) bundle, (size_t) BUNDLE_MAX + 1 };
        Bundle b;
        Err e = {};

        (void) state;
        assert_int_equal(
                        bundle_parse(with_certificate(CERTIFICATE_MAX, &text), &into, &b, NULL), 0);
        assert_int_equal(b.parts[PART_AK_CERTIFICATE].size, CERTIFICATE_MAX);
        assert_int_equal(bundle_parse(with_certificate(CERTIFICATE_MAX + 1, &text), &into, &b, &e),
                        -EBADMSG);
        assert_non_null(strstr(e.text, "a part above its limit"));

        e = (Err){};
        assert_int_equal(bundle_parse(large, &into, &b, &e), -E2BIG); /* not read */
        assert_string_equal(e.text, "evidence bundle: 33554433 bytes, and 33554432 are the limit");
        e = (Err){};
        assert_int_equal(bundle_parse(span_of(bundle), &small, &b, &e), -E2BIG);
        assert_string_equal(e.text, "evidence bundle: no room for the part tpm");
}

static void values_are_counted(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024), into = BUF_UP_TO(64);
        Manifest m;
        Bundle b;

        (void) state;
        buf_string(&text, "[0");
        for (unsigned i = 0; i < BUNDLE_TOKENS_MAX; i++)
                buf_string(&text, ",0");
        buf_string(&text, "]");
        assert_int_equal(bundle_parse(buf_span(&text), &into, &b, NULL), -E2BIG);
        assert_int_equal(manifest_parse(buf_span(&text), &m, NULL), -E2BIG);
}

static void a_manifest_is_read(void **state) {
        Manifest m;
        uint8_t bytes[32];

        (void) state;
        assert_true(text_unhex(SPAN_LITERAL(HEX_32), bytes, sizeof(bytes)));
        assert_int_equal(manifest_parse(span_of(manifest), &m, NULL), 0);
        assert_memory_equal(m.ak, "\x00\x0b", 2);
        assert_memory_equal(m.ak + 2, bytes, 32);
        assert_true(m.created == 1700000000000000);
        assert_int_equal(m.nonce_size, 16);
        assert_memory_equal(m.nonce, "\x00\x11\x22\x33\x44\x55\x66\x77\x88", 9);
        assert_true(m.parts[PART_AVOUCH_LOG].listed);
        assert_int_equal(m.parts[PART_AVOUCH_LOG].size, 3);
        assert_memory_equal(m.parts[PART_AVOUCH_LOG].sha256, bytes, 32);
        assert_true(m.parts[PART_FIRMWARE_LOG].size == BUNDLE_MAX);
        assert_false(m.parts[PART_HISTORY].listed);
}

static void a_manifest_has_one_spelling(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096);
        Manifest m;

        (void) state;
        assert_int_equal(manifest_parse(span_of(manifest), &m, NULL), 0);
        manifest_write(&m, &text);
        assert_true(span_is(buf_span(&text), manifest));

        assert_int_equal(manifest_parse(edit(manifest, "\"avouch\":", "\"avouch\": ", &text), &m,
                                         NULL),
                        -EBADMSG);
}

static void every_label_can_be_listed_but_two(void **state) {
        (void) state;
        for (BundleLabel label = PART_INVALID + 1; label < _PART_MAX; label++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), parts = BUF_UP_TO(256);
                bool listed = label != PART_MANIFEST && label != PART_TPM;
                Manifest m;
                Err e = {};
                Span bytes;

                buf_printf(&parts, "{\"%s\":{\"sha256\":\"" HEX_32 "\",\"size\":0}}}",
                                bundle_label_name(label));
                buf_byte(&parts, 0);
                bytes = edit(manifest, strstr(manifest, "{\"avouch-log\""),
                                (const char *) parts.data, &text);
                assert_int_equal(manifest_parse(bytes, &m, &e), listed ? 0 : -EBADMSG);
                if (listed)
                        assert_true(m.parts[label].listed);
                else
                        assert_non_null(strstr(e.text, "a part that is not for it to list"));
        }
}

static void every_prefix_of_a_manifest_is_refused(void **state) {
        Manifest m;

        (void) state;
        for (size_t i = 0; i < sizeof(manifest) - 1; i++)
                assert_int_equal(manifest_parse((Span){ (const uint8_t *) manifest, i }, &m, NULL),
                                -EBADMSG);
}

static void a_manifest_that_is_none_is_refused(void **state) {
        static const Spoiled cases[] = {
                { "\"avouch\":1", "\"avouch\":2", "not version 1" },
                { "\"avouch\":1", "\"avouch\":0", "not version 1" },
                { "\"avouch\":1", "\"avouch\":\"1\"", "not version 1" },
                { "\"avouch\":1,", "", "not ak, avouch, created, nonce, parts" },
                { "\"avouch\":1,", "\"avouch\":1,\"b\":1,",
                                "not ak, avouch, created, nonce, parts" },
                { "\"ak\":", "\"al\":", "not ak, avouch, created, nonce, parts" },
                { "\"000b", "\"000c", "not a Name of SHA-256 in hex" },
                { "\"000b", "\"010b", "not a Name of SHA-256 in hex" },
                { "\"000b", "\"000B", "not a Name of SHA-256 in hex" },
                { "\"000b", "\"000b00", "not a Name of SHA-256 in hex" },
                { "\"000b0001", "\"000b00", "not a Name of SHA-256 in hex" },
                { "1e1f\",\"avouch\"", "1e1g\",\"avouch\"", "not a Name of SHA-256 in hex" },
                { "1700000000000000", "-1", "not a time in microseconds" },
                { "1700000000000000", "\"1\"", "not a time in microseconds" },
                { "\"nonce\":\"0011", "\"nonce\":\"00", "not 16 to 32 bytes in hex" },
                { "\"nonce\":\"0011", "\"nonce\":\"0011A1", "not 16 to 32 bytes in hex" },
                { "\"nonce\":\"0011", "\"nonce\":\"00112", "not 16 to 32 bytes in hex" },
                { NONCE, NONCE NONCE "00", "not 16 to 32 bytes in hex" },
                { "\"" NONCE "\"", "12345678901234", "not 16 to 32 bytes in hex" },
                { "\"avouch-log\":{", "\"avouch-lag\":{",
                                "a part that this version does not know" },
                { "\"avouch-log\":{", "\"firmware-log\":{", "a name that the object has already" },
                { "\"size\":3", "\"size\":33554433", "not the sha256 and the size of a part" },
                { "\"size\":3", "\"size\":-1", "not the sha256 and the size of a part" },
                { "\"size\":3", "\"sizf\":3", "not the sha256 and the size of a part" },
                { ",\"size\":3", "", "not the sha256 and the size of a part" },
                { "\"size\":3", "\"size\":3,\"t\":1", "not the sha256 and the size of a part" },
                { "\"sha256\":\"00", "\"sha256\":\"", "not the sha256 and the size of a part" },
                { "\"sha256\":\"00", "\"sha256\":\"0000", "not the sha256 and the size of a part" },
        };
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Span bytes = edit(manifest, cases[i].old, cases[i].new, &text);
                Manifest m = { .created = 7 };
                Err e = {};

                assert_int_equal(manifest_parse(bytes, &m, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "evidence manifest: malformed at byte "));
                assert_non_null(strstr(e.text, cases[i].why));
                assert_int_equal(m.created, 7);
        }
}

static void a_nonce_is_taken_up_to_its_limit(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096);
        Manifest m;

        (void) state;
        assert_int_equal(manifest_parse(edit(manifest, NONCE, NONCE NONCE, &text), &m, NULL), 0);
        assert_int_equal(m.nonce_size, 32);
        assert_int_equal(m.nonce[31], 0xff);
}

static void a_manifest_may_list_nothing(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), again = BUF_UP_TO(4096);
        Manifest m;

        (void) state;
        assert_int_equal(manifest_parse(edit(manifest, strstr(manifest, "{\"avouch-log\""), "{}}",
                                                        &text),
                                         &m, NULL),
                        0);
        manifest_write(&m, &again);
        assert_true(span_equal(buf_span(&text), buf_span(&again)));
        assert_int_equal(manifest_parse(edit(manifest, strstr(manifest, "{\"avouch-log\""), "[]}",
                                                        &text),
                                         &m, NULL),
                        -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(parts_are_decoded_by_label),
                cmocka_unit_test(a_bundle_may_be_spelled_otherwise),
                cmocka_unit_test(every_part_is_written_and_read_again),
                cmocka_unit_test(a_bundle_is_written_canonically),
                cmocka_unit_test(every_prefix_of_a_bundle_is_refused),
                cmocka_unit_test(a_bundle_that_contradicts_itself_is_refused),
                cmocka_unit_test(a_record_is_no_collection),
                cmocka_unit_test(a_refused_part_is_named_by_its_place),
                cmocka_unit_test(sizes_are_limited),
                cmocka_unit_test(values_are_counted),
                cmocka_unit_test(a_manifest_is_read),
                cmocka_unit_test(a_manifest_has_one_spelling),
                cmocka_unit_test(every_label_can_be_listed_but_two),
                cmocka_unit_test(every_prefix_of_a_manifest_is_refused),
                cmocka_unit_test(a_manifest_that_is_none_is_refused),
                cmocka_unit_test(a_nonce_is_taken_up_to_its_limit),
                cmocka_unit_test(a_manifest_may_list_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
