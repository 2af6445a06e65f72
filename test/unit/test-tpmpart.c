/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/edit.h"
#include "wire/json.h"
#include "wire/tpmpart.h"

#define HEX_20 "000102030405060708090a0b0c0d0e0f10111213"
#define HEX_32 HEX_20 "1415161718191a1b1c1d1e1f"
#define HEX_48 HEX_32 "202122232425262728292a2b2c2d2e2f"

#define NAME "000b" HEX_32
#define NV_0                                                                                       \
        "{\"attest\":\"_1RD\",\"auth\":\"" NAME                                                    \
        "\",\"offset\":0,\"public\":\"AYBh\",\"signature\":\"ABgB\",\"size\":8}"
#define NV_1                                                                                       \
        "{\"attest\":\"_w\",\"auth\":\"40000001\",\"offset\":4,\"public\":\"AYA\","                \
        "\"signature\":\"AA8\",\"size\":65535}"
#define QUOTE_0 "{\"attest\":\"_1RDRw\",\"selection\":\"AAAAAQ\",\"signature\":\"ABg\"}"
#define QUOTE_1 "{\"attest\":\"_1Q\",\"selection\":\"AA\",\"signature\":\"ABgA\"}"
#define COMMANDS "[\"quote 0\",\"nv 0\",\"nv 1\",\"quote 1\"]"
#define AUDIT "{\"attest\":\"_1RDRxY\",\"signature\":\"ABgL\"}"

static const char part[] =
                "{\"ak\":\"AQID\",\"audit\":" AUDIT ",\"commands\":" COMMANDS ","
                "\"nv\":[" NV_0 "," NV_1 "],\"pcrs\":{\"sha256\":{\"0\":\"" HEX_32
                "\",\"10\":\"" HEX_32 "\",\"2\":\"" HEX_32 "\",\"23\":\"" HEX_32 "\"},"
                "\"sha384\":{\"7\":\"" HEX_48 "\"}},\"quotes\":[" QUOTE_0 "," QUOTE_1 "]}";

typedef struct Spoiled {
        const char *old, *new, *why;
} Spoiled;

static void raw_bytes_and_values_are_read(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(256);
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

        assert_int_equal(p.n_nv, 2);
        assert_true(span_is(p.nv[0].attest, "\xffTC"));
        assert_int_equal(p.nv[0].auth.size, 34);
        assert_int_equal(p.nv[0].auth.data[1], 0x0b);
        assert_int_equal(p.nv[0].auth.data[33], 0x1f);
        assert_int_equal(p.nv[0].offset, 0);
        assert_int_equal(p.nv[0].size, 8);
        assert_true(span_is(p.nv[0].public, "\x01\x80\x61"));
        assert_true(span_equal(p.nv[0].signature, SPAN_LITERAL("\0\x18\1")));
        assert_true(span_is(p.nv[1].attest, "\xff"));
        assert_true(span_equal(p.nv[1].auth, SPAN_LITERAL("\x40\0\0\1")));
        assert_int_equal(p.nv[1].offset, 4);
        assert_int_equal(p.nv[1].size, 65535);
        assert_true(span_is(p.nv[1].public, "\x01\x80"));
        assert_true(span_equal(p.nv[1].signature, SPAN_LITERAL("\0\x0f")));

        assert_int_equal(p.commands[0], TPM_COMMAND_QUOTE);
        assert_int_equal(p.commands[1], TPM_COMMAND_NV);
        assert_int_equal(p.commands[2], TPM_COMMAND_NV);
        assert_int_equal(p.commands[3], TPM_COMMAND_QUOTE);
        assert_true(p.has_audit);
        assert_true(span_is(p.audit_attest, "\xffTCG\x16"));
        assert_true(span_equal(p.audit_signature, SPAN_LITERAL("\0\x18\x0b")));

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
        _cleanup_(buf_done) Buf into = BUF_UP_TO(256), text = BUF_UP_TO(4096);
        TpmPart p;

        (void) state;
        assert_int_equal(tpm_part_parse(span_of(part), &into, &p, NULL), 0);
        tpm_part_write(&p, &text);
        assert_true(span_is(buf_span(&text), part));
}

