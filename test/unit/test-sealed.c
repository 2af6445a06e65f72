/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/sealed.h"

#define HEX32 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD                                                                                       \
        "avouch/sealed/v1\n"                                                                       \
        "id " HEX32 "\n"                                                                           \
        "key " HEX32 HEX32 "\n"
#define PCRS                                                                                       \
        "pcrs sha256:0-2,7+sha384:8\n"                                                             \
        "pcr-digest " HEX32 "\n"
#define APPROVAL                                                                                   \
        "count 4711\n"                                                                             \
        "signature " HEX32 HEX32 "\n"
#define OBJECT                                                                                     \
        "public 0008\n"                                                                            \
        "private 00ff01\n"
#define DATA                                                                                       \
        "nonce 000102030405060708090a0b\n"                                                         \
        "tag 000102030405060708090a0b0c0d0e0f\n"                                                   \
        "data c0ffee\n"
#define END "end\n"
#define WHOLE HEAD PCRS APPROVAL OBJECT DATA END

static void assert_refused(const char *text, const char *why) {
        size_t size = strlen(text);
        uint8_t *copy = malloc(size + 1); /* no more than the text, so that the sanitizer sees */
        Sealed s = { .count = 7 };
        Err e = {};

        assert_non_null(copy);
        memcpy(copy, text, size);
        assert_int_equal(sealed_parse((Span){ copy, size }, &s, &e), -EBADMSG);
        assert_int_equal(s.count, 7);
        if (!strstr(e.text, why))
                fail_msg("'%s' does not say '%s'", e.text, why);
        free(copy);
}

static void assert_same_again(const Sealed *s, const char *text) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(SEALED_MAX);

        sealed_write(s, &b);
        assert_int_equal(b.failed, 0);
        assert_true(span_is(buf_span(&b), text));
}

static void it_is_read_line_by_line(void **state) {
        static const uint8_t first[4] = { 0x01, 0x23, 0x45, 0x67 };
        Sealed s;

        (void) state;
        assert_int_equal(sealed_parse(SPAN_LITERAL(WHOLE), &s, NULL), 0);
        assert_memory_equal(s.id, first, 4);
        assert_memory_equal(s.x, first, 4);
        assert_memory_equal(s.y, first, 4);
        assert_int_equal(s.pcrs.n_banks, 2);
        assert_int_equal(s.pcrs.banks[0].mask, 0x87);
        assert_int_equal(s.pcrs.banks[1].alg, HASH_SHA384);
        assert_int_equal(s.pcr_digest.alg, HASH_SHA256);
        assert_memory_equal(s.pcr_digest.bytes, first, 4);
        assert_true(s.approved);
        assert_int_equal(s.count, 4711);
        assert_memory_equal(s.s, first, 4);
        assert_int_equal(s.public_size, 2);
        assert_int_equal(s.public[1], 8);
        assert_int_equal(s.private_size, 3);
        assert_int_equal(s.private[1], 0xff);
        assert_true(s.has_data);
        assert_int_equal(s.nonce[11], 0x0b);
        assert_int_equal(s.tag[15], 0x0f);
        assert_true(span_is(s.data, "c0ffee"));
        assert_same_again(&s, WHOLE);
}

static void an_approval_and_data_may_be_missing(void **state) {
        static const char *const texts[] = { HEAD PCRS APPROVAL OBJECT END,
                HEAD PCRS OBJECT DATA END, HEAD PCRS OBJECT END };
        Sealed s;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                assert_int_equal(sealed_parse(span_of(texts[i]), &s, NULL), 0);
                assert_same_again(&s, texts[i]);
        }
        assert_false(s.approved);
        assert_false(s.has_data);
}

static void every_prefix_is_refused(void **state) {
        static const char text[] = WHOLE;
        char cut[sizeof(text)];

        (void) state;
        for (size_t n = 0; n < sizeof(text) - 1; n++) {
                memcpy(cut, text, n);
                cut[n] = '\0';
                assert_refused(cut, "sealed secret: ");
        }
}

