/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "support/attest.h"
#include "support/testdata.h"
#include "wire/attest.h"

enum { NV = 0x8014, AUDIT = 0x8016, CERTIFY = 0x8017, QUOTE = 0x8018 };

#define QUOTE_BODY(selection, digest) SPAN_LITERAL(selection "\x00\x20" digest)
#define NV_BODY                                                                                    \
        SPAN_LITERAL("\x00\x22" SAMPLE_NAME "\x00\x00"                                             \
                     "\x00\x08"                                                                    \
                     "\x00\x00\x00\x00\x00\x00\x00\x05")
#define AUDIT_BODY SPAN_LITERAL("\x01\x00\x20" SAMPLE_DIGEST)

/* All readers in one shape, so that one loop serves them. */
typedef union Any {
        Quoted quote;
        NvCertified nv;
        SessionAudited audit;
        PcrSelection selection;
} Any;

static int parse_quote(Span bytes, Any *ret, Err *e) {
        return quoted_parse(bytes, &ret->quote, e);
}

static int parse_nv(Span bytes, Any *ret, Err *e) {
        return nv_certified_parse(bytes, &ret->nv, e);
}

static int parse_audit(Span bytes, Any *ret, Err *e) {
        return session_audited_parse(bytes, &ret->audit, e);
}

static int parse_selection(Span bytes, Any *ret, Err *e) {
        return pcr_selection_parse(bytes, &ret->selection, e);
}

typedef int (*Parse)(Span bytes, Any *ret, Err *e);

/* Refused, with a reason, and the result as it was before. The bytes are a copy of their own, so
 * that the sanitizer sees a read past their end. */
static void assert_refused(Parse parse, Span bytes, const char *why) {
        uint8_t *copy = malloc(bytes.size + 1);
        Any ret, before;
        Err e = {};

        assert_non_null(copy);
        if (bytes.size > 0)
                memcpy(copy + 1, bytes.data, bytes.size);
        memset(&ret, 0xa5, sizeof(ret));
        memset(&before, 0xa5, sizeof(before));
        assert_int_equal(parse((Span){ copy + 1, bytes.size }, &ret, &e), -EBADMSG);
        assert_int_equal(e.code, -EBADMSG);
        assert_memory_equal(&ret, &before, sizeof(ret));
        if (why && !strstr(e.text, why))
                fail_msg("'%s' does not say '%s'", e.text, why);
        free(copy);
}

static void assert_sample_refused(Parse parse, const SampleAttest *a, const char *why) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8192);

        sample_attest_write(a, &b);
        assert_int_equal(b.failed, 0);
        assert_refused(parse, buf_span(&b), why);
}

static void assert_head(const AttestHead *h) {
        assert_true(span_is(h->extra, SAMPLE_NONCE));
        assert_true(span_equal(h->signer, SPAN_LITERAL(SAMPLE_NAME)));
        assert_int_equal(h->clock, 123456);
        assert_int_equal(h->reset_count, 7);
        assert_int_equal(h->restart_count, 2);
        assert_true(h->safe);
        assert_true(h->firmware == UINT64_C(0x2019102300163636));
}

static void a_quote_is_read_field_by_field(void **state) {
        SampleAttest a = sample_attest(QUOTE, QUOTE_BODY(SAMPLE_SELECTION, SAMPLE_DIGEST));
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8192);
        Quoted q;

        (void) state;
        sample_attest_write(&a, &b);
        assert_int_equal(quoted_parse(buf_span(&b), &q, NULL), 0);
        assert_head(&q.head);
        assert_int_equal(q.selection.n_banks, 1);
        assert_int_equal(q.selection.banks[0].alg, HASH_SHA256);
        assert_int_equal(q.selection.banks[0].mask, 0x4107);
        assert_true(span_equal(q.selection_bytes, SPAN_LITERAL(SAMPLE_SELECTION)));
        assert_true(span_is(q.digest, SAMPLE_DIGEST));
}

