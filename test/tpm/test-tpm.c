/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/tpm.h"

#include <errno.h>

static void the_keys_template_carries_the_hash_of_its_label(void **state) {
        Digest d;

        (void) state;
        assert_int_equal(hash_bytes(HASH_SHA256, SPAN_LITERAL("avouch-ak/v1"), &d, NULL), 0);
        assert_true(span_equal(digest_span(&d), SPAN_LITERAL(TPM_AK_UNIQUE)));
}

static void active_banks_are_listed_with_one_command(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, "");
        PcrSelection b = {};

        assert_int_equal(tpm_banks(t, &b, NULL), 0);
        assert_int_equal(b.n_banks, 4);
        for (size_t i = 0; i < b.n_banks; i++)
                assert_int_equal(b.banks[i].mask, 0xffffff);
        assert_true(pcr_selected(&b, HASH_SHA256, 23) && pcr_selected(&b, HASH_SHA512, 0));
        tpm_close(&t);
        assert_null(t);
        assert_commands(s, CC_GET_CAPABILITY " ");
}

static void opening_and_closing_sends_no_command(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, "");
        PcrSelection b = {};
        char path[128];

        tpm_close(&t);
        (void) snprintf(path, sizeof(path), "%s/commands", s->folder);
        assert_int_equal(access(path, F_OK), -1);

        /* the tap does write down what there is */
        t = open_tapped(s, "");
        assert_int_equal(tpm_banks(t, &b, NULL), 0);
        tpm_close(&t);
        assert_int_equal(access(path, F_OK), 0);
}

static void one_command_extends_all_banks_and_one_reads_them(void **state) {
        PcrSelection which = selection("sha1:8+sha256:8+sha384:8+sha512:8");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, "");
        Digest d[4], expected[4];
        PcrValues v;
        size_t n;

        n = four_digests(0x11, d);
        assert_int_equal(tpm_extend(t, 8, d, n, NULL), 0);
        assert_int_equal(tpm_extend(t, 8, d + 1, 2, NULL), 0); /* two banks only, the second time */
        assert_int_equal(tpm_read(t, &which, &v, NULL), 0);
        for (size_t i = 0; i < n; i++) {
                expected[i] = digest_zero(d[i].alg);
                assert_int_equal(hash_extend(&expected[i], &d[i], NULL), 0);
                if (i == 1 || i == 2)
                        assert_int_equal(hash_extend(&expected[i], &d[i], NULL), 0);
                assert_true(digest_equal(pcr_value(&v, (uint16_t) d[i].alg, 8), &expected[i]));
        }
        tpm_close(&t);
        assert_commands(s, CC_PCR_EXTEND " " CC_PCR_EXTEND " " CC_PCR_READ " ");
}

static void many_registers_are_read_eight_at_a_time(void **state) {
        PcrSelection which = selection("sha384:17+sha256:all");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, "");
        PcrValues v;

        assert_int_equal(tpm_read(t, &which, &v, NULL), 0);
        assert_true(pcr_selection_equal(&v.held, &which)); /* the same order of banks, too */
        assert_int_equal(v.digests[0][17].alg, HASH_SHA384);
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                assert_true(pcr_at_reset(pcr, pcr_value(&v, HASH_SHA256, pcr)));
        assert_int_equal(v.digests[1][17].bytes[0], 0xff);
        tpm_close(&t);
        assert_commands(s, CC_PCR_READ " " CC_PCR_READ " " CC_PCR_READ " " CC_PCR_READ " ");
}

static void a_quote_is_over_the_nonce_and_the_values(void **state) {
        static const TpmAkType types[] = { TPM_AK_ECC, TPM_AK_RSA };
        static const char *const pcrs[] = { "sha256:8", "sha256:0-15", "sha384:0,8,23",
                "sha512:8+sha1:0,1+sha256:all" };
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        Digest d[4], public;

        (void) four_digests(0x22, d);
        assert_int_equal(tpm_extend(t, 8, d, 4, NULL), 0);
        for (size_t k = 0; k < ELEMENTS(types); k++)
                for (size_t i = 0; i < ELEMENTS(pcrs); i++)
                        quote_and_check(t, types[k], pcrs[i], &public);
        tpm_close(&t);
}

