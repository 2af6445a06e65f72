/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/edit.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"
#include "wire/sysreport.h"
#include "wire/tpmkey.h"

#define HEX32 "abababababababababababababababababababababababababababababababab"
#define HEAD                                                                                       \
        "\x1e{\"mediaType\":\"application/vnd.io.systemd.report\",\"timestamp\":\"Sun\",\"metrics\":[]}\n"
#define ATTEST(type, attested)                                                                     \
        "\"attestInfo\":{\"attest\":{\"magic\":\"VALUE\",\"type\":\"" type                         \
        "\",\"qualifiedSigner\":\"000b" HEX32 "\",\"extraData\":\"\",\"clockInfo\":{\"clock\":1,"  \
        "\"resetCount\":2,\"restartCount\":3,\"safe\":\"YES\"},\"firmwareVersion\":"               \
        "18446744073709551615,\"attested\":" attested "}}"
#define SIGNATURE                                                                                  \
        ",\"signature\":{\"sigAlg\":\"ECDSA\",\"signature\":{\"hash\":\"SHA256\",\"signatureR\":"  \
        "\"0102\",\"signatureS\":\"0304\"}}}"
#define PCR                                                                                        \
        "{\"type\":\"pcr\"," ATTEST("ATTEST_QUOTE",                                                \
                        "{\"pcrSelect\":[{\"hash\":\"SHA256\",\"pcrSelect\":[0,11,23]}],"          \
                        "\"pcrDigest\":\"" HEX32 "\"}") SIGNATURE
#define NVPCR                                                                                      \
        "{\"type\":\"nvpcr\",\"nvPublic\":{\"nvIndex\":30474753,\"nameAlg\":\"SHA256\","           \
        "\"attributes\":738590792,\"authPolicy\":\"" HEX32                                         \
        "\",\"dataSize\":32},\"authenticatedData\":\"{\\\"a\\\":1}\"," ATTEST("ATTEST_NV",         \
                        "{\"indexName\":\"000b" HEX32 "\",\"offset\":0,\"nvContents\":\"" HEX32    \
                        "\"}") SIGNATURE
#define AUDIT                                                                                      \
        "{\"type\":\"session-audit\"," ATTEST("ATTEST_SESSION_AUDIT",                              \
                        "{\"exclusiveSession\":\"NO\",\"sessionDigest\":\"" HEX32 "\"}") SIGNATURE
#define KEY                                                                                        \
        "\"publicKey\":{\"type\":\"ECC\",\"nameAlg\":\"SHA384\",\"objectAttributes\":327794,"      \
        "\"authPolicy\":\"\",\"parameters\":{\"symmetric\":{\"algorithm\":\"NULL\"},\"scheme\":{"  \
        "\"scheme\":\"ECDSA\",\"details\":{\"hashAlg\":\"SHA384\"}},\"curveID\":\"NIST_P384\","    \
        "\"kdf\":{\"scheme\":\"NULL\"}},\"unique\":{\"x\":\"" HEX32 "\",\"y\":\"" HEX32 "\"}}"
#define RECORD                                                                                     \
        "\x1e{\"mediaType\":\"application/vnd.io.systemd.report.signature\",\"mechanism\":"        \
        "\"tpm2\",\"sha256\":\"" HEX32 "\",\"data\":{\"eventLog\":[]," KEY ",\"components\":[" PCR \
        "," NVPCR "," AUDIT "]}}\n"
#define FILE_TEXT HEAD RECORD

static JsonToken tokens[2048];

static int read_record(Span record, Buf *into, SysTpm2 *ret, Err *e) {
        SysSignature s;
        int rc;

        rc = sysreport_signature(record, tokens, ELEMENTS(tokens), &s, e);
        return rc < 0 ? rc : sysreport_tpm2(s.data, into, ret, e);
}

static void a_report_is_taken_apart(void **state) {
        SysReport r;

        (void) state;
        assert_int_equal(sysreport_split(SPAN_LITERAL(FILE_TEXT RECORD), &r, NULL), 0);
        assert_true(span_is(r.report, HEAD) && span_is(r.timestamp, "Sun"));
        assert_int_equal(r.n_signatures, 2);
        assert_true(span_is(r.signatures[1], RECORD));
}