static void an_nv_attestation_is_read_field_by_field(void **state) {
        SampleAttest a = sample_attest(NV, NV_BODY);
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8192);
        NvCertified n;

        (void) state;
        sample_attest_write(&a, &b);
        assert_int_equal(nv_certified_parse(buf_span(&b), &n, NULL), 0);
        assert_head(&n.head);
        assert_true(span_equal(n.index_name, SPAN_LITERAL(SAMPLE_NAME)));
        assert_int_equal(n.offset, 0);
        assert_true(span_equal(n.contents, SPAN_LITERAL("\x00\x00\x00\x00\x00\x00\x00\x05")));
}

static void a_session_audit_is_read_field_by_field(void **state) {
        SampleAttest a = sample_attest(AUDIT, AUDIT_BODY);
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8192);
        SessionAudited s;

        (void) state;
        sample_attest_write(&a, &b);
        assert_int_equal(session_audited_parse(buf_span(&b), &s, NULL), 0);
        assert_head(&s.head);
        assert_true(s.exclusive);
        assert_true(span_is(s.digest, SAMPLE_DIGEST));
}

static void a_yes_and_a_no_are_told_apart(void **state) {
        SampleAttest a = sample_attest(AUDIT, SPAN_LITERAL("\x00\x00\x20" SAMPLE_DIGEST));
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8192);
        SessionAudited s;

        (void) state;
        a.safe = 0;
        sample_attest_write(&a, &b);
        assert_int_equal(session_audited_parse(buf_span(&b), &s, NULL), 0);
        assert_false(s.exclusive);
        assert_false(s.head.safe);
}

static const struct {
        uint16_t type;
        Parse parse;
        Span body;
} kinds[] = {
        { QUOTE, parse_quote, { (const uint8_t *) SAMPLE_SELECTION "\x00\x20" SAMPLE_DIGEST, 44 } },
        { NV, parse_nv,
                        { (const uint8_t *) "\x00\x22" SAMPLE_NAME "\x00\x00\x00\x01"
                                            "c",
                                        41 } },
        { AUDIT, parse_audit, { (const uint8_t *) "\x00\x00\x20" SAMPLE_DIGEST, 35 } },
};

static void every_prefix_and_every_stray_byte_is_refused(void **state) {
        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++) {
                SampleAttest a = sample_attest(kinds[k].type, kinds[k].body);
                _cleanup_(buf_done) Buf b = BUF_UP_TO(8192);
                Any any;
                Span s;

                sample_attest_write(&a, &b);
                s = buf_span(&b);
                assert_int_equal(kinds[k].parse(s, &any, NULL), 0);
                for (size_t n = 0; n < s.size; n++)
                        assert_refused(kinds[k].parse, (Span){ s.data, n }, NULL);
                buf_byte(&b, 0);
                assert_refused(kinds[k].parse, buf_span(&b), "1 stray bytes");
        }
}

/* The same key signs them all: what tells them apart is the tag, and nothing but the tag. */
static void no_attestation_passes_as_one_of_another_type(void **state) {
        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++)
                for (size_t body = 0; body < ELEMENTS(kinds); body++)
                        for (uint16_t type = 0x8013; type < 0x801e; type++) {
                                SampleAttest a = sample_attest(type, kinds[body].body);

                                if (type != kinds[k].type)
                                        assert_sample_refused(
                                                        kinds[k].parse, &a, "as something else");
                                else if (body != k)
                                        assert_sample_refused(kinds[k].parse, &a, NULL);
                        }
}

static void bytes_that_no_tpm_made_are_refused_whatever_follows(void **state) {
        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++) {
                SampleAttest a = sample_attest(kinds[k].type, kinds[k].body);

                for (unsigned bit = 0; bit < 32; bit++) {
                        a.magic = 0xff544347 ^ UINT32_C(1) << bit;
                        assert_sample_refused(kinds[k].parse, &a, "not made by a TPM");
                }
        }
}

/* Nothing is read on after a wrong magic or type, not even what would fit where the reader stands.
 */
static void a_wrong_head_is_the_end_of_it(void **state) {
        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(8192);

                buf_be(&b, 0xff544348, 4);
                buf_be(&b, kinds[k].type, 2);
                buf_bytes(&b, kinds[k].body);
                assert_refused(kinds[k].parse, buf_span(&b), "not made by a TPM");
                assert_refused(kinds[k].parse, (Span){ b.data, 5 }, "cut short");
        }
}

