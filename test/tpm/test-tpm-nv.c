/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/tpm.h"

#include <errno.h>

#include "base/cursor.h"
#include "wire/nvpublic.h"

/* NV indices of a (software) TPM through port/tpm-tss2-nv. */

#define CC_NV_UNDEFINE "00000122"
#define CC_NV_DEFINE "0000012a"
#define CC_NV_INCREMENT "00000134"
#define CC_NV_EXTEND "00000136"
#define CC_NV_READ "0000014e"
#define CC_NV_READ_PUBLIC "00000169"
#define CC_NV_READ "0000014e"
#define CC_NV_UNDEFINE "00000122"
#define CC_NV_CERTIFY "00000184"

enum { REGISTER_INDEX = 0x01800400 };

static int define(Tpm *t, const NvPublic *p, Err *e) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(128);

        nv_public_write(p, &b);
        return tpm_nv_define(t, buf_span(&b), e);
}

static void define_counter(Tpm *t) {
        NvPublic p = nv_counter();

        assert_int_equal(define(t, &p, NULL), 0);
}

static uint64_t value(Tpm *t) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(8);
        Cursor c;

        assert_int_equal(tpm_nv_read(t, NV_COUNTER_INDEX, 8, &b, NULL), 0);
        c = cursor_over(buf_span(&b));
        return cursor_u64be(&c);
}

static void an_index_that_is_not_there_is_said_so(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(128);
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, "");
        Err e = {};

        assert_int_equal(tpm_nv_public(t, NV_COUNTER_INDEX, &b, &e), 0);
        assert_int_equal(b.size, 0);
        assert_int_equal(e.code, 0);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, &e), -ENOENT);
        assert_non_null(strstr(e.text, "0x01806176"));
        assert_int_equal(tpm_nv_read(t, NV_COUNTER_INDEX, 8, &b, NULL), -ENOENT);
        assert_int_equal(tpm_nv_undefine(t, NV_COUNTER_INDEX, NULL), -ENOENT);
        tpm_close(&t);
        assert_commands(s, CC_NV_READ_PUBLIC " " CC_NV_INCREMENT " " CC_NV_READ " " CC_NV_UNDEFINE
                                             " ");
}

static void a_counter_is_what_forms_says(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(128);
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        NvPublic p;

        define_counter(t);
        assert_int_equal(tpm_nv_public(t, NV_COUNTER_INDEX, &b, NULL), 1);
        assert_int_equal(nv_public_parse(buf_span(&b), &p, NULL), 0);
        assert_int_equal(p.attributes, 0x02060014);
        assert_int_equal(nv_check_counter(&p, NULL), 0);
        assert_int_equal(tpm_nv_read(t, NV_COUNTER_INDEX, 8, &b, NULL), -ENODATA);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        buf_done(&b);
        assert_int_equal(tpm_nv_public(t, NV_COUNTER_INDEX, &b, NULL), 1);
        assert_int_equal(nv_public_parse(buf_span(&b), &p, NULL), 0);
        assert_int_equal(p.attributes, 0x22060014);
        assert_int_equal(nv_check_counter(&p, NULL), 0);
        tpm_close(&t);
}

static void a_counter_goes_up_and_never_back(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        NvPublic p = nv_counter();
        uint64_t first;

        define_counter(t);
        assert_int_equal(define(t, &p, NULL), -EEXIST);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        first = value(t);
        for (uint64_t i = 1; i <= 3; i++) {
                assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
                assert_int_equal(value(t), first + i);
        }
        assert_int_equal(tpm_nv_undefine(t, NV_COUNTER_INDEX, NULL), 0);
        define_counter(t);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        assert_true(value(t) > first + 3);
        tpm_close(&t);
}

static void a_register_is_extended(void **state) {
        NvPublic p = { .index = REGISTER_INDEX,
                .name_alg = HASH_SHA256,
                .attributes = NV_EXTEND | NV_AUTHWRITE | NV_OWNERREAD | NV_AUTHREAD | NV_NO_DA |
                              NV_ORDERLY,
                .size = 32 };
        _cleanup_(buf_done) Buf b = BUF_UP_TO(32);
        Digest with = digest_zero(HASH_SHA256), expected = with;
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);

        with.bytes[3] = 7;
        assert_int_equal(hash_extend(&expected, &with, NULL), 0);
        assert_int_equal(define(t, &p, NULL), 0);
        assert_int_equal(tpm_nv_extend(t, REGISTER_INDEX, digest_span(&with), NULL), 0);
        assert_int_equal(tpm_nv_read(t, REGISTER_INDEX, 32, &b, NULL), 0);
        assert_true(span_equal(buf_span(&b), digest_span(&expected)));
        tpm_close(&t);
}