static void keys_are_as_the_template_says(void **state) {
        _cleanup_(buf_done) Buf ecc = BUF_UP_TO(TPM_PUBLIC_MAX), rsa = BUF_UP_TO(TPM_PUBLIC_MAX);
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        TpmPublic p;

        assert_int_equal(tpm_key(t, TPM_AK_ECC, &ecc, NULL), 0);
        assert_int_equal(tpm_public_parse(buf_span(&ecc), &p, NULL), 0);
        assert_int_equal(p.curve, TPM_CURVE_P256);
        assert_int_equal(tpm_key(t, TPM_AK_RSA, &rsa, NULL), 0);
        assert_int_equal(tpm_public_parse(buf_span(&rsa), &p, NULL), 0);
        assert_int_equal(p.bits, 2048);
        assert_int_equal(p.exponent, 65537);
        tpm_close(&t);
}

static void the_key_is_the_same_after_a_reboot(void **state) {
        static const TpmAkType types[] = { TPM_AK_ECC, TPM_AK_RSA };
        Swtpm *s = *state;

        for (size_t k = 0; k < ELEMENTS(types); k++) {
                Tpm *t = open_or_fail(s->tcti);
                Digest before, after;
                TpmClock c1, c2;

                quote_and_check(t, types[k], "sha256:0-7", &before);
                assert_int_equal(tpm_clock(t, &c1, NULL), 0);
                tpm_close(&t);
                swtpm_off(s);
                assert_int_equal(swtpm_on(s), 0);

                t = open_or_fail(s->tcti);
                quote_and_check(t, types[k], "sha256:0-7", &after);
                assert_int_equal(tpm_clock(t, &c2, NULL), 0);
                tpm_close(&t);
                assert_true(digest_equal(&before, &after));
                assert_int_equal(c2.reset_count, c1.reset_count + 1);
        }
}

static void another_tpm_has_another_key(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        Digest ours, theirs;
        Swtpm other;

        quote_and_check(t, TPM_AK_ECC, "sha256:0-7", &ours);
        tpm_close(&t);
        assert_int_equal(swtpm_start(&other), 0);
        t = open_or_fail(other.tcti);
        quote_and_check(t, TPM_AK_ECC, "sha256:0-7", &theirs);
        tpm_close(&t);
        swtpm_done(&other);
        assert_false(digest_equal(&ours, &theirs));
}

static void a_quote_costs_one_command_and_the_key_is_put_away(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, "");
        TpmClock clock;
        Digest public;

        quote_and_check(t, TPM_AK_ECC, "sha256:0-7", &public);
        assert_int_equal(tpm_clock(t, &clock, NULL), 0);
        tpm_close(&t);
        assert_commands(s, CC_CREATE_PRIMARY " " CC_PCR_READ " " CC_QUOTE " " CC_READ_CLOCK
                                             " " CC_FLUSH " ");
}

/* A TPM without a resource manager has room for three keys. */
static void no_key_is_left_in_the_tpm(void **state) {
        const Swtpm *s = *state;
        Digest public;

        for (int i = 0; i < 5; i++) {
                Tpm *t = open_or_fail(s->tcti);

                quote_and_check(t, TPM_AK_ECC, "sha256:0", &public);
                quote_and_check(t, TPM_AK_ECC, "sha256:0", &public);
                tpm_close(&t);
        }
}

static void a_nonce_must_fit(void **state) {
        static const uint8_t bytes[65];
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        PcrSelection which = selection("sha256:0");

        for (size_t n = 0; n <= sizeof(bytes); n++) {
                _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX),
                                        attest = BUF_UP_TO(ATTEST_MAX),
                                        signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
                Span nonce = { bytes, n };
                Quoted q;
                int rc;

                if (n == 0)
                        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, NULL), 0);
                rc = tpm_quote(t, &which, nonce, &attest, &signature, NULL);
                assert_int_equal(rc, n == sizeof(bytes) ? -EINVAL : 0);
                if (rc < 0)
                        continue;
                assert_int_equal(quoted_parse(buf_span(&attest), &q, NULL), 0);
                assert_true(span_equal(q.head.extra, nonce));
        }
        tpm_close(&t);
}

static void a_quote_needs_a_key(void **state) {
        _cleanup_(buf_done) Buf attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        PcrSelection which = selection("sha256:0");

        assert_int_equal(tpm_quote(t, &which, SPAN_LITERAL(NONCE), &attest, &signature, NULL),
                        -ENOKEY);
        assert_int_equal(attest.size + signature.size, 0);
        tpm_close(&t);
}