static void what_is_no_report_is_refused(void **state) {
        static const struct {
                const char *text, *said;
        } bad[] = {
                { "", "not the beginning of a report" },
                { "{}\n", "not with 0x7b" },
                { "\x1e{}\n", "not the beginning of a report" },
                { "\x1e{\"mediaType\":\"application/vnd.io.systemd.report\"}\n",
                                "not the beginning" },
                { HEAD, "nobody signed it" },
                { HEAD "x", "not with 0x78" },
                { HEAD RECORD "x", "not with 0x78" },
                { "\x1e{\"mediaType\":\"application/vnd.io.systemd.report\",\"timestamp\":\"Sun\"}\n" RECORD,
                                "nothing behind the timestamp" },
                { "\x1e{\"mediaType\":\"application/vnd.io.systemd.report\",\"timestamp\":\"" HEX32
                                                HEX32 "\",\"metrics\":[]}\n" RECORD,
                                "malformed" },
                { HEAD "\x1e{", "not finished" },
                { HEAD RECORD RECORD RECORD RECORD RECORD RECORD RECORD RECORD RECORD,
                                "more than 8 signatures" },
        };
        SysReport r = { .n_signatures = 77 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                Err e = {};

                assert_int_equal(sysreport_split(span_of(bad[i].text), &r, &e), -EBADMSG);
                if (!strstr(e.text, bad[i].said))
                        fail_msg("%zu: said '%s'", i, e.text);
                assert_int_equal(r.n_signatures, 77);
        }
        assert_int_equal(sysreport_split(SPAN_LITERAL(HEAD RECORD RECORD RECORD RECORD RECORD RECORD
                                                                         RECORD RECORD),
                                         &r, NULL),
                        0);
}

/* What JSON tells comes out as a TPM wrote it: the readers of that take it. */
static void attestations_are_marshalled_again(void **state) {
        _cleanup_(buf_done) Buf into = BUF_UP_TO(65536);
        SessionAudited audit;
        TpmSignature s;
        TpmPublic key;
        NvCertified nv;
        NvPublic public;
        Quoted q;
        SysTpm2 t;

        (void) state;
        assert_int_equal(read_record(SPAN_LITERAL(RECORD), &into, &t, NULL), 0);
        assert_int_equal(t.n_components, 3);
        assert_int_equal(json_type(t.event_log), JSON_ARRAY);
        assert_int_equal(quoted_parse(t.components[0].attest, &q, NULL), 0);
        assert_int_equal(q.selection.banks[0].mask, 0x800801);
        assert_int_equal(q.head.clock, 1);
        assert_int_equal(q.head.reset_count, 2);
        assert_int_equal(q.head.restart_count, 3);
        assert_true(q.head.safe && q.head.firmware == UINT64_MAX);
        assert_int_equal(q.digest.data[31], 0xab);
        assert_int_equal(tpm_signature_parse(t.components[0].signature, &s, NULL), 0);
        assert_true(s.r.size == 2 && s.s.data[1] == 4);
        assert_int_equal(nv_certified_parse(t.components[1].attest, &nv, NULL), 0);
        assert_int_equal(nv.contents.size, 32);
        assert_int_equal(nv_public_parse(t.components[1].public, &public, NULL), 0);
        assert_int_equal(public.index, 0x1d10201);
        assert_int_equal(public.attributes, 0x2c060048);
        assert_int_equal(public.size, 32);
        assert_true(span_is(t.components[1].authenticated, "{\"a\":1}"));
        assert_int_equal(session_audited_parse(t.components[2].attest, &audit, NULL), 0);
        assert_false(audit.exclusive);
        assert_int_equal(tpm_public_parse(t.ak, &key, NULL), 0);
        assert_int_equal(key.name_alg, HASH_SHA384);
        assert_int_equal(key.curve, TPM_CURVE_P384);
        assert_int_equal(key.attributes, 327794);
}

