/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>

#include "wire/pcrsig.h"

#define KEY "17e2ed59ca6d823e5f1b734d0fc67c5574e27a572106c56f4c7266ffa8ced1cd"
#define POL "9753738d2a990a2c5d5b4ae19481576a678b648f73bf25f80804654eb263146f"
/* what one more digit makes as long as that is */
#define TAIL "753738d2a990a2c5d5b4ae19481576a678b648f73bf25f80804654eb263146f"
#define HEAD "{\"pcrs\": [11], \"pkfp\": \"" KEY "\""
#define PLAIN HEAD ", \"pol\": \"" POL "\", \"sig\": \"QUJD\"}"
#define REFERRED HEAD ", \"ref\": \"initrd\", \"pol\": \"" POL "\", \"tbs\": \"" POL POL "\"}"
/* two banks, one entry that is signed, and one that is to be */
#define GOOD "{\"sha256\": [" PLAIN ", " REFERRED "], \"sha1\": [" PLAIN "]}"

static PcrSignature list[PCR_SIGNATURES_MAX];

static void what_is_signed_and_what_is_to_be(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        size_t n;

        (void) state;
        assert_int_equal(pcrsig_parse(SPAN_LITERAL(GOOD "\0\0"), list, &n, NULL), 0);
        assert_int_equal(n, 3);
        assert_int_equal(list[0].bank, HASH_SHA256);
        assert_int_equal(list[2].bank, HASH_SHA1);
        assert_int_equal(list[0].pcrs, 1 << 11);
        assert_int_equal(list[0].key[0], 0x17);
        assert_int_equal(list[0].policy[31], 0x6f);
        assert_true(span_is(list[0].signature, "QUJD") && list[0].reference.size == 0);
        assert_true(span_is(list[1].reference, "initrd") && list[1].signature.size == 0);
        assert_int_equal(list[1].to_sign.size, 128);
        pcrsig_write(list, n, &b);
        assert_true(span_is(buf_span(&b), GOOD));
}

static void every_prefix_is_refused(void **state) {
        (void) state;
        for (size_t size = 0; size < sizeof(GOOD) - 1; size++) {
                Err e = {};
                size_t n;

                assert_int_equal(pcrsig_parse((Span){ (const uint8_t *) GOOD, size }, list, &n, &e),
                                -EBADMSG);
                assert_string_not_equal(e.text, "");
        }
}

static void what_is_none_is_refused(void **state) {
        static const char *const bad[] = {
                "[]",
                "{\"md5\": []}",
                "{\"md5\": [], \"sha256\": []}",
                "{\"sha256\": {}}",
                "{\"sha256\": [1]}",
                "{\"sha256\": [[" PLAIN "]]}",
                "{\"sha256\": [" PLAIN "], \"sha256\": []}",
                "{\"sha256\": [{\"pcrs\": [11], \"pkfp\": \"" KEY "\"}]}",
                "{\"sha256\": [{\"pcrs\": [11], \"pol\": \"" POL "\"}]}",
                "{\"sha256\": [{\"pkfp\": \"" KEY "\", \"pol\": \"" POL "\"}]}",
                "{\"sha256\": [{\"pcrs\": [], \"pkfp\": \"" KEY "\", \"pol\": \"" POL "\"}]}",
                "{\"sha256\": [{\"pcrs\": [24], \"pkfp\": \"" KEY "\", \"pol\": \"" POL "\"}]}",
                "{\"sha256\": [{\"pcrs\": [-1], \"pkfp\": \"" KEY "\", \"pol\": \"" POL "\"}]}",
                "{\"sha256\": [{\"pcrs\": 11, \"pkfp\": \"" KEY "\", \"pol\": \"" POL "\"}]}",
                "{\"sha256\": [{\"pcrs\": {}, \"pkfp\": \"" KEY "\", \"pol\": \"" POL "\"}]}",
                "{\"sha256\": [{\"pcrs\": {\"11\": 11}, \"pkfp\": \"" KEY "\", \"pol\": \"" POL
                "\"}]}",
                "{\"sha256\": [{\"pcrs\": [1, 1], \"pkfp\": \"" KEY "\", \"pol\": \"" POL "\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"sig\": \"QUJ\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"sig\": \"Q=JD\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"sig\": \"\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"sig\": 1}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"tbs\": \"00\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"tbs\": \"" POL "0\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"tbs\": \"/" TAIL "\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"tbs\": \":" TAIL "\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"tbs\": \"`" TAIL "\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"tbs\": \"g" TAIL "\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"ref\": \"\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"ref\": \"a\\\\b\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"ref\": \"a\x7f\"}]}",
                "{\"sha256\": [" HEAD ", \"pol\": \"" POL "\", \"ref\": \"a\\\"b\"}]}",
                "{} x",
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                Err e = {};
                size_t n = 9;

                if (pcrsig_parse(span_of(bad[i]), list, &n, &e) != -EBADMSG || !e.text[0] || n != 9)
                        fail_msg("%s", bad[i]);
        }
}

