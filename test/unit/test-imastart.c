/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "base/text.h"
#include "port/crypto.h"
#include "support/case.h"
#include "support/hashes.h"
#include "support/imalist.h"
#include "support/judgefaults.h"
#include "support/libc.h"
#include "verify/imastart.h"

/* What IMA extends when it starts, computed elsewhere: PCR n holds n in every byte. */

static PcrValues registers(HashAlg alg) {
        PcrValues v = {};

        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                Digest d = digest_zero(alg);

                memset(d.bytes, (int) pcr, d.size);
                assert_true(pcr_set(&v, pcr, &d));
        }
        return v;
}

static void both_templates_are_known_in_every_bank(void **state) {
        static const struct {
                HashAlg own, bank;
                const char *value;
        } rows[] = {
                { HASH_SHA256, HASH_SHA256,
                                "7d5ff04f684a79099fcce9683afa817700595080588b11e07cfa9affdb29eabc" },
                { HASH_SHA256, HASH_SHA256,
                                "e905e7a6aa9d1ca6026240d279f05fe55636ae7b85e131fa29f2bf24222457ba" },
                { HASH_SHA256, HASH_SHA384,
                                "91d452c3e6c3922aef12ce3e037584349dabbda0f47bbbbb3c15e6fc27d20b430342fb03f65be024dba8dcd181a77555" },
                { HASH_SHA384, HASH_SHA256,
                                "0c21ee70c91f8b33db15b0a34bdc1f2c043670b111c2b4569128bf1657e00800" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                PcrValues v = registers(rows[i].own), other = registers(rows[i].own);
                Digest quoted = digest_zero(rows[i].bank);
                bool is = false;

                assert_true(text_unhex(span_of(rows[i].value), quoted.bytes, quoted.size));
                assert_int_equal(ima_start_is(&v, &quoted, &is, NULL), 0);
                assert_true(is);
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        other.digests[0][pcr].bytes[0] ^= 1;
                        assert_int_equal(ima_start_is(&other, &quoted, &is, NULL), 0);
                        assert_int_equal(is, pcr >= 10);
                        other.digests[0][pcr].bytes[0] ^= 1;
                }
                quoted.bytes[0] ^= 1;
                assert_int_equal(ima_start_is(&v, &quoted, &is, NULL), 0);
                assert_false(is);
        }
}

/* An entry of "ima-ng" with this digest: "sha256:" NUL digest, and the name. */
static void put_first(Buf *list, uint32_t pcr, const char *name, const Digest *aggregate) {
        _cleanup_(buf_done) Buf data = BUF_UP_TO(256);
        const char *alg = hash_name(aggregate->alg);

        buf_le(&data, strlen(alg) + 2 + aggregate->size, 4);
        buf_string(&data, alg);
        buf_bytes(&data, SPAN_LITERAL(":\0"));
        buf_bytes(&data, digest_span(aggregate));
        buf_le(&data, strlen(name) + 1, 4);
        buf_bytes(&data, (Span){ (const uint8_t *) name, strlen(name) + 1 });
        imalist_add_data(pcr, "ima-ng", false, buf_span(&data), list);
}

static ImaStart compare(const char *name, const Digest *aggregate, const PcrValues *firmware) {
        _cleanup_(buf_done) Buf list = BUF_UP_TO(1024);
        ImaStart start;

        put_first(&list, 10, name, aggregate);
        assert_int_equal(ima_start_compare(buf_span(&list), firmware, &start, NULL), 0);
        return start;
}