static void certify(Tpm *t, Buf *attest, Buf *signature) {
        assert_int_equal(tpm_nv_certify(t, NV_COUNTER_INDEX, 8, SPAN_LITERAL(NONCE), attest,
                                         signature, NULL),
                        0);
}

static void what_is_certified_is_the_value_of_the_index(void **state) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX), nv = BUF_UP_TO(128),
                                attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        uint8_t name[TPM_NAME_SHA256];
        PublicKey key = { .type = PUBLIC_KEY_P256 };
        bool holds = false;
        TpmSignature sig;
        NvCertified c;
        TpmPublic p;
        Cursor at;
        Digest d;

        define_counter(t);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        assert_int_equal(tpm_nv_certify(t, NV_COUNTER_INDEX, 8, SPAN_LITERAL(NONCE), &attest,
                                         &signature, NULL),
                        -ENOKEY);
        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, NULL), 0);
        certify(t, &attest, &signature);

        assert_int_equal(nv_certified_parse(buf_span(&attest), &c, NULL), 0);
        assert_true(span_equal(c.head.extra, SPAN_LITERAL(NONCE)));
        assert_int_equal(c.offset, 0);
        assert_int_equal(c.contents.size, 8);
        at = cursor_over(c.contents);
        assert_true(cursor_u64be(&at) == value(t));
        assert_int_equal(tpm_nv_public(t, NV_COUNTER_INDEX, &nv, NULL), 1);
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&nv), &d, NULL), 0);
        tpm_name(&d, name);
        assert_true(span_equal(c.index_name, (Span){ name, sizeof(name) }));

        assert_int_equal(tpm_public_parse(buf_span(&public), &p, NULL), 0);
        assert_int_equal(tpm_signature_parse(buf_span(&signature), &sig, NULL), 0);
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&attest), &d, NULL), 0);
        key.x = p.x;
        key.y = p.y;
        assert_int_equal(signature_judge_ecdsa(&key, &d, sig.r, sig.s, &holds, NULL), 0);
        assert_true(holds);
        tpm_close(&t);
}

/* What a record that breaks the glass costs: four commands, once the key is there. */
static void each_call_is_one_command(void **state) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX), attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        Digest d[4];
        size_t n;

        define_counter(t);
        tpm_close(&t);
        t = open_tapped(s, "");
        n = four_digests(1, d);
        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, NULL), 0);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
                assert_int_equal(tpm_extend(t, 8, d, n, NULL), 0);
                certify(t, &attest, &signature);
                assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        }
        assert_commands(s,
                        CC_CREATE_PRIMARY " " CC_NV_INCREMENT " " CC_PCR_EXTEND " " CC_NV_CERTIFY
                                          " " CC_NV_INCREMENT " " CC_NV_INCREMENT " " CC_PCR_EXTEND
                                          " " CC_NV_CERTIFY " " CC_NV_INCREMENT " ");
        tpm_close(&t);
}

/* What another one did to the index meanwhile is met on the next call, not for ever. */
static void an_index_that_was_defined_anew_is_found_again(void **state) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(128);
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti), *other = open_or_fail(s->tcti);
        NvPublic p;

        define_counter(t);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        assert_int_equal(tpm_nv_undefine(other, NV_COUNTER_INDEX, NULL), 0);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), -ENOENT);
        assert_int_equal(tpm_nv_public(t, NV_COUNTER_INDEX, &b, NULL), 0);

        define_counter(other);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        assert_int_equal(tpm_nv_public(t, NV_COUNTER_INDEX, &b, NULL), 1);
        assert_int_equal(nv_public_parse(buf_span(&b), &p, NULL), 0);
        assert_int_equal(p.attributes, 0x22060014);

        /* under the same handle, but another kind of index */
        assert_int_equal(tpm_nv_undefine(other, NV_COUNTER_INDEX, NULL), 0);
        p = nv_counter();
        p.attributes = p.attributes - NV_COUNTER + NV_EXTEND;
        p.size = 32;
        assert_int_equal(define(other, &p, NULL), 0);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), -EIO);
        buf_done(&b);
        assert_int_equal(tpm_nv_public(t, NV_COUNTER_INDEX, &b, NULL), 1);
        assert_int_equal(nv_public_parse(buf_span(&b), &p, NULL), 0);
        assert_int_equal(nv_check_counter(&p, NULL), -EBADMSG);
        tpm_close(&t);
        tpm_close(&other);
}

