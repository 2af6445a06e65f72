/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "wire/pcrlock.h"

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST "{\"hashAlg\":\"sha256\",\"digest\":\"" ONES "\"}"
#define RECORD "{\"pcr\":4,\"digests\":[" DIGEST "]}"

static int parse(const char *text, Json *ret, Err *e) {
        static JsonToken tokens[4096];

        return pcrlock_parse(span_of(text), tokens, ELEMENTS(tokens), ret, e);
}

static void a_component_is_read(void **state) {
        static const char text[] =
                        "{\"records\":[{\"pcr\":4,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"cd0fdb4531a6ec41be2753ba042637d6e5f7f256\"}," DIGEST
                        ",{\"hashAlg\":\"sm3_256\",\"digest\":\"x\"}],\"recnum\":1,\"content_type\":\"a\",\"content\":null},"
                        "{\"nv_index\":30474753,\"digests\":[" DIGEST "]}]}\n";
        Json records, r;
        PcrlockRecord record;

        (void) state;
        assert_int_equal(parse(text, &records, NULL), 0);
        assert_int_equal(json_count(records), 2);
        r = json_first(records);
        assert_int_equal(pcrlock_record(r, &record, NULL), 0);
        assert_int_equal(record.reg.kind, REGISTER_PCR);
        assert_int_equal(record.reg.index, 4);
        assert_int_equal(record.n_digests, 2);
        assert_non_null(pcrlock_digest(&record, HASH_SHA256));
        assert_int_equal(pcrlock_digest(&record, HASH_SHA256)->bytes[31], 0x11);
        assert_int_equal(pcrlock_digest(&record, HASH_SHA1)->bytes[0], 0xcd);
        assert_null(pcrlock_digest(&record, HASH_SHA384));
        assert_int_equal(pcrlock_record(json_next(records, r), &record, NULL), 0);
        assert_int_equal(record.reg.kind, REGISTER_NV);
        assert_int_equal(record.reg.index, 30474753);
}

static void a_component_may_be_empty(void **state) {
        Json records;

        (void) state;
        assert_int_equal(parse("{\"records\":[]}\n", &records, NULL), 0);
        assert_int_equal(json_count(records), 0);
}

static void what_is_no_component_is_refused(void **state) {
        static const struct {
                const char *text, *said;
        } rows[] = {
                { "", "" },
                { "[]", "records alone" },
                { "{}", "records alone" },
                { "{\"records\":{}}", "records alone" },
                { "{\"records\":[],\"more\":1}", "records alone" },
                { "{\"records\":[]} x", "" },
                { "{\"records\":[1]}", "not a record" },
                { "{\"records\":[{\"digests\":[" DIGEST "]}]}", "of one register" },
                { "{\"records\":[{\"pcr\":1,\"nv_index\":2,\"digests\":[" DIGEST "]}]}",
                                "of one register" },
                { "{\"records\":[{\"pcr\":24,\"digests\":[" DIGEST "]}]}", "number of a register" },
                { "{\"records\":[{\"pcr\":-1,\"digests\":[" DIGEST "]}]}", "number of a register" },
                { "{\"records\":[{\"nv_index\":4294967296,\"digests\":[" DIGEST "]}]}",
                                "number of a register" },
                { "{\"records\":[{\"nv_index\":-1,\"digests\":[" DIGEST "]}]}",
                                "number of a register" },
                { "{\"records\":[{\"pcr\":1}]}", "no digests" },
                { "{\"records\":[{\"pcr\":1,\"digests\":{\"a\":" DIGEST "}}]}", "no digests" },
                { "{\"records\":[{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sm3_256\",\"digest\":7}]}]}",
                                "not hashAlg and digest" },
                { "{\"records\":[{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sm3_256\",\"digest\":\"7\",\"more\":1}]}]}",
                                "not hashAlg and digest" },
                { "{\"records\":[{\"pcr\":1,\"digests\":[]}]}", "no digests" },
                { "{\"records\":[{\"pcr\":1,\"digests\":[" DIGEST "," DIGEST "]}]}",
                                "two digests of one hash" },
                { "{\"records\":[{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"11\"}]}]}",
                                "not as long as its hash" },
                { "{\"records\":[{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha256\"}]}]}",
                                "not hashAlg and digest" },
                { "{\"records\":[{\"pcr\":1,\"digests\":[{\"hashAlg\":1,\"digest\":\"" ONES
                  "\"}]}]}",
                                "not hashAlg and digest" },
                { "{\"records\":[{\"pcr\":1,\"digests\":[" DIGEST "],\"type\":1}]}",
                                "not a member of a record" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                Json records;
                Err e = {};

                assert_int_equal(parse(rows[i].text, &records, &e), -EBADMSG);
                if (!strstr(e.text, "pcrlock component") || !strstr(e.text, rows[i].said))
                        fail_msg("'%s', not '%s'", e.text, rows[i].said);
        }
}

static void there_is_an_end_to_records(void **state) {
        static JsonToken tokens[PCRLOCK_TOKENS_MAX];

        (void) state;
        for (size_t n = PCRLOCK_RECORDS_MAX; n <= PCRLOCK_RECORDS_MAX + 1; n++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(PCRLOCK_MAX);
                bool fits = n == PCRLOCK_RECORDS_MAX;
                Json records;
                Err e = {};

                buf_string(&text, "{\"records\":[");
                for (size_t i = 0; i < n; i++)
                        buf_printf(&text, "%s%s", i > 0 ? "," : "", RECORD);
                buf_string(&text, "]}");
                assert_int_equal(pcrlock_parse(buf_span(&text), tokens, ELEMENTS(tokens), &records,
                                                 &e),
                                fits ? 0 : -EBADMSG);
                if (!fits)
                        assert_non_null(strstr(e.text, "more records than are taken"));
        }
}

static void every_prefix_is_refused(void **state) {
        static const char text[] = "{\"records\":[" RECORD "]}";
        static JsonToken tokens[64];
        Json records;

        (void) state;
        for (size_t n = 0; n < sizeof(text) - 1; n++)
                assert_true(pcrlock_parse((Span){ (const uint8_t *) text, n }, tokens,
                                            ELEMENTS(tokens), &records, NULL) < 0);
        assert_int_equal(parse(text, &records, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_component_is_read),
                cmocka_unit_test(a_component_may_be_empty),
                cmocka_unit_test(what_is_no_component_is_refused),
                cmocka_unit_test(there_is_an_end_to_records),
                cmocka_unit_test(every_prefix_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
