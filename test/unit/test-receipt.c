/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "port/crypto.h"
#include "support/attest.h"
#include "support/glassworld.h"

/* One opening with a genuine receipt, and what may be changed of it. */
typedef struct Sample {
        GlassWorld g;
        Buf public, decoded;
        TpmPublic ak;
        HistoryLine line;
} Sample;

static void take(Sample *s, Span line) {
        buf_done(&s->decoded);
        assert_int_equal(history_line_parse(line, &s->decoded, &s->line, NULL), 0);
}

static void sample_new(Sample *s) {
        Span rest, line;

        glass_world_new(&s->g);
        s->public = BUF_UP_TO(TPM_PUBLIC_MAX);
        s->decoded = BUF_UP_TO(HISTORY_LINE_MAX);
        assert_int_equal(glass_world_start(&s->g), 0);
        assert_int_equal(glass_world_record(&s->g, EVENT_GLASS_OPEN), 0);
        assert_int_equal(tpm_key(&s->g.world.tpm, TPM_AK_ECC, &s->public, NULL), 0);
        assert_int_equal(tpm_public_parse(buf_span(&s->public), &s->ak, NULL), 0);
        rest = buf_span(&s->g.home.bytes);
        for (int i = 0; i < 2; i++)
                assert_int_equal(history_next_line(&rest, &line, NULL), 1);
        take(s, line);
}

static void sample_done(Sample *s) {
        buf_done(&s->public);
        buf_done(&s->decoded);
        glass_world_done(&s->g);
}

static void assert_no_receipt(const Sample *s, const char *why) {
        Err e = {};

        assert_int_equal(receipt_judge(&s->line, &s->ak, &e, NULL), 0);
        if (why && !strstr(e.text, why))
                fail_msg("'%s' does not say '%s'", e.text, why);
        assert_true(e.text[0]);
}

static void the_qualifying_data_is_as_it_is_written_down(void **state) {
        static const char with_label[] = "avouch-glass/v1\0{}";
        Digest expected, d;

        (void) state;
        assert_int_equal(hash_bytes(HASH_SHA256,
                                         (Span){ (const uint8_t *) with_label,
                                                         sizeof(with_label) - 1 },
                                         &expected, NULL),
                        0);
        assert_int_equal(receipt_qualifying(SPAN_LITERAL("{}"), &d, NULL), 0);
        assert_true(digest_equal(&d, &expected));
}

static void a_genuine_receipt_holds(void **state) {
        Sample s;

        (void) state;
        sample_new(&s);
        assert_int_equal(receipt_judge(&s.line, &s.ak, NULL, NULL), 1);
        sample_done(&s);
}

/* Each bit of what was signed, and of the signature. */
static void no_bit_can_be_changed(void **state) {
        Sample s;

        (void) state;
        sample_new(&s);
        for (size_t i = 0; i < s.decoded.size; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        s.decoded.data[i] ^= (uint8_t) (1u << bit);
                        assert_no_receipt(&s, NULL);
                        s.decoded.data[i] ^= (uint8_t) (1u << bit);
                }
        assert_int_equal(receipt_judge(&s.line, &s.ak, NULL, NULL), 1);
        sample_done(&s);
}

static void another_content_or_value_has_no_receipt(void **state) {
        Sample s;

        (void) state;
        sample_new(&s);
        s.line.value += 2;
        assert_no_receipt(&s, "another value");
        s.line.value -= 2;
        s.line.content.bytes.size--;
        assert_no_receipt(&s, "something else");
        sample_done(&s);
}

static void another_key_signs_no_receipt(void **state) {
        static const uint8_t number[32] = { 0x80 };
        Sample s, other;

        (void) state;
        sample_new(&s);
        sample_new(&other);
        other.line = s.line;
        assert_no_receipt(&other, "not signed with");
        s.ak.x = (Span){ number, sizeof(number) };
        assert_no_receipt(&s, "not signed with");
        sample_done(&s);
        sample_done(&other);
}