static void what_contradicts_the_structure_is_refused(void **state) {
        static const uint8_t much[TPM_DATA_MAX + 1];
        const struct {
                Span signer, extra;
                uint8_t safe;
                const char *why;
        } cases[] = {
                { SPAN_LITERAL(""), SPAN_LITERAL(""), 1, "a Name" },
                { SPAN_LITERAL("\x00"), SPAN_LITERAL(""), 1, "a Name" },
                { SPAN_LITERAL("\x00\x0bshort"), SPAN_LITERAL(""), 1, "a Name" },
                { SPAN_LITERAL("\x00\x0c" SAMPLE_DIGEST), SPAN_LITERAL(""), 1, "a Name" },
                { SPAN_LITERAL("\x00\x0b" SAMPLE_DIGEST "x"), SPAN_LITERAL(""), 1, "a Name" },
                { SPAN_LITERAL("\x00\x0f" SAMPLE_DIGEST), SPAN_LITERAL(""), 1, "a Name" },
                { SPAN_LITERAL("\x40\x00\x00\x07"), SPAN_LITERAL(""), 1, "a Name" },
                { SPAN_LITERAL(SAMPLE_NAME), { much, sizeof(much) }, 1, "above its limit" },
                { SPAN_LITERAL(SAMPLE_NAME), SPAN_LITERAL(""), 2, "neither yes nor no" },
        };

        (void) state;
        for (size_t k = 0; k < ELEMENTS(kinds); k++)
                for (size_t i = 0; i < ELEMENTS(cases); i++) {
                        SampleAttest a = sample_attest(kinds[k].type, kinds[k].body);

                        a.signer = cases[i].signer;
                        a.extra = cases[i].extra;
                        a.safe = cases[i].safe;
                        assert_sample_refused(kinds[k].parse, &a, cases[i].why);
                }
}

static void a_nonce_is_taken_up_to_what_a_tpm_can_hold(void **state) {
        static const uint8_t full[TPM_DATA_MAX];
        Span nonces[] = { { full, sizeof(full) }, {} };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(nonces); i++) {
                SampleAttest a = sample_attest(QUOTE, kinds[0].body);
                _cleanup_(buf_done) Buf b = BUF_UP_TO(8192);
                Quoted q;

                a.extra = nonces[i];
                sample_attest_write(&a, &b);
                assert_int_equal(quoted_parse(buf_span(&b), &q, NULL), 0);
                assert_int_equal(q.head.extra.size, nonces[i].size);
        }
}

static void a_digest_is_as_long_as_a_hash(void **state) {
        static const uint8_t zeros[DIGEST_MAX + 2];

        (void) state;
        for (size_t n = 0; n <= DIGEST_MAX + 1; n++) {
                bool good = n == 20 || n == 32 || n == 48 || n == 64;
                _cleanup_(buf_done) Buf body = BUF_UP_TO(8192), b = BUF_UP_TO(8192);
                SampleAttest a;
                Quoted q;

                buf_bytes(&body, SPAN_LITERAL(SAMPLE_SELECTION));
                sample_sized((Span){ zeros, n }, &body);
                a = sample_attest(QUOTE, buf_span(&body));
                sample_attest_write(&a, &b);
                if (good)
                        assert_int_equal(quoted_parse(buf_span(&b), &q, NULL), 0);
                else
                        assert_refused(parse_quote, buf_span(&b), NULL);
        }
}

#define BANK(alg, select) "\x00" alg "\x03" select

