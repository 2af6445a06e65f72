/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/edit.h"
#include "wire/json.h"
#include "wire/tpmpart.h"

#define HEX_20 "000102030405060708090a0b0c0d0e0f10111213"
#define HEX_32 HEX_20 "1415161718191a1b1c1d1e1f"
#define HEX_48 HEX_32 "202122232425262728292a2b2c2d2e2f"

static const char part[] = "{\"ak\":\"AQID\",\"commands\":[\"quote 0\",\"quote 1\"],\"nv\":[],"
                           "\"pcrs\":{\"sha256\":{\"0\":\"" HEX_32 "\",\"10\":\"" HEX_32
                           "\",\"2\":\"" HEX_32 "\",\"23\":\"" HEX_32 "\"},"
                           "\"sha384\":{\"7\":\"" HEX_48 "\"}},\"quotes\":["
                           "{\"attest\":\"_1RDRw\",\"selection\":\"AAAAAQ\",\"signature\":\"ABg\"},"
                           "{\"attest\":\"_1Q\",\"selection\":\"AA\",\"signature\":\"ABgA\"}]}";

typedef struct Spoiled {
        const char *old, *new, *why;
} Spoiled;

static void raw_bytes_and_values_are_read(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64);
        const Digest *d;
        TpmPart p;

        (void) state;
        buf_string(&into, "what was there before");
        assert_int_equal(tpm_part_parse(span_of(part), &into, &p, NULL), 0);
        assert_true(span_is(p.ak, "\x01\x02\x03"));
        assert_int_equal(p.n_quotes, 2);
        assert_true(span_is(p.quotes[0].attest, "\xffTCG"));
        assert_true(span_equal(p.quotes[0].selection, SPAN_LITERAL("\0\0\0\1")));
        assert_true(span_equal(p.quotes[0].signature, SPAN_LITERAL("\0\x18")));
        assert_true(span_is(p.quotes[1].attest, "\xffT"));
        assert_true(span_equal(p.quotes[1].selection, SPAN_LITERAL("\0")));
        assert_true(span_equal(p.quotes[1].signature, SPAN_LITERAL("\0\x18\0")));

        assert_int_equal(p.pcrs.held.n_banks, 2);
        assert_int_equal(p.pcrs.held.banks[0].alg, HASH_SHA256);
        assert_int_equal(p.pcrs.held.banks[0].mask, 1 << 0 | 1 << 2 | 1 << 10 | 1 << 23);
        assert_int_equal(p.pcrs.held.banks[1].mask, 1 << 7);
        d = pcr_value(&p.pcrs, HASH_SHA384, 7);
        assert_non_null(d);
        assert_int_equal(d->size, 48);
        assert_int_equal(d->bytes[47], 0x2f);
        assert_null(pcr_value(&p.pcrs, HASH_SHA256, 7));
}

static void the_written_form_is_canonical(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64), text = BUF_UP_TO(4096);
        TpmPart p;

        (void) state;
        assert_int_equal(tpm_part_parse(span_of(part), &into, &p, NULL), 0);
        tpm_part_write(&p, &text);
        assert_true(span_is(buf_span(&text), part));
}

static void every_pcr_of_every_bank_is_written_and_read_again(void **state) {
        static const HashAlg algs[] = { HASH_SHA512, HASH_SHA1, HASH_SHA384, HASH_SHA256 };
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64), text = BUF_UP_TO(64 * 1024);
        JsonToken tokens[256];
        TpmPart p, again;
        Json v;

        (void) state;
        assert_int_equal(tpm_part_parse(span_of(part), &into, &p, NULL), 0);
        p.pcrs = (PcrValues){};
        for (size_t i = 0; i < ELEMENTS(algs); i++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        Digest d = digest_zero(algs[i]);

                        d.bytes[d.size - 1] = (uint8_t) (i * PCR_COUNT + pcr);
                        assert_true(pcr_set(&p.pcrs, pcr, &d));
                }
        tpm_part_write(&p, &text);
        assert_int_equal(json_parse(buf_span(&text), JSON_CANONICAL, tokens, 256, "text", &v, NULL),
                        0);
        buf_done(&into);
        assert_int_equal(tpm_part_parse(buf_span(&text), &into, &again, NULL), 0);
        for (size_t i = 0; i < ELEMENTS(algs); i++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        const Digest *d = pcr_value(&again.pcrs, (uint16_t) algs[i], pcr);

                        assert_non_null(d);
                        assert_true(digest_equal(d, pcr_value(&p.pcrs, (uint16_t) algs[i], pcr)));
                }
}

static void a_bank_that_holds_nothing_is_not_written(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64), text = BUF_UP_TO(4096);
        TpmPart p, again;

        (void) state;
        assert_int_equal(tpm_part_parse(span_of(part), &into, &p, NULL), 0);
        p.pcrs.held.banks[0].mask = 0;
        tpm_part_write(&p, &text);
        buf_done(&into);
        assert_int_equal(tpm_part_parse(buf_span(&text), &into, &again, NULL), 0);
        assert_int_equal(again.pcrs.held.n_banks, 1);
        assert_int_equal(again.pcrs.held.banks[0].alg, HASH_SHA384);
}