static void unknown_and_inactive_banks_are_named(void **state) {
        PcrSelection unknown = { .banks = { { 0x12, 1 } }, .n_banks = 1 };
        PcrSelection inactive = selection("sha256:0-7+sha384:3");
        Swtpm *s = *state;
        Tpm *t;
        PcrSelection b = {};
        PcrValues v;
        Err e = {};

        run(s, (char *[]){ (char[]){ "tpm2_pcrallocate" }, (char[]){ "-Q" },
                               (char[]){ "sha1:none+sha256:all+sha384:none+sha512:none" }, NULL });
        swtpm_off(s);
        assert_int_equal(swtpm_on(s), 0);
        t = open_or_fail(s->tcti);
        assert_int_equal(tpm_banks(t, &b, NULL), 0);
        assert_int_equal(b.n_banks, 1);
        assert_int_equal(b.banks[0].alg, HASH_SHA256);
        assert_int_equal(tpm_read(t, &inactive, &v, &e), -ENOENT);
        assert_non_null(strstr(e.text, "bank sha384 is not active"));
        e = (Err){};
        assert_int_equal(tpm_read(t, &unknown, &v, &e), -EINVAL);
        assert_non_null(strstr(e.text, "0x0012"));
        tpm_close(&t);
}

/* Whatever libtss2 has to say goes into our one line, and not to stderr. */
static void a_tpm_that_is_not_there_is_said_in_one_line(void **state) {
        static const struct {
                const char *tcti, *says, *not ;
        } cases[] = {
                { "swtpm:path=/nonexistent/tpm", "is swtpm running?", "a TPM?" },
                { "device:/nonexistent/tpm", "No such file or directory; is there a TPM?",
                                "swtpm" },
                { "device:/dev", "choose another with --tpm=", "such file" },
                { "nonsense:", "choose another with --tpm=", "swtpm" },
        };
        FILE *f = tmpfile();
        int saved = dup(STDERR_FILENO);
        Tpm *t = NULL;

        (void) state;
        assert_non_null(f);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Err e = {};
                int rc;

                assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
                rc = tpm_open(cases[i].tcti, &t, &e);
                assert_true(dup2(saved, STDERR_FILENO) >= 0);
                assert_int_equal(rc, -ENODEV);
                assert_null(t);
                if (!strstr(e.text, cases[i].says) || !strstr(e.text, cases[i].tcti) ||
                                strstr(e.text, cases[i].not ))
                        fail_msg("%s: %s", cases[i].tcti, e.text);
        }
        (void) close(saved);
        assert_int_equal(lseek(fileno(f), 0, SEEK_END), 0);
        (void) fclose(f);
}

static void a_device_that_is_no_tpm_says_so_when_asked(void **state) {
        Tpm *t = open_or_fail("device:/dev/null");
        PcrSelection b;
        Err e = {};

        (void) state;
        assert_int_equal(tpm_banks(t, &b, &e), -EIO);
        assert_non_null(strstr(e.text, "device:/dev/null: asking for its PCR banks: "));
        assert_non_null(strstr(e.text, "choose another with --tpm="));
        tpm_close(&t);
}

static void a_file_is_not_written_to(void **state) {
        const Swtpm *s = *state;
        char path[96], tcti[128];
        Tpm *t = NULL;
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/file", s->folder);
        (void) snprintf(tcti, sizeof(tcti), "device:%s", path);
        f = fopen(path, "w+");
        assert_non_null(f);
        assert_int_equal(tpm_open(tcti, &t, NULL), -ENODEV);
        assert_int_equal(fseek(f, 0, SEEK_END), 0);
        assert_int_equal(ftell(f), 0);
        (void) fclose(f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_keys_template_carries_the_hash_of_its_label),
                cmocka_unit_test(a_tpm_that_is_not_there_is_said_in_one_line),
                cmocka_unit_test(a_device_that_is_no_tpm_says_so_when_asked),
                SWTPM_TEST(a_file_is_not_written_to),
                SWTPM_TEST(active_banks_are_listed_with_one_command),
                SWTPM_TEST(opening_and_closing_sends_no_command),
                SWTPM_TEST(one_command_extends_all_banks_and_one_reads_them),
                SWTPM_TEST(many_registers_are_read_eight_at_a_time),
                SWTPM_TEST(a_quote_is_over_the_nonce_and_the_values),
                SWTPM_TEST(keys_are_as_the_template_says),
                SWTPM_TEST(the_key_is_the_same_after_a_reboot),
                SWTPM_TEST(another_tpm_has_another_key),
                SWTPM_TEST(a_quote_costs_one_command_and_the_key_is_put_away),
                SWTPM_TEST(no_key_is_left_in_the_tpm),
                SWTPM_TEST(a_nonce_must_fit),
                SWTPM_TEST(a_quote_needs_a_key),
                SWTPM_TEST(unknown_and_inactive_banks_are_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
