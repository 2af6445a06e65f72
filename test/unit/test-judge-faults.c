/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "port/crypto.h"
#include "support/counted.h"
#include "support/libc.h"
#include "verify/report.h"

/* Every allocation fails in turn while evidence is judged: the answer is then no verdict, or the
 * one that it is with memory; never another. */

/* 1 where there was a verdict. */
static int judge(const Case *c, Span bytes, int n, bool for_ever, Verdict *ret, int *ret_failed) {
        const Question q = case_question(c);
        Judgement j;
        Err e = {};
        int rc;

        libc_fail_after(LIBC_MEMORY, n, ENOMEM, for_ever);
        rc = appraise(bytes, &q, &j, &e);
        *ret_failed = libc_heal();
        if (rc < 0) {
                assert_true(*ret_failed > 0);
                assert_true(rc == -ENOMEM || rc == -EIO);
                assert_int_equal(e.code, rc);
                assert_false(j.readable);
                return 0;
        }
        *ret = j.verdict;
        judgement_done(&j);
        return 1;
}

/* OpenSSL does not always tell that it had no memory to look at a signature: then it does not hold.
 */
static bool is_signature_refuted(const Verdict *v) {
        if (strstr(v->reasons[CLAIM_UNTOUCHED],
                            "its receipt is not signed with the attestation key"))
                return v->excused == 0 && !(v->proven & ~v->refuted & 1u << CLAIM_UNTOUCHED);
        return strstr(v->reasons[CLAIM_SIGNATURE], " is not signed by the key in the evidence") &&
               strcmp(v->reasons[CLAIM_REGISTERS], "the quoted values are not signed") == 0 &&
               v->excused == 0 && !(v->proven & 1u << CLAIM_SIGNATURE);
}

static bool same(const Verdict *a, const Verdict *b) {
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                if (verdict_state(a, claim) != verdict_state(b, claim))
                        return false;
        return true;
}

static void no_memory_gives_no_other_verdict(Case *c, bool for_ever) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        int n = 0, failed, none = 0, refuted = 0;
        Verdict whole, v;

        case_judge(c); /* pins the key */
        forge_bundle(&c->forge, &b);
        assert_int_equal(judge(c, buf_span(&b), 1 << 20, false, &whole, &failed), 1);
        do {
                if (judge(c, buf_span(&b), n, for_ever, &v, &failed) == 0) {
                        none++;
                } else if (!same(&v, &whole)) {
                        if (!is_signature_refuted(&v))
                                fail_msg("allocation %d: %s; %s; %s", n, v.reasons[CLAIM_SIGNATURE],
                                                v.reasons[CLAIM_UNTOUCHED],
                                                v.reasons[CLAIM_REGISTERS]);
                        refuted++;
                }
                n++;
        } while (failed > 0);
        assert_true(none > 20 && none > 4 * refuted);
}

static void an_honest_machine_is_not_called_a_liar(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        no_memory_gives_no_other_verdict(&c, false);
        no_memory_gives_no_other_verdict(&c, true);
        case_end(&c);
}

static void nor_one_with_another_kind_of_key(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        forge_key(&c.forge, TPM_CURVE_NONE, HASH_SHA256);
        no_memory_gives_no_other_verdict(&c, false);
        case_end(&c);
}

static void nor_is_what_nobody_explains(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.values.digests[0][4].bytes[0] = 1;
        c.forge.signed_values = c.forge.values;
        no_memory_gives_no_other_verdict(&c, false);
        assert_refused(&c, CLAIM_REGISTERS, "sha256:4");
        case_end(&c);
}

/* With a firmware's log that replays, and a UKI that differs in a word. */
static void nor_is_one_that_tells_how_it_started(void **state) {
        static const HashAlg sha256 = HASH_SHA256;
        static const char leaf[] =
                        "avouch/release/v1\ntype uki\nname linux\n"
                        "section .cmdline sha256:"
                        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\n";
        _cleanup_(firmlog_done) FirmLog log = firmlog_new(&sha256, 1);
        _cleanup_(buf_done) Buf certificate = BUF_UP_TO(4096);
        Case c;

        (void) state;
        firmlog_certificate(&certificate, "vendor");
        firmlog_boot(&log, &(FirmBoot){ .secure_boot = true,
                                           .certificate = buf_span(&certificate),
                                           .cmdline = "x quiet" });
        case_begin(&c);
        assert_int_equal(releases_add(&c.releases, SPAN_LITERAL(leaf), NULL), 0);
        forge_firmware(&c.forge, &log);
        firmlog_extend(&c.forge.values, 11, "enter-initrd");
        c.forge.signed_values = c.forge.values;
        buf_string(&c.forge.line, "x quiet");
        no_memory_gives_no_other_verdict(&c, false);
        assert_int_equal(case_state(&c, CLAIM_FIRMWARE), CLAIM_PROVEN);
        assert_int_equal(case_state(&c, CLAIM_KERNEL), CLAIM_NOT_PROVEN);
        case_end(&c);
}

static void nor_is_one_with_a_counter_and_a_history(void **state) {
        Counted m;

        (void) state;
        counted_begin(&m);
        counted_judge(&m);
        no_memory_gives_no_other_verdict(&m.c, false);
        counted_end(&m);
}

static void a_report_is_whole_or_none(void **state) {
        _cleanup_(buf_done) Buf whole = BUF_UP_TO(BUNDLE_MAX);
        int n = 0, failed;
        Question q;
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        q = case_question(&c);
        assert_int_equal(report_json(&c.judgement, &q, &whole, NULL), 0);
        do {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
                Err e = {};
                int rc;

                libc_fail_after(LIBC_MEMORY, n++, ENOMEM, false);
                rc = report_json(&c.judgement, &q, &b, &e);
                failed = libc_heal();
                if (rc == 0)
                        assert_true(span_equal(buf_span(&b), buf_span(&whole)));
                else
                        assert_string_equal(e.text, "no memory for the verdict");
        } while (failed > 0);
        assert_true(n > 10);
        case_end(&c);
}

static void a_liar_is_not_called_honest(void **state) {
        Case c;

        (void) state;
        case_begin(&c);
        c.forge.sign_with_other = true;
        no_memory_gives_no_other_verdict(&c, false);
        c.forge.sign_with_other = false;
        c.forge.log.data[c.forge.log.size - 8] ^= 1;
        no_memory_gives_no_other_verdict(&c, false);
        case_end(&c);
}

static void *crypto_malloc(size_t n, const char *file, int line) {
        (void) file;
        (void) line;
        return malloc(n);
}

static void *crypto_realloc(void *p, size_t n, const char *file, int line) {
        (void) file;
        (void) line;
        return realloc(p, n);
}

static void crypto_free(void *p, const char *file, int line) {
        (void) file;
        (void) line;
        free(p);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_honest_machine_is_not_called_a_liar),
                cmocka_unit_test(nor_one_with_another_kind_of_key),
                cmocka_unit_test(nor_is_what_nobody_explains),
                cmocka_unit_test(nor_is_one_that_tells_how_it_started),
                cmocka_unit_test(nor_is_one_with_a_counter_and_a_history),
                cmocka_unit_test(a_report_is_whole_or_none),
                cmocka_unit_test(a_liar_is_not_called_honest),
        };

        if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