/* The list's first entry is held against the same registers: ten of them, or eight as once. */
static void a_list_begins_on_what_firmware_left(void **state) {
        static const HashAlg banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384 };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(banks); i++)
                for (size_t n = 7; n < 12; n++) {
                        PcrValues v = registers(banks[i]), other = registers(HASH_SHA512);
                        Span parts[16];
                        Digest d;

                        for (size_t pcr = 0; pcr < n; pcr++)
                                parts[pcr] = digest_span(&v.digests[0][pcr]);
                        assert_int_equal(hash_parts(banks[i], parts, n, &d, NULL), 0);
                        assert_int_equal(compare("boot_aggregate", &d, &v),
                                        n == 8 || n == 10 ? IMA_START_FITS : IMA_START_OTHER);
                        assert_int_equal(compare("boot_aggregate", &d, &other), IMA_START_UNKNOWN);
                        assert_int_equal(compare("/init", &d, &v), IMA_START_NONE);
                }
}

static void where_nothing_begins_there_is_no_start(void **state) {
        PcrValues v = registers(HASH_SHA256);
        ImaStart start;

        (void) state;
        assert_int_equal(ima_start_compare((Span){}, &v, &start, NULL), 0);
        assert_int_equal(start, IMA_START_NONE);
        assert_int_equal(ima_start_compare(SPAN_LITERAL("short"), &v, &start, NULL), 0);
        assert_int_equal(start, IMA_START_NONE);
}

static void a_comparison_needs_its_hashes(void **state) {
        _cleanup_(buf_done) Buf list = BUF_UP_TO(1024);
        PcrValues v = registers(HASH_SHA256);
        int failed = 1, n = 0;
        ImaStart start;

        (void) state;
        put_first(&list, 10, "boot_aggregate", &v.digests[0][0]);
        for (; failed > 0; n++) {
                int rc;

                hashes_fail_after(n);
                rc = ima_start_compare(buf_span(&list), &v, &start, NULL);
                failed = hashes_heal();
                assert_int_equal(rc, failed > 0 ? -EIO : 0);
                assert_int_not_equal(start, IMA_START_FITS);
        }
        assert_int_equal(n, 3);
}

static void sha1_proves_nothing(void **state) {
        PcrValues v = registers(HASH_SHA1);
        Digest quoted = digest_zero(HASH_SHA256);
        bool is = true;

        (void) state;
        assert_int_equal(ima_start_is(&v, &quoted, &is, NULL), 0);
        assert_false(is);
}

/* Of the second template in the second bank nothing is said before the first ones were tried. */
static void no_bad_hash_gives_an_answer(void **state) {
        static const HashAlg banks[] = { HASH_SHA256, HASH_SHA384 };
        Digest quoted = digest_zero(HASH_SHA256);
        int failed = 1, n = 0;
        PcrValues v = {};

        (void) state;
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                for (size_t b = 0; b < ELEMENTS(banks); b++) {
                        Digest d = digest_zero(banks[b]);

                        assert_true(pcr_set(&v, pcr, &d));
                }
        for (; failed > 0; n++) {
                bool is = false;
                Err e = {};
                int rc;

                hashes_fail_after(n);
                rc = ima_start_is(&v, &quoted, &is, &e);
                failed = hashes_heal();
                assert_int_equal(rc, failed > 0 ? -EIO : 0);
                assert_int_equal(e.code, rc);
                assert_false(is);
        }
        assert_int_equal(n, 11); /* two banks, each with a hash of its own and two templates */
}

static void nor_does_one_without_memory(void **state) {
        PcrValues v = registers(HASH_SHA256);
        Digest quoted = digest_zero(HASH_SHA256);

        (void) state;
        for (int n = 0; n < 2; n++) {
                bool is = false;
                Err e = {};

                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                assert_int_equal(ima_start_is(&v, &quoted, &is, &e), -ENOMEM);
                assert_int_equal(libc_heal(), 1);
                assert_string_equal(e.text, "no memory for IMA's first record");
        }
}

static void extend(Digest *value, Span bytes) {
        Digest d;

        assert_int_equal(hash_bytes(value->alg, bytes, &d, NULL), 0);
        assert_int_equal(hash_extend(value, &d, NULL), 0);
}