static void a_lost_answer_ends_the_connection_and_may_have_been_done(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        uint64_t before;

        define_counter(t);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        before = value(t);
        tpm_close(&t);
        t = open_tapped(s, CC_NV_INCREMENT ":lose:1");
        assert_true(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL) < 0);
        assert_true(value(t) == before + 1);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        assert_true(value(t) == before + 2);
        tpm_close(&t);
}

static void a_busy_or_full_tpm_is_told_apart(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, CC_NV_INCREMENT ":00000920:99999 " CC_NV_DEFINE ":0000014b:1");
        NvPublic p = nv_counter();
        Err e = {};

        assert_int_equal(define(t, &p, NULL), -ENOSPC);
        assert_int_equal(define(t, &p, NULL), 0);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, &e), -EBUSY);
        assert_non_null(strstr(e.text, "try again later"));
        tpm_close(&t);
}

/* More indices than there are handles kept. */
static void many_indices_are_used_by_turns(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        NvPublic p = nv_counter();

        for (uint32_t i = 0; i < 12; i++) {
                p.index = NV_COUNTER_INDEX + i;
                assert_int_equal(define(t, &p, NULL), 0);
        }
        for (uint32_t k = 0; k < 24; k++)
                assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX + k % 12, NULL), 0);
        tpm_close(&t);
}

/* Neither a lockout nor the owner's password silences the account. */
static void lockout_and_the_owners_password_stop_nothing(void **state) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX), attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        char lock[] = "tpm2_dictionarylockout -s -n 1 -t 1000 -l 1000 &&"
                      "tpm2_nvdefine -Q 0x1800500 -p other -s 8 -a 'authread|authwrite' &&"
                      "! tpm2_nvread 0x1800500 -C 0x1800500 -P wrong 2>/dev/null &&"
                      "tpm2_changeauth -c owner secret";
        const Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        NvPublic shy = nv_counter();
        Err e = {};

        define_counter(t);
        shy.index++;
        shy.attributes -= NV_NO_DA;
        assert_int_equal(define(t, &shy, NULL), 0);
        tpm_close(&t);
        run(s, (char *[]){ (char[]){ "sh" }, (char[]){ "-c" }, lock, NULL });

        t = open_or_fail(s->tcti);
        assert_true(tpm_nv_increment(t, shy.index, &e) < 0); /* the lockout is real */
        assert_non_null(strstr(e.text, "lockout"));
        shy.index++;
        assert_true(define(t, &shy, NULL) < 0); /* and so is the password */
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, NULL), 0);
        certify(t, &attest, &signature);
        assert_int_equal(tpm_nv_increment(t, NV_COUNTER_INDEX, NULL), 0);
        (void) value(t);
        tpm_close(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                SWTPM_TEST(an_index_that_is_not_there_is_said_so),
                SWTPM_TEST(a_counter_is_what_forms_says),
                SWTPM_TEST(a_counter_goes_up_and_never_back),
                SWTPM_TEST(a_register_is_extended),
                SWTPM_TEST(what_is_certified_is_the_value_of_the_index),
                SWTPM_TEST(each_call_is_one_command),
                SWTPM_TEST(an_index_that_was_defined_anew_is_found_again),
                SWTPM_TEST(a_lost_answer_ends_the_connection_and_may_have_been_done),
                SWTPM_TEST(a_busy_or_full_tpm_is_told_apart),
                SWTPM_TEST(many_indices_are_used_by_turns),
                SWTPM_TEST(lockout_and_the_owners_password_stop_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