static void a_key_of_another_scheme_or_hash_signs_no_receipt(void **state) {
        Sample s;

        (void) state;
        sample_new(&s);
        s.ak.scheme = TPM_SCHEME_RSASSA;
        assert_no_receipt(&s, "not signed with");
        s.ak.scheme = TPM_SCHEME_ECDSA;
        s.ak.hash = HASH_SHA384;
        assert_no_receipt(&s, "not signed with");
        sample_done(&s);
}

/* Genuine attestations of the same key that are none of the counter's value. */
static void what_else_the_key_certifies_is_no_receipt(void **state) {
        static const struct {
                uint32_t index, attributes;
                const char *why;
        } cases[] = {
                { 0x01806176, 0x00060014, "another NV index" }, /* without NO_DA */
                { 0x01806176, 0x06060014, "another NV index" }, /* orderly */
                { 0x01806177, 0x02060014, "another NV index" },
        };
        Sample s;

        (void) state;
        sample_new(&s);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf attest = BUF_UP_TO(ATTEST_MAX),
                                        signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
                WorldNv *nv = glass_world_counter(&s.g);
                Digest d;

                *nv = (WorldNv){ .index = cases[i].index,
                        .attributes = cases[i].attributes | 1u << 29,
                        .size = 8,
                        .value = s.line.value };
                assert_int_equal(receipt_qualifying(s.line.content.bytes, &d, NULL), 0);
                assert_int_equal(tpm_nv_certify(&s.g.world.tpm, cases[i].index, 8, digest_span(&d),
                                                 &attest, &signature, NULL),
                                0);
                s.line.attest = buf_span(&attest);
                s.line.signature = buf_span(&signature);
                assert_no_receipt(&s, cases[i].why);
                nv->index = 0x01806176;
        }
        sample_done(&s);
}

/* The right name, data and value, of another stretch of the index. */
static void a_receipt_shows_the_whole_counter(void **state) {
        static const struct {
                Span contents;
                uint16_t offset;
                int says;
        } cases[] = {
                { { (const uint8_t *) "\0\0\0\0\0\0\0\5", 8 }, 0, 1 },
                { { (const uint8_t *) "\0\0\0\0\0\0\0\5", 8 }, 4, 0 },
                { { (const uint8_t *) "\0\0\0\0\0\0\0\5\0", 9 }, 0, 0 },
                { { (const uint8_t *) "\0\0\0\5", 4 }, 0, 0 },
        };
        uint8_t name[TPM_NAME_SHA256];
        Digest d;

        (void) state;
        assert_int_equal(receipt_counter_name(name, NULL), 0);
        assert_int_equal(receipt_qualifying(SPAN_LITERAL("{}"), &d, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf body = BUF_UP_TO(256), attest = BUF_UP_TO(ATTEST_MAX);
                SampleAttest a;

                sample_sized((Span){ name, sizeof(name) }, &body);
                buf_be(&body, cases[i].offset, 2);
                sample_sized(cases[i].contents, &body);
                a = sample_attest(0x8014, buf_span(&body));
                a.extra = digest_span(&d);
                sample_attest_write(&a, &attest);
                assert_int_equal(receipt_says(buf_span(&attest), SPAN_LITERAL("{}"), 5, NULL, NULL),
                                cases[i].says);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_qualifying_data_is_as_it_is_written_down),
                cmocka_unit_test(a_genuine_receipt_holds),
                cmocka_unit_test(no_bit_can_be_changed),
                cmocka_unit_test(another_content_or_value_has_no_receipt),
                cmocka_unit_test(another_key_signs_no_receipt),
                cmocka_unit_test(a_key_of_another_scheme_or_hash_signs_no_receipt),
                cmocka_unit_test(what_else_the_key_certifies_is_no_receipt),
                cmocka_unit_test(a_receipt_shows_the_whole_counter),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
