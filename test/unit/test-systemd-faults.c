/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "port/crypto.h"
#include "support/case.h"
#include "support/libc.h"
#include "support/sysforge.h"
#include "verify/report.h"

/* Every allocation fails in turn while what systemd measured is judged: the answer is then no
 * verdict, or the one that it is with memory; never another. */

static int judge(const Question *q, Span bytes, int n, Verdict *ret, int *ret_failed) {
        Judgement j;
        Err e = {};
        int rc;

        libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
        rc = appraise(bytes, q, &j, &e);
        *ret_failed = libc_heal();
        if (rc < 0) {
                assert_true(*ret_failed > 0);
                assert_true(rc == -ENOMEM || rc == -EIO);
                assert_int_equal(e.code, rc);
                assert_false(j.readable || j.report.readable);
                return 0;
        }
        *ret = j.verdict;
        judgement_done(&j);
        return 1;
}

/* OpenSSL does not always tell that it had no memory to look at a signature: then it does not hold.
 */
static bool is_signature_refuted(const Verdict *v) {
        return strstr(v->reasons[CLAIM_SIGNATURE], "is not signed by the key") &&
               !(v->proven & ~v->refuted & (1u << CLAIM_SIGNATURE | 1u << CLAIM_REGISTERS));
}

static bool same(const Verdict *a, const Verdict *b) {
        for (Claim claim = 0; claim < _CLAIM_MAX; claim++)
                if (verdict_state(a, claim) != verdict_state(b, claim))
                        return false;
        return true;
}

static void no_memory_gives_no_other_verdict(const Question *q, Span bytes, Claim proven) {
        int n = 0, failed, none = 0;
        Verdict whole, v;

        assert_int_equal(judge(q, bytes, 1 << 20, &whole, &failed), 1);
        assert_int_equal(verdict_state(&whole, proven), CLAIM_PROVEN);
        do {
                if (judge(q, bytes, n, &v, &failed) == 0)
                        none++;
                else if (!same(&v, &whole) && !is_signature_refuted(&v))
                        fail_msg("allocation %d: %s; %s", n, v.reasons[CLAIM_SIGNATURE],
                                        v.reasons[CLAIM_REGISTERS]);
                n++;
        } while (failed > 0);
        assert_true(none > 20);
}

static void a_report_of_systemd(void **state) {
        Policy policy = policy_default();
        Releases releases = {};
        uint8_t nonce[16] = { 0x5a };
        Question q = { .nonce = { nonce, 16 }, .policy = &policy, .releases = &releases };
        SysForge f;

        (void) state;
        sysforge_new(&f);
        f.metric = "5a000000000000000000000000000000";
        sd_measure(&f.l, sd_nv(SD_CRYPTSETUP), "cryptsetup-keyslot:v2:2222:tpm2:1", "keyslot");
        sd_extend(&f.l, sd_pcr15, "the HMAC");
        sd_write(&f.l, sd_pcr15, "the HMAC", "volume-key", "cryptsetup:v2:2222");
        no_memory_gives_no_other_verdict(&q, sysforge_file(&f), CLAIM_UNLOCK);
        sysforge_done(&f);
}

static void a_log_of_systemd_in_evidence(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        Question q;
        SdLog l;
        Case c;

        (void) state;
        case_begin(&c);
        case_judge(&c);
        sd_new(&l);
        l.boot = NULL;
        sd_measure(&l, sd_pcr11, "enter-initrd", "phase");
        sd_measure(&l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        c.forge.values.digests[0][11] = l.pcrs.digests[0][11];
        c.forge.values.digests[0][15] = l.pcrs.digests[0][15];
        c.forge.signed_values = c.forge.values;
        buf_bytes(&c.forge.systemd_log, buf_span(&l.log));
        forge_quote(&c.forge);
        forge_bundle(&c.forge, &b);
        q = case_question(&c);
        no_memory_gives_no_other_verdict(&q, buf_span(&b), CLAIM_REGISTERS);
        sd_done(&l);
        case_end(&c);
}

static void what_is_told_of_it_is_whole_or_none(void **state) {
        _cleanup_(buf_done) Buf whole = BUF_UP_TO(BUNDLE_MAX);
        Policy policy = policy_default();
        Releases releases = {};
        Question q = { .policy = &policy, .releases = &releases };
        int n = 0, failed;
        Judgement j;
        SysForge f;

        (void) state;
        sysforge_new(&f);
        assert_int_equal(appraise(sysforge_file(&f), &q, &j, NULL), 0);
        assert_int_equal(report_json(&j, &q, &whole, NULL), 0);
        do {
                _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
                int rc;

                libc_fail_after(LIBC_MEMORY, n++, ENOMEM, false);
                rc = report_json(&j, &q, &b, NULL);
                failed = libc_heal();
                if (rc == 0)
                        assert_true(span_equal(buf_span(&b), buf_span(&whole)));
        } while (failed > 0);
        judgement_done(&j);
        sysforge_done(&f);
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
                cmocka_unit_test(a_report_of_systemd),
                cmocka_unit_test(a_log_of_systemd_in_evidence),
                cmocka_unit_test(what_is_told_of_it_is_whole_or_none),
        };

        if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