static void every_prefix_is_refused(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64);
        TpmPart p;

        (void) state;
        for (size_t i = 0; i < sizeof(part) - 1; i++) {
                buf_done(&into);
                assert_int_equal(tpm_part_parse((Span){ (const uint8_t *) part, i }, &into, &p,
                                                 NULL),
                                -EBADMSG);
        }
}

static const Spoiled spoiled[] = {
        { "\"nv\":[]", "\"nv\":[{}]", "NV attestations, which this version does not read" },
        { "\"nv\":[]", "\"nv\":{}", "NV attestations, which this version does not read" },
        { "\"nv\":[]", "\"nv\":\"\"", "NV attestations, which this version does not read" },
        { "\"commands\"", "\"audit\":{},\"commands\"",
                        "an audit attestation, which this version does not read" },
        { "\"ak\":\"AQID\",", "", "not ak, commands, nv, pcrs, quotes" },
        { "\"commands\":[\"quote 0\",\"quote 1\"],", "", "not ak, commands, nv, pcrs, quotes" },
        { "\"nv\":[],", "", "not ak, commands, nv, pcrs, quotes" },
        { "\"pcrs\"", "\"pcr\"", "not ak, commands, nv, pcrs, quotes" },
        { "\"quotes\"", "\"quote\"", "not ak, commands, nv, pcrs, quotes" },
        { "\"nv\"", "\"more\":1,\"nv\"", "not ak, commands, nv, pcrs, quotes" },
        { "\"nv\"", "\"ak\":\"AQID\",\"nv\"", "a name that the object has already" },

        { "\"AQID\"", "\"AQI=\"", "not base64url without padding" },
        { "\"AQID\"", "123", "not base64url without padding" },
        { "\"AQID\"", "\"\"", "empty, or above its limit" },
        { "\"_1Q\"", "\"\"", "empty, or above its limit" },
        { "\"AA\"", "\"\"", "empty, or above its limit" },
        { "\"ABg\"", "\"\"", "empty, or above its limit" },
        { "\"_1Q\"", "\"/1Q\"", "not base64url without padding" },
        { "\"AA\"", "null", "not base64url without padding" },
        { "\"ABg\"", "{}", "not base64url without padding" },

        { "\"quote 0\",\"quote 1\"", "\"quote 1\",\"quote 0\"",
                        "not the command of the next quote" },
        { "\"quote 0\",", "", "not a command for each quote" },
        { "\"quote 0\",", "\"quote 0\",\"quote 0\",", "not a command for each quote" },
        { "\"quote 0\"", "\"quote 1\"", "not the command of the next quote" },
        { "\"quote 1\"", "\"nv 0\"", "not the command of the next quote" },
        { "\"quote 1\"", "\"quote 01\"", "not the command of the next quote" },
        { "\"quote 1\"", "1", "not the command of the next quote" },
        { "[\"quote 0\",\"quote 1\"]", "[]", "not a command for each quote" },
        { "[\"quote 0\",\"quote 1\"]", "\"quote 0\"", "not a command for each quote" },
        { "[\"quote 0\",\"quote 1\"]", "{\"quote 0\":0,\"quote 1\":1}",
                        "not a command for each quote" },

        { "{\"attest\":\"_1Q\",", "{", "not attest, selection, signature of a quote" },
        { "{\"attest\":\"_1Q\",", "{\"attest\":\"_1Q\",\"b\":1,",
                        "not attest, selection, signature of a quote" },
        { "{\"attest\":\"_1Q\",\"selection\":\"AA\",\"signature\":\"ABgA\"}", "\"\"",
                        "not attest, selection, signature of a quote" },
        { "[{\"attest\":\"_1RDRw\",\"selection\":\"AAAAAQ\",\"signature\":\"ABg\"},"
          "{\"attest\":\"_1Q\",\"selection\":\"AA\",\"signature\":\"ABgA\"}]",
                        "[]", "not one to four quotes" },
        { "[{\"attest\":\"_1RDRw\",\"selection\":\"AAAAAQ\",\"signature\":\"ABg\"},"
          "{\"attest\":\"_1Q\",\"selection\":\"AA\",\"signature\":\"ABgA\"}]",
                        "{\"0\":{},\"1\":{}}", "not one to four quotes" },
        { "\"quotes\":[", "\"quotes\":[{},{},{},", "not one to four quotes" },

        { "\"sha384\"", "\"sm3_256\"", "a bank that this version does not know" },
        { "\"sha384\"", "\"SHA384\"", "a bank that this version does not know" },
        { "\"sha384\"", "\"sha256\"", "a name that the object has already" },
        { "\"sha384\"", "\"sha512\"", "not a value of its bank's size in hex" },
        { "{\"7\":\"" HEX_48 "\"}", "{}", "a bank without values" },
        { "{\"7\":\"" HEX_48 "\"}", "[]", "a bank without values" },
        { "{\"7\":\"" HEX_48 "\"}", "[\"7\"]", "a bank without values" },
        { "\"23\":", "\"24\":", "not the number of a PCR, 0 to 23" },
        { "\"23\":", "\"-1\":", "not the number of a PCR, 0 to 23" },
        { "\"23\":", "\"03\":", "not the number of a PCR, 0 to 23" },
        { "\"23\":", "\"\":", "not the number of a PCR, 0 to 23" },
        { "\"23\":", "\"4294967296\":", "not the number of a PCR, 0 to 23" },
        { "\"23\":", "\"2\":", "a name that the object has already" },
        { "\"7\":\"00", "\"7\":\"", "not a value of its bank's size in hex" },
        { "\"7\":\"00", "\"7\":\"0000", "not a value of its bank's size in hex" },
        { "\"7\":\"00", "\"7\":\"0A", "not a value of its bank's size in hex" },
        { "\"7\":\"" HEX_48 "\"", "\"7\":0", "not a value of its bank's size in hex" },
        { "{\"sha256\":{\"0\":\"" HEX_32 "\",\"10\":\"" HEX_32 "\",\"2\":\"" HEX_32
          "\",\"23\":\"" HEX_32 "\"},\"sha384\":{\"7\":\"" HEX_48 "\"}}",
                        "[\"sha256\"]", "not banks of PCR values" },
};