static void another_spelling_is_refused(void **state) {
        static const struct {
                const char *text, *why;
        } cases[] = {
                { "avouch/sealed/v2\n", "no sealed secret of version 1" },
                { HEAD PCRS OBJECT DATA "data 00\n" END, "unknown, out of order or there twice" },
                { HEAD PCRS OBJECT "data c0ffee\n" END, "unknown, out of order or there twice" },
                { WHOLE "\n", "behind the end" },
                { WHOLE END, "behind the end" },
                { HEAD HEAD PCRS OBJECT, "another line" },
                { HEAD PCRS OBJECT APPROVAL, "unknown, out of order or there twice" },
                { HEAD "pcrs sha256:7,0-2\npcr-digest " HEX32 "\n" OBJECT, "one spelling" },
                { HEAD "pcrs sha256:0,1,2\npcr-digest " HEX32 "\n" OBJECT, "one spelling" },
                { HEAD "pcrs SHA256:7\npcr-digest " HEX32 "\n" OBJECT, "one spelling" },
                { HEAD "pcrs \npcr-digest " HEX32 "\n" OBJECT, "one spelling" },
                { HEAD "pcrs sha256:\npcr-digest " HEX32 "\n" OBJECT, "one spelling" },
                { HEAD "pcrs sha1:7\npcr-digest " HEX32 "\n" OBJECT, "one spelling" },
                { HEAD "pcrs sha256:24\npcr-digest " HEX32 "\n" OBJECT, "one spelling" },
                { HEAD PCRS "count 04711\nsignature " HEX32 HEX32 "\n" OBJECT, "not a count" },
                { HEAD PCRS "count -1\nsignature " HEX32 HEX32 "\n" OBJECT, "not a count" },
                { HEAD PCRS "count 000000000000000000001\nsignature " HEX32 HEX32 "\n" OBJECT,
                                "more bytes than allowed" },
                { HEAD PCRS "count 9007199254740992\nsignature " HEX32 HEX32 "\n" OBJECT,
                                "not a count" },
                { HEAD PCRS "count 1\n" OBJECT, "another line" },
                { HEAD PCRS "count 1\nsignature " HEX32 "\n" OBJECT, "hex digits" },
                { HEAD PCRS "public 0008\nprivate \n", "not bytes" },
                { HEAD PCRS "public 000\nprivate 00\n", "not bytes" },
                { HEAD PCRS "public 0A\nprivate 00\n", "not bytes" },
                { HEAD PCRS OBJECT "nonce 00\n", "hex digits" },
                { HEAD PCRS OBJECT
                                "nonce 000102030405060708090a0b\ntag 000102030405060708090a0b0c0d0e0f\ndata \n",
                                "not bytes" },
                { HEAD PCRS OBJECT
                                "nonce 000102030405060708090a0b\ntag 000102030405060708090a0b0c0d0e0f\ndata c0fFee\n",
                                "not bytes" },
                { HEAD PCRS OBJECT
                                "nonce 000102030405060708090a0b\ntag 000102030405060708090a0b0c0d0e0f\ndata c0ffe\n",
                                "not bytes" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_refused(cases[i].text, cases[i].why);
}

static void each_line_has_its_limit(void **state) {
        static const struct {
                const char *before, *behind;
                size_t most;
        } cases[] = {
                { HEAD PCRS "public ", "\nprivate 00\n" END, SEALED_PUBLIC_MAX },
                { HEAD PCRS "public 00\nprivate ", "\n" END, SEALED_PRIVATE_MAX },
                { HEAD PCRS OBJECT
                                "nonce 000102030405060708090a0b\ntag 000102030405060708090a0b0c0d0e0f\ndata ",
                                "\n" END, SEALED_SECRET_MAX },
        };

        (void) state;
        for (size_t i = 0; i < 2 * ELEMENTS(cases); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(SEALED_MAX);
                Sealed s;

                buf_string(&b, cases[i / 2].before);
                for (size_t n = 0; n < cases[i / 2].most + i % 2; n++)
                        buf_string(&b, "00");
                buf_string(&b, cases[i / 2].behind);
                assert_int_equal(sealed_parse(buf_span(&b), &s, NULL), i % 2 ? -EBADMSG : 0);
        }
}

static void what_is_too_large_is_not_read(void **state) {
        static uint8_t large[SEALED_MAX + 1];
        Sealed s;

        (void) state;
        assert_int_equal(sealed_parse((Span){ large, sizeof(large) }, &s, NULL), -E2BIG);
}

static void what_would_not_be_read_is_not_written(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(SEALED_MAX);
        Sealed s;

        (void) state;
        assert_int_equal(sealed_parse(SPAN_LITERAL(WHOLE), &s, NULL), 0);
        s.public_size = 0;
        sealed_write(&s, &b);
        assert_int_equal(b.failed, -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_is_read_line_by_line),
                cmocka_unit_test(an_approval_and_data_may_be_missing),
                cmocka_unit_test(every_prefix_is_refused),
                cmocka_unit_test(another_spelling_is_refused),
                cmocka_unit_test(each_line_has_its_limit),
                cmocka_unit_test(what_is_too_large_is_not_read),
                cmocka_unit_test(what_would_not_be_read_is_not_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