static void rsa_is_marshalled_too(void **state) {
        static const char rsa_key[] =
                        "\"publicKey\":{\"type\":\"RSA\",\"nameAlg\":\"SHA256\",\"objectAttributes\":327794,"
                        "\"authPolicy\":\"\",\"parameters\":{\"symmetric\":{\"algorithm\":\"NULL\"},"
                        "\"scheme\":{\"scheme\":\"RSASSA\",\"details\":{\"hashAlg\":\"SHA256\"}},"
                        "\"keyBits\":2048,\"exponent\":0},\"unique\":\"" HEX32 HEX32 HEX32 HEX32
                                        HEX32 HEX32 HEX32 HEX32 "\"}";
        _cleanup_(buf_done) Buf a = BUF_UP_TO(65536), b = BUF_UP_TO(65536), into = BUF_UP_TO(65536);
        TpmSignature s;
        TpmPublic key;
        SysTpm2 t;
        Span text;

        (void) state;
        (void) edit(RECORD, KEY, rsa_key, &a);
        buf_byte(&a, 0);
        text = edit((const char *) a.data,
                        "\"ECDSA\",\"signature\":{\"hash\":\"SHA256\",\"signatureR\":\"0102\","
                        "\"signatureS\":\"0304\"}",
                        "\"RSASSA\",\"signature\":{\"hash\":\"SHA256\",\"sig\":\"" HEX32 HEX32 HEX32
                                        HEX32 HEX32 HEX32 HEX32 HEX32 "\"}",
                        &b);
        assert_int_equal(read_record(text, &into, &t, NULL), 0);
        assert_int_equal(tpm_public_parse(t.ak, &key, NULL), 0);
        assert_int_equal(key.bits, 2048);
        assert_int_equal(tpm_signature_parse(t.components[0].signature, &s, NULL), 0);
        assert_int_equal(s.rsa.size, 256);
}

/* Texts that are refused, and why. */
static const struct {
        const char *old, *new, *said;
} refused[] = {
        { "report.signature", "report.other", "not a signature's record" },
        { "\"tpm2\"", "7", "without mechanism or data" },
        { "\"data\":{", "\"data\":7,\"x\":{", "without mechanism or data" },
        { "\"sha256\":\"ab", "\"sha256\":\"AB", "without the report's SHA-256" },
        { "\"eventLog\":[]", "\"eventLog\":{}", "no event log" },
        { "\"eventLog\":[],", "", "no event log" },
        { "\"components\":[", "\"components\":{},\"x\":[", "no components" },
        { "\"components\":[", "\"components\":[],\"x\":[", "no audit behind" },
        { "," AUDIT, "", "no audit behind" },
        { AUDIT "]", AUDIT "," NVPCR "]", "a component behind the audit" },
        { "\"session-audit\"", "\"rtmr\"", "a type that is not known" },
        { "\"ATTEST_QUOTE\"", "\"ATTEST_NV\"", "of another type" },
        { "\"ATTEST_QUOTE\"", "\"ATTEST_TIME\"", "not a word" },
        { "\"clock\":1,", "\"clock\":-1,", "not a number of its size" },
        { "\"clock\":1,", "\"clock\":\"1\",", "not a number of its size" },
        { "\"clock\":1,", "", "not a number of its size" },
        { "\"resetCount\":2", "\"resetCount\":4294967296", "not a number of its size" },
        { "\"restartCount\":3", "\"restartCount\":4294967296", "not a number of its size" },
        { "\"safe\":\"YES\"", "\"safe\":1", "not a word" },
        { "\"safe\":\"YES\"", "\"safe\":\"MAYBE\"", "not a word" },
        { "18446744073709551615", "18446744073709551616", "beyond 2^64" },
        { "\"extraData\":\"\"", "\"extraData\":\"A0\"", "not bytes in lower-case hex" },
        { "\"extraData\":\"\"", "\"extraData\":\"a\"", "not bytes in lower-case hex" },
        { "\"extraData\":\"\"", "\"extraData\":\"" HEX32 HEX32 "00\"", "or too many" },
        { "\"extraData\":\"\"", "\"extraData\":0", "not bytes in hex" },
        { "[0,11,23]", "[0,11,24]", "not a PCR's number" },
        { "[0,11,23]", "[0,11,11]", "one twice" },
        { "[0,11,23]", "[-1]", "not a PCR's number" },
        { "[0,11,23]", "{}", "not PCR numbers" },
        { "\"pcrSelect\":[{", "\"pcrSelect\":7,\"x\":[{", "not a PCR selection" },
        { "\"hash\":\"SHA256\",\"pcr", "\"hash\":\"MD5\",\"pcr", "not a word" },
        { "\"offset\":0", "\"offset\":65536", "not a number of its size" },
        { "\"exclusiveSession\":\"NO\"", "\"exclusiveSession\":\"no\"", "not a word" },
        { "\"sigAlg\":\"ECDSA\"", "\"sigAlg\":\"ECDAA\"", "not a word" },
        { "\"signatureR\":\"0102\",", "", "not bytes in hex" },
        { "\"signatureR\":\"0102\",", "\"signatureR\":\"" HEX32 HEX32 "010203\",", "or too many" },
        { "\"nvIndex\":30474753", "\"nvIndex\":4294967296", "not a number of its size" },
        { "\"dataSize\":32", "\"dataSize\":65536", "not a number of its size" },
        { "\"attributes\":738590792", "\"attributes\":4294967296", "not a number of its size" },
        { "\"authenticatedData\":\"{\\\"a\\\":1}\"", "\"authenticatedData\":{}", "not a text" },
        { "\"authenticatedData\":\"{\\\"a\\\":1}\",", "", "not a text" },
        { "\"type\":\"ECC\"", "\"type\":\"SYMCIPHER\"", "not a word" },
        { "\"curveID\":\"NIST_P384\"", "\"curveID\":\"SM2_P256\"", "not a word" },
        { "\"objectAttributes\":327794", "\"objectAttributes\":4294967296", "not a number" },
        { "\"kdf\":{\"scheme\":\"NULL\"}", "\"kdf\":{}", "not a word" },
};