/* What no session audited has no audit, and perhaps no NV attestation. */
static void audit_and_nv_may_be_absent(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), into = BUF_UP_TO(256),
                                again = BUF_UP_TO(4096);
        static const char *const edits[][2] = { { "\"audit\":" AUDIT ",", "" },
                { NV_0 "," NV_1, "" }, { ",\"nv 0\",\"nv 1\"", "" } };
        TpmPart p;

        (void) state;
        assert_int_equal(tpm_part_parse(edit(part, edits[0][0], edits[0][1], &text), &into, &p,
                                         NULL),
                        0);
        assert_false(p.has_audit);
        assert_int_equal(p.audit_attest.size, 0);
        assert_int_equal(p.n_nv, 2);
        for (size_t i = 1; i < ELEMENTS(edits); i++) {
                buf_byte(&text, '\0');
                buf_done(&again);
                buf_string(&again, (const char *) text.data);
                buf_byte(&again, '\0');
                (void) edit((const char *) again.data, edits[i][0], edits[i][1], &text);
        }
        buf_done(&into);
        assert_int_equal(tpm_part_parse(buf_span(&text), &into, &p, NULL), 0);
        assert_int_equal(p.n_nv, 0);
        assert_int_equal(p.commands[1], TPM_COMMAND_QUOTE);
        buf_done(&again);
        tpm_part_write(&p, &again);
        assert_true(span_equal(buf_span(&again), buf_span(&text)));
}