static void a_part_that_contradicts_itself_is_refused(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), into = BUF_UP_TO(256);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(spoiled); i++) {
                Span bytes = edit(part, spoiled[i].old, spoiled[i].new, &text);
                TpmPart p = { .n_quotes = 7 };
                Err e = {};

                buf_done(&into);
                assert_int_equal(tpm_part_parse(bytes, &into, &p, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "tpm part: malformed at byte "));
                assert_non_null(strstr(e.text, spoiled[i].why));
                assert_int_equal(p.n_quotes, 7);
        }
}

static void what_is_no_object_is_refused(void **state) {
        static const char *const texts[] = { "[]", "1", "\"ak\"",
                "[\"ak\",\"commands\",\"nv\",\"pcrs\",\"quotes\"]" };
        _cleanup_(buf_done) Buf into = BUF_UP_TO(64);
        TpmPart p;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                assert_int_equal(tpm_part_parse(span_of(texts[i]), &into, &p, NULL), -EBADMSG);
}

/* A part whose spans have the sizes that are asked for, four quotes in it. */
static int parse_of_sizes(size_t ak, size_t selection, size_t attest, size_t signature) {
        static const uint8_t zeros[4096];
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024), into = BUF_UP_TO(64 * 1024);
        TpmPart p = { .ak = { zeros, ak }, .n_quotes = QUOTES_MAX }, again;

        for (size_t i = 0; i < QUOTES_MAX; i++)
                p.quotes[i] = (TpmQuote){ { zeros, selection }, { zeros, attest },
                        { zeros, signature } };
        tpm_part_write(&p, &text);
        return tpm_part_parse(buf_span(&text), &into, &again, NULL);
}

static void sizes_are_limited(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(6);
        TpmPart p;
        Err e = {};

        (void) state;
        assert_int_equal(parse_of_sizes(TPM_PUBLIC_MAX, PCR_SELECTION_MAX, ATTEST_MAX,
                                         TPM_SIGNATURE_MAX),
                        0);
        assert_int_equal(parse_of_sizes(1, 1, 1, 1), 0);
        assert_int_equal(parse_of_sizes(TPM_PUBLIC_MAX + 1, 1, 1, 1), -EBADMSG);
        assert_int_equal(parse_of_sizes(1, PCR_SELECTION_MAX + 1, 1, 1), -EBADMSG);
        assert_int_equal(parse_of_sizes(1, 1, ATTEST_MAX + 1, 1), -EBADMSG);
        assert_int_equal(parse_of_sizes(1, 1, 1, TPM_SIGNATURE_MAX + 1), -EBADMSG);
        assert_int_equal(tpm_part_parse(span_of(part), &into, &p, &e), -E2BIG);
        assert_string_equal(e.text, "tpm part: no room for its bytes");
}

static void values_are_counted(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024), into = BUF_UP_TO(64);
        TpmPart p;

        (void) state;
        buf_string(&text, "[0");
        for (unsigned i = 0; i < BUNDLE_TOKENS_MAX; i++)
                buf_string(&text, ",0");
        buf_string(&text, "]");
        assert_int_equal(tpm_part_parse(buf_span(&text), &into, &p, NULL), -E2BIG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(raw_bytes_and_values_are_read),
                cmocka_unit_test(the_written_form_is_canonical),
                cmocka_unit_test(every_pcr_of_every_bank_is_written_and_read_again),
                cmocka_unit_test(a_bank_that_holds_nothing_is_not_written),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(a_part_that_contradicts_itself_is_refused),
                cmocka_unit_test(what_is_no_object_is_refused),
                cmocka_unit_test(sizes_are_limited),
                cmocka_unit_test(values_are_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