static void anything_else_is_refused_and_leaves_nothing(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(refused); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(65536), into = BUF_UP_TO(65536);
                SysTpm2 t = { .n_components = 77 };
                Err e = {};

                if (read_record(edit(RECORD, refused[i].old, refused[i].new, &b), &into, &t, &e) !=
                                -EBADMSG)
                        fail_msg("%zu: taken", i);
                if (!strstr(e.text, refused[i].said))
                        fail_msg("%zu: said '%s'", i, e.text);
                assert_int_equal(t.n_components, 77);
        }
}

static void every_prefix_is_refused(void **state) {
        (void) state;
        for (size_t n = 0; n < sizeof(RECORD) - 1; n++) {
                _cleanup_(buf_done) Buf into = BUF_UP_TO(65536);
                SysReport r;
                SysTpm2 t;

                assert_int_equal(
                                read_record((Span){ (const uint8_t *) RECORD, n }, &into, &t, NULL),
                                -EBADMSG);
                assert_int_equal(sysreport_split((Span){ (const uint8_t *) FILE_TEXT,
                                                                 sizeof(HEAD) - 1 + n },
                                                 &r, NULL),
                                -EBADMSG);
        }
}

static void components_and_values_are_bounded(void **state) {
        _cleanup_(buf_done) Buf whole = BUF_UP_TO(1 << 20);
        SysTpm2 t;

        (void) state;
        for (int over = 0; over < 2; over++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(1 << 20), many = BUF_UP_TO(1 << 20);
                _cleanup_(buf_done) Buf into = BUF_UP_TO(1 << 20);
                int rc;

                for (int i = 0; i < SYSREPORT_COMPONENTS_MAX - 3 + over; i++)
                        buf_string(&many, PCR ",");
                buf_string(&many, PCR "," NVPCR);
                buf_byte(&many, 0);
                rc = read_record(edit(RECORD, PCR "," NVPCR, (const char *) many.data, &b), &into,
                                &t, NULL);
                assert_int_equal(rc, over ? -EBADMSG : 0);
        }
        assert_int_equal(read_record(SPAN_LITERAL(RECORD), &whole, &t, NULL), 0);
        for (size_t room = 1; room <= whole.size; room++) {
                _cleanup_(buf_done) Buf into = BUF_UP_TO(room);

                assert_int_equal(read_record(SPAN_LITERAL(RECORD), &into, &t, NULL),
                                room < whole.size ? -E2BIG : 0);
        }
        assert_int_equal(sysreport_signature(
                                         SPAN_LITERAL(RECORD), tokens, 20, &(SysSignature){}, NULL),
                        -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_report_is_taken_apart),
                cmocka_unit_test(what_is_no_report_is_refused),
                cmocka_unit_test(attestations_are_marshalled_again),
                cmocka_unit_test(rsa_is_marshalled_too),
                cmocka_unit_test(anything_else_is_refused_and_leaves_nothing),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(components_and_values_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