static const struct {
        Span bytes;
        const char *why; /* NULL: taken */
        PcrSelection selection;
} selections[] = {
        { SPAN_LITERAL("\0\0\0\x01" BANK("\x0b", "\x01\x02\x04")), NULL,
                        { .banks = { { HASH_SHA256, 0x040201 } }, .n_banks = 1 } },
        { SPAN_LITERAL("\0\0\0\x01" BANK("\x0b", "\xff\xff\xff")), NULL,
                        { .banks = { { HASH_SHA256, 0xffffff } }, .n_banks = 1 } },
        /* the order is the one that was signed, an unknown hash is carried by its number */
        { SPAN_LITERAL("\0\0\0\x04" BANK("\x0c", "\x01\0\0") BANK("\x0b", "\x02\0\0")
                                          BANK("\x04", "\0\0\0") BANK("\x12", "\x80\0\0")),
                        NULL,
                        { .banks = { { HASH_SHA384, 1 }, { HASH_SHA256, 2 }, { HASH_SHA1, 0 },
                                          { 0x12, 0x80 } },
                                        .n_banks = 4 } },
        { SPAN_LITERAL("\0\0\0\x01\0\x0b\x04\x07\x41\0\0"), NULL,
                        { .banks = { { HASH_SHA256, 0x4107 } }, .n_banks = 1 } },
        { SPAN_LITERAL("\0\0\0\0"), "without a PCR", {} },
        { SPAN_LITERAL("\0\0\0\x01" BANK("\x0b", "\0\0\0")), "without a PCR", {} },
        { SPAN_LITERAL("\0\0\0\x02" BANK("\x0b", "\x01\0\0") BANK("\x0b", "\x02\0\0")),
                        "stands twice", {} },
        { SPAN_LITERAL("\0\0\0\x03" BANK("\x0b", "\x01\0\0") BANK("\x0c", "\x02\0\0")
                                          BANK("\x0b", "\x01\0\0")),
                        "stands twice", {} },
        { SPAN_LITERAL("\0\0\0\x05" BANK("\x04", "\x01\0\0") BANK("\x0b", "\x01\0\0") BANK(
                          "\x0c", "\x01\0\0") BANK("\x0d", "\x01\0\0") BANK("\x12", "\x01\0\0")),
                        "more PCR banks", {} },
        { SPAN_LITERAL("\xff\xff\xff\xff" BANK("\x0b", "\x01\0\0")), "more PCR banks", {} },
        { SPAN_LITERAL("\0\0\0\x01\0\x0b\x04\x01\0\0\x01"), "above 23", {} },
        { SPAN_LITERAL("\0\0\0\x01\0\x0b\x04\x01\0\0\x80"), "above 23", {} },
        { SPAN_LITERAL("\0\0\0\x01\0\x0b\x05\x01\0\0\0\0"), "above its limit", {} },
        { SPAN_LITERAL("\0\0\0\x01\0\x0b\x02\x01\0"), "fewer than 3", {} },
        { SPAN_LITERAL("\0\0\0\x01\0\x0b\0"), "fewer than 3", {} },
        { SPAN_LITERAL("\0\0\0\x01" BANK("\x0b", "\x01\0\0") "\0"), "stray", {} },
};

/* On its own and inside a quote, the same rules hold. */
static void a_selection_means_one_thing_or_is_refused(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(selections); i++) {
                _cleanup_(buf_done) Buf body = BUF_UP_TO(8192), b = BUF_UP_TO(8192);
                SampleAttest a;
                PcrSelection s;
                Quoted q;

                buf_bytes(&body, selections[i].bytes);
                buf_bytes(&body, SPAN_LITERAL("\x00\x20" SAMPLE_DIGEST));
                a = sample_attest(QUOTE, buf_span(&body));
                sample_attest_write(&a, &b);
                if (selections[i].why) {
                        assert_refused(parse_selection, selections[i].bytes, selections[i].why);
                        assert_refused(parse_quote, buf_span(&b), NULL);
                        continue;
                }
                assert_int_equal(pcr_selection_parse(selections[i].bytes, &s, NULL), 0);
                assert_true(pcr_selection_equal(&s, &selections[i].selection));
                assert_int_equal(quoted_parse(buf_span(&b), &q, NULL), 0);
                assert_true(pcr_selection_equal(&q.selection, &s));
                assert_true(span_equal(q.selection_bytes, selections[i].bytes));
                for (size_t n = 0; n < selections[i].bytes.size; n++)
                        assert_refused(parse_selection, (Span){ selections[i].bytes.data, n },
                                        NULL);
        }
}

static void a_selection_is_written_as_it_is_read(void **state) {
        (void) state;
        for (size_t i = 0; i < 3; i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(64);

                pcr_selection_write(&selections[i].selection, &b);
                assert_true(span_equal(buf_span(&b), selections[i].bytes));
        }
}

static void an_index_name_is_checked_as_a_signers_is(void **state) {
        SampleAttest a = sample_attest(NV, SPAN_LITERAL("\x00\x02\x00\x0b\x00\x00\x00\x00"));

        (void) state;
        assert_sample_refused(parse_nv, &a, "a Name");
}