static void members_of_other_names_are_passed_over(void **state) {
        size_t n = 9;

        (void) state;
        assert_int_equal(pcrsig_parse(SPAN_LITERAL("{\"sha256\": [" HEAD ", \"x\": [{}], \"pol\": "
                                                   "\"" POL "\"}]}   "),
                                         list, &n, NULL),
                        0);
        assert_int_equal(n, 1);
        assert_int_equal(pcrsig_parse(SPAN_LITERAL("{}"), list, &n, NULL), 0);
        assert_int_equal(n, 0);
}

static void those_of_a_bank_come_together(void **state) {
        size_t n;

        (void) state;
        assert_int_equal(pcrsig_parse(SPAN_LITERAL(GOOD), list, &n, NULL), 0);
        memcpy(list + n, list, n * sizeof(*list));
        list[n].policy[0] ^= 1;
        assert_int_equal(pcrsig_join(list, 2 * n), n + 1);
        assert_true(list[0].bank == HASH_SHA256 && list[1].bank == HASH_SHA256);
        assert_true(list[2].bank == HASH_SHA256 && list[3].bank == HASH_SHA1);
        assert_int_equal(list[0].policy[0] ^ list[2].policy[0], 1);
        list[4] = list[1];
        list[4].policy[0] ^= 2;
        assert_int_equal(pcrsig_join(list, 5), 5);
        assert_int_equal(list[1].policy[0] ^ list[3].policy[0], 2);
        assert_int_equal(pcrsig_join(list, 0), 0);
}

/* Whether the second of two entries, which differ by that, is kept. */
static void check_kept(PcrSignature other) {
        list[1] = other;
        assert_int_equal(pcrsig_join(list, 2), 2);
}

static void what_differs_in_anything_is_another(void **state) {
        PcrSignature s;
        size_t n;

        (void) state;
        assert_int_equal(pcrsig_parse(SPAN_LITERAL(GOOD), list, &n, NULL), 0);
        s = list[0];
        list[1] = s;
        assert_int_equal(pcrsig_join(list, 2), 1);
        s.pcrs ^= 1;
        check_kept(s);
        s = list[0];
        s.key[31] ^= 1;
        check_kept(s);
        s = list[0];
        s.reference = SPAN_LITERAL("initrd");
        check_kept(s);
        s = list[0];
        s.to_sign = SPAN_LITERAL(POL);
        check_kept(s);
        s = list[0];
        s.signature = SPAN_LITERAL("QUJE");
        check_kept(s);
        s = list[0];
        s.bank = HASH_SHA384;
        check_kept(s);
}

static void a_digest_to_be_signed_is_of_either_length(void **state) {
        size_t n;

        (void) state;
        assert_int_equal(pcrsig_parse(SPAN_LITERAL("{\"sha256\": [" HEAD ", \"pol\": \"" POL
                                                   "\", \"tbs\": \"" POL "\"}]}"),
                                         list, &n, NULL),
                        0);
        assert_true(span_is(list[0].to_sign, POL));
}

static void there_is_a_limit(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(UKI_TEXT_MAX * 4);
        size_t n;

        (void) state;
        buf_string(&b, "{\"sha1\": [");
        for (size_t i = 0; i < PCR_SIGNATURES_MAX; i++)
                buf_printf(&b, "%s%s", i > 0 ? ", " : "", PLAIN);
        buf_string(&b, "]}");
        assert_int_equal(pcrsig_parse(buf_span(&b), list, &n, NULL), 0);
        assert_int_equal(n, PCR_SIGNATURES_MAX);
        b.size -= 2;
        buf_printf(&b, ", %s]}", PLAIN);
        assert_int_equal(pcrsig_parse(buf_span(&b), list, &n, NULL), -EBADMSG);
        b.size = 0;
        buf_byte(&b, '[');
        for (size_t i = 0; i < 20 * PCR_SIGNATURES_MAX; i++)
                buf_string(&b, "1,");
        buf_string(&b, "1]");
        assert_int_equal(pcrsig_parse(buf_span(&b), list, &n, NULL), -E2BIG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_signed_and_what_is_to_be),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(what_is_none_is_refused),
                cmocka_unit_test(members_of_other_names_are_passed_over),
                cmocka_unit_test(those_of_a_bank_come_together),
                cmocka_unit_test(what_differs_in_anything_is_another),
                cmocka_unit_test(a_digest_to_be_signed_is_of_either_length),
                cmocka_unit_test(there_is_a_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