static void every_pcr_of_every_bank_is_written_and_read_again(void **state) {
        static const HashAlg algs[] = { HASH_SHA512, HASH_SHA1, HASH_SHA384, HASH_SHA256 };
        _cleanup_(buf_done) Buf into = BUF_UP_TO(256), text = BUF_UP_TO(64 * 1024);
        JsonToken tokens[512];
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
        assert_int_equal(json_parse(buf_span(&text), JSON_CANONICAL, tokens, 512, "text", &v, NULL),
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
        _cleanup_(buf_done) Buf into = BUF_UP_TO(256), text = BUF_UP_TO(4096);
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
        _cleanup_(buf_done) Buf into = BUF_UP_TO(256);
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
        { "\"nv\":[" NV_0 "," NV_1 "]", "\"nv\":{}", "not at most eight NV attestations" },
        { "\"nv\":[" NV_0 "," NV_1 "]", "\"nv\":\"\"", "not at most eight NV attestations" },
        { "\"nv\":[", "\"nv\":[{},{},{},{},{},{},{},", "not at most eight NV attestations" },
        { NV_0, "{}", "not attest, auth, offset, public, signature, size of an NV attestation" },
        { NV_1, "7", "not attest, auth, offset, public, signature, size of an NV attestation" },
        { "\"offset\":0,", "",
                        "not attest, auth, offset, public, signature, size of an NV attestation" },
        { "\"offset\":0,", "\"offset\":0,\"of\":0,",
                        "not attest, auth, offset, public, signature, size of an NV attestation" },
        { "\"offset\":0,", "\"offset\":-1,", "a size or offset that no NV index has" },
        { "\"offset\":0,", "\"offset\":65536,", "a size or offset that no NV index has" },
        { "\"offset\":0,", "\"offset\":\"0\",", "a size or offset that no NV index has" },
        { "\"size\":8}", "\"size\":65536}", "a size or offset that no NV index has" },
        { "\"size\":8}", "\"size\":-8}", "a size or offset that no NV index has" },
        { "\"auth\":\"40000001", "\"auth\":\"40000002",
                        "not the Name of an index or of the owner" },
        { "\"auth\":\"40000001", "\"auth\":\"4000000", "not the Name of an index or of the owner" },
        { "\"auth\":\"40000001\"", "\"auth\":\"\"", "not the Name of an index or of the owner" },
        { "\"auth\":\"40000001\"", "\"auth\":1", "not the Name of an index or of the owner" },
        { "\"auth\":\"000b00", "\"auth\":\"000b", "not the Name of an index or of the owner" },
        { "\"auth\":\"000b00", "\"auth\":\"000b0000", "not the Name of an index or of the owner" },
        { "\"auth\":\"000b00", "\"auth\":\"000B00", "not the Name of an index or of the owner" },
        { "\"AYBh\"", "\"\"", "empty, or above its limit" },
        { "\"_1RD\"", "\"\"", "empty, or above its limit" },
        { "\"ABgB\"", "\"\"", "empty, or above its limit" },
        { "\"AYBh\"", "8", "not base64url without padding" },
        { "\"_1RD\"", "\"/1RD\"", "not base64url without padding" },
        { "\"ABgB\"", "{}", "not base64url without padding" },
        { AUDIT, "{}", "not attest, signature of an audit" },
        { AUDIT, "[]", "not attest, signature of an audit" },
        { AUDIT, "\"\"", "not attest, signature of an audit" },
        { "\"audit\":{", "\"audit\":{\"and\":1,", "not attest, signature of an audit" },
        { "\"_1RDRxY\"", "\"\"", "empty, or above its limit" },
        { "\"ABgL\"", "\"\"", "empty, or above its limit" },
        { "\"_1RDRxY\"", "7", "not base64url without padding" },
        { "\"ABgL\"", "\"ABgL=\"", "not base64url without padding" },
        { "\"ak\":\"AQID\",", "", "not ak, commands, nv, pcrs, quotes, and perhaps audit" },
        { "\"commands\":" COMMANDS ",", "",
                        "not ak, commands, nv, pcrs, quotes, and perhaps audit" },
        { "\"nv\":[" NV_0 "," NV_1 "],", "",
                        "not ak, commands, nv, pcrs, quotes, and perhaps audit" },
        { "\"pcrs\"", "\"pcr\"", "not ak, commands, nv, pcrs, quotes, and perhaps audit" },
        { "\"quotes\"", "\"quote\"", "not ak, commands, nv, pcrs, quotes, and perhaps audit" },
        { "\"audit\"", "\"audits\"", "not ak, commands, nv, pcrs, quotes, and perhaps audit" },
        { "\"nv\":", "\"more\":1,\"nv\":",
                        "not ak, commands, nv, pcrs, quotes, and perhaps audit" },
        { "\"nv\":", "\"ak\":\"AQID\",\"nv\":", "a name that the object has already" },

        { "\"AQID\"", "\"AQI=\"", "not base64url without padding" },
        { "\"AQID\"", "123", "not base64url without padding" },
        { "\"AQID\"", "\"\"", "empty, or above its limit" },
        { "\"_1Q\"", "\"\"", "empty, or above its limit" },
        { "\"AA\"", "\"\"", "empty, or above its limit" },
        { "\"ABg\"", "\"\"", "empty, or above its limit" },
        { "\"_1Q\"", "\"/1Q\"", "not base64url without padding" },
        { "\"AA\"", "null", "not base64url without padding" },
        { "\"ABg\"", "{}", "not base64url without padding" },

        { "\"quote 0\",\"nv 0\",\"nv 1\",\"quote 1\"", "\"quote 1\",\"nv 0\",\"nv 1\",\"quote 0\"",
                        "not the command of the next quote or NV attestation" },
        { "\"nv 0\",\"nv 1\"", "\"nv 1\",\"nv 0\"",
                        "not the command of the next quote or NV attestation" },
        { "\"nv 0\",\"nv 1\"", "\"nv 0\",\"nv 0\"",
                        "not the command of the next quote or NV attestation" },
        { "\"nv 0\",\"nv 1\"", "\"nv 0\",\"quote 2\"",
                        "not the command of the next quote or NV attestation" },
        { "\"quote 0\",", "", "not a command for each attestation" },
        { "\"quote 0\",", "\"quote 0\",\"quote 0\",", "not a command for each attestation" },
        { "\"quote 0\"", "\"quote 1\"", "not the command of the next quote or NV attestation" },
        { "\"quote 1\"", "\"nv 2\"", "not the command of the next quote or NV attestation" },
        { "\"quote 1\"", "\"quote 01\"", "not the command of the next quote or NV attestation" },
        { "\"quote 1\"", "1", "not the command of the next quote or NV attestation" },
        { COMMANDS, "[]", "not a command for each attestation" },
        { COMMANDS, "\"quote 0\"", "not a command for each attestation" },
        { COMMANDS, "{\"quote 0\":0,\"nv 0\":0,\"nv 1\":0,\"quote 1\":1}",
                        "not a command for each attestation" },

        { "{\"attest\":\"_1Q\",", "{", "not attest, selection, signature of a quote" },
        { "{\"attest\":\"_1Q\",", "{\"attest\":\"_1Q\",\"b\":1,",
                        "not attest, selection, signature of a quote" },
        { QUOTE_1, "\"\"", "not attest, selection, signature of a quote" },
        { "[" QUOTE_0 "," QUOTE_1 "]", "[]", "not one to four quotes" },
        { "[" QUOTE_0 "," QUOTE_1 "]", "{\"0\":{},\"1\":{}}", "not one to four quotes" },
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

/* However few commands there are: what cannot be read is not the same as nothing. */
static void fewer_commands_do_not_make_it_right(void **state) {
        static const struct {
                const char *commands, *nv, *quotes, *why;
        } cases[] = {
                { "", "", "", "not one to four quotes" },
                { "\"quote 0\"", "{}",
                                "{\"attest\":\"_1RDRw\",\"selection\":\"AAAAAQALAwEAAA\",\"signature\":\"ABgACw\"}",
                                "of an NV attestation" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(4096), into = BUF_UP_TO(4096);
                TpmPart p;
                Err e = {};

                buf_printf(&text,
                                "{\"ak\":\"ACMACw\",\"commands\":[%s],\"nv\":[%s],"
                                "\"pcrs\":{\"sha256\":{\"0\":\"%064d\"}},\"quotes\":[%s]}",
                                cases[i].commands, cases[i].nv, 0, cases[i].quotes);
                assert_int_equal(tpm_part_parse(buf_span(&text), &into, &p, &e), -EBADMSG);
                assert_non_null(strstr(e.text, cases[i].why));
        }
}

static void what_is_no_object_is_refused(void **state) {
        static const char *const texts[] = { "[]", "1", "\"ak\"",
                "[\"ak\",\"commands\",\"nv\",\"pcrs\",\"quotes\"]" };
        _cleanup_(buf_done) Buf into = BUF_UP_TO(256);
        TpmPart p;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++)
                assert_int_equal(tpm_part_parse(span_of(texts[i]), &into, &p, NULL), -EBADMSG);
}

static const uint8_t zeros[4096];

/* A part whose spans have the sizes that are asked for, four quotes in it. */
static TpmPart of_sizes(size_t ak, size_t selection, size_t attest, size_t signature) {
        TpmPart p = { .ak = { zeros, ak }, .n_quotes = QUOTES_MAX };

        for (size_t i = 0; i < QUOTES_MAX; i++)
                p.quotes[i] = (TpmQuote){ { zeros, selection }, { zeros, attest },
                        { zeros, signature } };
        return p;
}

static int parse_written(TpmPart p) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(64 * 1024), into = BUF_UP_TO(64 * 1024);
        TpmPart again;

        tpm_part_write(&p, &text);
        return tpm_part_parse(buf_span(&text), &into, &again, NULL);
}

static void sizes_are_limited(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(6);
        TpmPart p;
        Err e = {};

        (void) state;
        assert_int_equal(parse_written(of_sizes(TPM_PUBLIC_MAX, PCR_SELECTION_MAX, ATTEST_MAX,
                                         TPM_SIGNATURE_MAX)),
                        0);
        assert_int_equal(parse_written(of_sizes(1, 1, 1, 1)), 0);
        assert_int_equal(parse_written(of_sizes(TPM_PUBLIC_MAX + 1, 1, 1, 1)), -EBADMSG);
        assert_int_equal(parse_written(of_sizes(1, PCR_SELECTION_MAX + 1, 1, 1)), -EBADMSG);
        assert_int_equal(parse_written(of_sizes(1, 1, ATTEST_MAX + 1, 1)), -EBADMSG);
        assert_int_equal(parse_written(of_sizes(1, 1, 1, TPM_SIGNATURE_MAX + 1)), -EBADMSG);
        assert_int_equal(tpm_part_parse(span_of(part), &into, &p, &e), -E2BIG);
        assert_string_equal(e.text, "tpm part: no room for its bytes");
}

/* The Name of who authorised is copied by itself, so it may find no room by itself. */
static void there_is_room_for_all_or_none(void **state) {
        TpmPart p;

        (void) state;
        for (size_t room = 0;; room++) {
                _cleanup_(buf_done) Buf into = BUF_UP_TO(room);
                int rc = tpm_part_parse(span_of(part), &into, &p, NULL);

                if (rc == 0)
                        return;
                assert_int_equal(rc, -E2BIG);
                assert_true(room < 256);
        }
}

static TpmPart of_nv_sizes(size_t public, size_t attest, size_t signature) {
        TpmPart p = of_sizes(1, 1, 1, 1);

        p.n_nv = NV_CERTIFIED_MAX;
        for (size_t i = 0; i < NV_CERTIFIED_MAX; i++) {
                p.nv[i] = (TpmNv){ .public = { zeros, public },
                        .auth = SPAN_LITERAL("\x40\0\0\1"),
                        .attest = { zeros, attest },
                        .signature = { zeros, signature } };
                p.commands[i] = TPM_COMMAND_NV;
        }
        return p;
}

static void sizes_of_nv_and_audit_are_limited(void **state) {
        TpmPart p;

        (void) state;
        assert_int_equal(parse_written(of_nv_sizes(NV_PUBLIC_MAX, ATTEST_MAX, TPM_SIGNATURE_MAX)),
                        0);
        assert_int_equal(parse_written(of_nv_sizes(NV_PUBLIC_MAX + 1, 1, 1)), -EBADMSG);
        assert_int_equal(parse_written(of_nv_sizes(1, ATTEST_MAX + 1, 1)), -EBADMSG);
        assert_int_equal(parse_written(of_nv_sizes(1, 1, TPM_SIGNATURE_MAX + 1)), -EBADMSG);
        p = of_sizes(1, 1, 1, 1);
        p.has_audit = true;
        for (size_t more = 0; more < 2; more++) {
                p.audit_attest = (Span){ zeros, ATTEST_MAX + more };
                p.audit_signature = (Span){ zeros, TPM_SIGNATURE_MAX };
                assert_int_equal(parse_written(p), more ? -EBADMSG : 0);
                p.audit_attest.size = 1;
                p.audit_signature.size += more;
                assert_int_equal(parse_written(p), more ? -EBADMSG : 0);
        }
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
                cmocka_unit_test(audit_and_nv_may_be_absent),
                cmocka_unit_test(every_pcr_of_every_bank_is_written_and_read_again),
                cmocka_unit_test(a_bank_that_holds_nothing_is_not_written),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(a_part_that_contradicts_itself_is_refused),
                cmocka_unit_test(fewer_commands_do_not_make_it_right),
                cmocka_unit_test(what_is_no_object_is_refused),
                cmocka_unit_test(sizes_are_limited),
                cmocka_unit_test(there_is_room_for_all_or_none),
                cmocka_unit_test(sizes_of_nv_and_audit_are_limited),
                cmocka_unit_test(values_are_counted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