/* And is told as such, not as bytes that are missing. */
static void a_length_that_nothing_has_is_refused(void **state) {
        static const struct {
                uint16_t type;
                Parse parse;
                Span body;
        } cases[] = {
                { QUOTE, parse_quote, SPAN_LITERAL(SAMPLE_SELECTION "\xff\xff") },
                { NV, parse_nv, SPAN_LITERAL("\xff\xff") },
                { NV, parse_nv, SPAN_LITERAL("\x00\x22" SAMPLE_NAME "\x00\x00\xff\xff") },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                SampleAttest a = sample_attest(cases[i].type, cases[i].body);

                assert_sample_refused(cases[i].parse, &a, "a length above its limit");
        }
}

static void an_exclusive_session_is_one_or_none(void **state) {
        SampleAttest a = sample_attest(AUDIT, SPAN_LITERAL("\x02\x00\x20" SAMPLE_DIGEST));

        (void) state;
        assert_sample_refused(parse_audit, &a, "neither yes nor no");
}

static void an_attestation_of_unusual_size_is_refused_by_its_size(void **state) {
        static const uint8_t much[ATTEST_MAX + 1] = { 0xff, 'T', 'C', 'G', 0x80, 0x18 };

        (void) state;
        assert_refused(parse_quote, (Span){ much, sizeof(much) }, "2048 are the most");
}

/* Quotes of real TPMs and the attacks on them that the structure already refuses. */
static void genuine_quotes_are_taken_and_spoiled_ones_are_not(void **state) {
        static const struct {
                const char *name;
                bool good;
        } files[] = {
                { "attacks/base/ecc.all.msg", true },
                { "attacks/base/ecc.boot.msg", true },
                { "attacks/base/ecc.multi.msg", true },
                { "attacks/base/rsa.all.msg", true },
                { "attacks/base/rsa.boot.msg", true },
                { "attacks/base/rsa.multi.msg", true },
                { "attacks/base/q384.msg", true },
                { "attacks/quotes/ok-rsa-multibank/msg", true },
                { "attacks/quotes/ok-partial-0..10,16/msg", true },
                { "boots/257-clean-sysext/quote.msg", true },
                { "boots/262-clean-first/quote.msg", true },
                { "attacks/quotes/bad-magic/msg", false },
                { "attacks/quotes/bad-type-nv/msg", false },
        };
        size_t read = 0;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(files); i++) {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(ATTEST_MAX);
                Quoted q;

                if (!testdata_read(files[i].name, &b))
                        continue;
                read++;
                if (files[i].good)
                        assert_int_equal(quoted_parse(buf_span(&b), &q, NULL), 0);
                else
                        assert_refused(parse_quote, buf_span(&b), NULL);
        }
        if (read == 0)
                skip();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_quote_is_read_field_by_field),
                cmocka_unit_test(an_nv_attestation_is_read_field_by_field),
                cmocka_unit_test(a_session_audit_is_read_field_by_field),
                cmocka_unit_test(a_yes_and_a_no_are_told_apart),
                cmocka_unit_test(every_prefix_and_every_stray_byte_is_refused),
                cmocka_unit_test(no_attestation_passes_as_one_of_another_type),
                cmocka_unit_test(bytes_that_no_tpm_made_are_refused_whatever_follows),
                cmocka_unit_test(a_wrong_head_is_the_end_of_it),
                cmocka_unit_test(what_contradicts_the_structure_is_refused),
                cmocka_unit_test(a_nonce_is_taken_up_to_what_a_tpm_can_hold),
                cmocka_unit_test(a_digest_is_as_long_as_a_hash),
                cmocka_unit_test(a_selection_means_one_thing_or_is_refused),
                cmocka_unit_test(a_selection_is_written_as_it_is_read),
                cmocka_unit_test(an_index_name_is_checked_as_a_signers_is),
                cmocka_unit_test(a_length_that_nothing_has_is_refused),
                cmocka_unit_test(an_exclusive_session_is_one_or_none),
                cmocka_unit_test(an_attestation_of_unusual_size_is_refused_by_its_size),
                cmocka_unit_test(genuine_quotes_are_taken_and_spoiled_ones_are_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