/* The template by hand: of PCRs 0 to 9 as firmware and loader left them. */
static void put_start(const PcrValues *v, Buf *to) {
        _cleanup_(buf_done) Buf all = BUF_UP_TO(1024);
        Digest aggregate;

        for (unsigned pcr = 0; pcr < 10; pcr++)
                buf_bytes(&all, digest_span(&v->digests[0][pcr]));
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&all), &aggregate, NULL), 0);
        buf_bytes(to, SPAN_LITERAL("\x28\0\0\0sha256:\0"));
        buf_bytes(to, digest_span(&aggregate));
        buf_bytes(to, SPAN_LITERAL("\x0f\0\0\0boot_aggregate\0"));
}

static void start_with_ima(Case *c) {
        static const HashAlg sha256 = HASH_SHA256;
        _cleanup_(firmlog_done) FirmLog l = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf start = BUF_UP_TO(256);
        PcrValues v;

        case_begin(c);
        firmlog_boot(&l, &(FirmBoot){ .cmdline = "quiet" });
        firmlog_replay(&l, &v);
        forge_firmware(&c->forge, &l);
        put_start(&v, &start);
        extend(&c->forge.values.digests[0][10], buf_span(&start));
        c->forge.signed_values = c->forge.values;
        case_judge(c);
}

static void a_kernel_with_ima_is_explained(void **state) {
        Case c;

        (void) state;
        start_with_ima(&c);
        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);

        /* and nothing behind it */
        extend(&c.forge.values.digests[0][10], SPAN_LITERAL("a file"));
        c.forge.signed_values = c.forge.values;
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "no log here explains what was quoted of sha256:10");

        /* it is the firmware's log that it follows from */
        buf_done(&c.forge.firmware);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS, "explains what was quoted of sha256:0-7,9-11");
        case_end(&c);
}

/* Whoever hands a list out says what was measured: then it has to lead to the register. */
static void a_list_is_not_passed_over(void **state) {
        static const ImaFile file = { "ima-ng", "sha256", "/usr/bin/honest", .n_behind = 0 };
        Case c;

        (void) state;
        start_with_ima(&c);
        imalist_add(&file, &c.forge.ima);
        case_judge(&c);
        assert_refused(&c, CLAIM_REGISTERS,
                        "the logs do not replay to what was quoted of sha256:10");
        case_end(&c);
}

static void no_bad_hash_gives_a_verdict(void **state) {
        static const ImaFile first = { "ima-ng", "sha256", "boot_aggregate", .n_behind = 0 };

        (void) state;
        for (unsigned listed = 0; listed < 2; listed++) {
                _cleanup_(buf_done) Buf bytes = BUF_UP_TO(BUNDLE_MAX);
                Question q;
                Case c;

                start_with_ima(&c);
                if (listed) {
                        c.forge.values.digests[0][10] = digest_zero(HASH_SHA256);
                        imalist_extend(&first, false, &c.forge.values);
                        c.forge.signed_values = c.forge.values;
                        imalist_add(&first, &c.forge.ima);
                        case_judge(&c);
                        assert_int_equal(case_state(&c, CLAIM_REGISTERS), CLAIM_PROVEN);
                }
                forge_bundle(&c.forge, &bytes);
                q = case_question(&c);
                judge_with_bad_hashes(&q, buf_span(&bytes));
                case_end(&c);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_templates_are_known_in_every_bank),
                cmocka_unit_test(a_list_begins_on_what_firmware_left),
                cmocka_unit_test(where_nothing_begins_there_is_no_start),
                cmocka_unit_test(a_comparison_needs_its_hashes),
                cmocka_unit_test(sha1_proves_nothing),
                cmocka_unit_test(no_bad_hash_gives_an_answer),
                cmocka_unit_test(nor_does_one_without_memory),
                cmocka_unit_test(a_kernel_with_ima_is_explained),
                cmocka_unit_test(a_list_is_not_passed_over),
                cmocka_unit_test(no_bad_hash_gives_a_verdict),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
