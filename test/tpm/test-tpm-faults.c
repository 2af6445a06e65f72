/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/tpm.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

static void a_tpm_that_vanishes_and_returns_is_found_again(void **state) {
        PcrSelection which = selection("sha256:8");
        Swtpm *s = *state;
        Tpm *t = open_or_fail(s->tcti);
        Digest d[4];
        PcrValues v;
        Err e = {};

        (void) four_digests(1, d);
        assert_int_equal(tpm_extend(t, 8, d, 4, NULL), 0);
        swtpm_off(s);
        assert_true(tpm_extend(t, 8, d, 4, &e) < 0);
        assert_non_null(strstr(e.text, s->tcti));
        assert_non_null(strstr(e.text, "--tpm="));
        assert_true(tpm_read(t, &which, &v, NULL) < 0);
        assert_int_equal(swtpm_on(s), 0);
        assert_int_equal(tpm_read(t, &which, &v, NULL), 0);
        assert_true(pcr_at_reset(8, pcr_value(&v, HASH_SHA256, 8)));
        tpm_close(&t);
}

/* Waited for once, and not again by the next command, which would only queue up behind the first.
 */
static void assert_hung(Tpm *t) {
        PcrSelection which = selection("sha256:8");
        Digest d[4];
        PcrValues v;
        Err e = {};

        (void) four_digests(1, d);
        assert_int_equal(tpm_extend(t, 8, d, 4, &e), -ETIMEDOUT);
        assert_non_null(strstr(e.text, "extending PCR 8: no answer for 200 ms"));
        e = (Err){};
        assert_int_equal(tpm_read(t, &which, &v, &e), -ETIMEDOUT);
        assert_non_null(strstr(e.text, "it did not answer; try again later"));
}

/* As swtpm, for the opening and one command, which it answers with these bytes, in pieces. */
static void answer_in_pieces(int listener, Span answer, size_t piece) {
        uint8_t command[4096];
        int fd = accept(listener, NULL, NULL);

        (void) close(fd);
        fd = accept(listener, NULL, NULL);
        if (read(fd, command, sizeof(command)) <= 0)
                _exit(1);
        while (answer.size > 0) {
                size_t n = piece < answer.size ? piece : answer.size;

                if (write(fd, answer.data, n) != (ssize_t) n)
                        _exit(1);
                answer = span_from(answer, n);
                (void) usleep(1000); /* so that they mostly come apart */
        }
        _exit(0);
}

static void an_answer_is_as_long_as_it_says(void **state) {
        static const struct {
                Span answer;
                size_t piece;
                int rc;
        } cases[] = {
#define EXTENDED "\x80\x02\0\0\0\x13\0\0\0\0\0\0\0\0\0\0\x01\0\0"
                { SPAN_LITERAL(EXTENDED), 19, 0 }, { SPAN_LITERAL(EXTENDED), 10, 0 },
                { SPAN_LITERAL(EXTENDED), 1, 0 }, { SPAN_LITERAL(EXTENDED "\0"), 20, -EIO },
                { SPAN_LITERAL("\x80\x02\0\0\0\x09\0\0\0\0"), 10, -EIO },
                { SPAN_LITERAL("\x80\x02\0\0\x10\x01\0\0\0\0"), 10,
                                -EIO }, /* above all that is taken */
                { SPAN_LITERAL("\x80\x02\0\0\0\x13\0\0\0\0"), 10, -EIO }, /* and ends there */
        };
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        const Swtpm *s = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status;
                char tcti[128];
                Digest d[4];
                pid_t pid;
                Tpm *t;

                (void) snprintf(a.sun_path, sizeof(a.sun_path), "%s/pieces%zu", s->folder, i);
                (void) snprintf(tcti, sizeof(tcti), "swtpm:path=%s", a.sun_path);
                assert_int_equal(bind(listener, (struct sockaddr *) &a, sizeof(a)), 0);
                assert_int_equal(listen(listener, 8), 0);
                pid = fork();
                if (pid == 0)
                        answer_in_pieces(listener, cases[i].answer, cases[i].piece);
                (void) close(listener);
                t = open_or_fail(tcti);
                (void) four_digests(1, d);
                assert_int_equal(tpm_extend(t, 8, d, 4, NULL), cases[i].rc);
                tpm_close(&t);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(status, 0);
        }
}

static void a_tpm_that_hangs_is_waited_for_once(void **state) {
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        const Swtpm *s = *state;
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), n = 0, fd;
        char tcti[128];
        Tpm *t;

        (void) snprintf(a.sun_path, sizeof(a.sun_path), "%s/mute", s->folder);
        (void) snprintf(tcti, sizeof(tcti), "swtpm:path=%s", a.sun_path);
        assert_int_equal(bind(listener, (struct sockaddr *) &a, sizeof(a)), 0);
        assert_int_equal(listen(listener, 8), 0);
        t = open_within_or_fail(tcti, 200);
        assert_hung(t);
        tpm_close(&t);
        for (; (fd = accept(listener, NULL, NULL)) >= 0; n++)
                (void) close(fd);
        assert_int_equal(n, 2); /* at opening, and for the one command */
        (void) close(listener);
}

static void a_device_that_hangs_is_waited_for_once(void **state) {
        int ours = posix_openpt(O_RDWR | O_NOCTTY);
        char tcti[128], name[96];
        Tpm *t;

        (void) state;
        assert_true(ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0);
        assert_int_equal(ptsname_r(ours, name, sizeof(name)), 0);
        (void) snprintf(tcti, sizeof(tcti), "device:%s", name);
        t = open_within_or_fail(tcti, 200);
        assert_hung(t);
        tpm_close(&t);
        (void) close(ours);
}

static void whatever_else_hangs_is_waited_for_once(void **state) {
        Tpm *t = open_within_or_fail("cmd:exec cat >/dev/null", 200);

        (void) state;
        assert_hung(t);
        tpm_close(&t);
}

static void not_now_is_asked_again(void **state) {
        /* NV_RATE; RETRY more often than ESYS itself would bear; MEMORY; OBJECT_MEMORY */
        static const char rules[] =
                        CC_PCR_EXTEND ":00000920:3 " CC_PCR_READ ":00000922:10 " CC_QUOTE
                                      ":00000904:2 " CC_CREATE_PRIMARY ":00000902:2";
        PcrSelection which = selection("sha256:8");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, rules);
        Digest d[4], expected = digest_zero(HASH_SHA256), public;
        PcrValues v;

        (void) four_digests(1, d);
        assert_int_equal(tpm_extend(t, 8, d, 4, NULL), 0);
        assert_int_equal(tpm_read(t, &which, &v, NULL), 0);
        assert_int_equal(hash_extend(&expected, &d[1], NULL), 0);
        assert_true(digest_equal(pcr_value(&v, HASH_SHA256, 8), &expected));
        quote_and_check(t, TPM_AK_ECC, "sha256:8", &public);
        tpm_close(&t);
}

static void not_now_for_ever_ends(void **state) {
        const Swtpm *s = *state;
        /* long enough that each answer comes in time on a busy machine, too */
        Tpm *t = open_within_or_fail(tapped(s, CC_PCR_EXTEND ":00000920:99999").tcti, 3000);
        PcrSelection b;
        Digest d[4];
        Err e = {};

        (void) four_digests(1, d);
        assert_int_equal(tpm_extend(t, 8, d, 4, &e), -EBUSY);
        assert_non_null(strstr(e.text, "extending PCR 8"));
        assert_non_null(strstr(e.text, "try again later"));
        assert_int_equal(tpm_banks(t, &b, NULL), 0); /* and the rest goes on */
        tpm_close(&t);
}

static void other_refusals_are_not_repeated(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, CC_PCR_EXTEND ":00000923:1 " CC_CREATE_PRIMARY ":000009a2:1");
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX);
        Digest d[4];
        Err e = {};

        (void) four_digests(1, d);
        assert_int_equal(tpm_extend(t, 8, d, 4, &e), -EIO);
        assert_null(strstr(e.text, "--tpm=")); /* it is there: another is no remedy */
        e = (Err){};
        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, &e), -EPERM);
        assert_non_null(strstr(e.text, "password"));
        assert_int_equal(tpm_extend(t, 8, d, 4, NULL), 0);
        tpm_close(&t);
        assert_commands(s, CC_PCR_EXTEND " " CC_CREATE_PRIMARY " " CC_PCR_EXTEND " ");
}

static void a_refusal_does_not_cost_the_key(void **state) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX), attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        PcrSelection which = selection("sha256:0");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, CC_QUOTE ":00000923:1");

        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, NULL), 0);
        assert_int_equal(
                        tpm_quote(t, &which, SPAN_LITERAL(NONCE), &attest, &signature, NULL), -EIO);
        assert_int_equal(attest.size + signature.size, 0);
        assert_int_equal(tpm_quote(t, &which, SPAN_LITERAL(NONCE), &attest, &signature, NULL), 0);
        tpm_close(&t);
}

static void whatever_is_refused_leaves_the_result_alone(void **state) {
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s,
                        CC_GET_CAPABILITY ":00000923:1 " CC_READ_CLOCK ":00000923:1 " CC_PCR_READ
                                          ":00000923:1 " CC_CREATE_PRIMARY ":00000923:1");
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX);
        PcrSelection which = selection("sha256:0"), banks = { .n_banks = 77 };
        TpmClock clock = { .clock = 77 };
        PcrValues v = { .held.n_banks = 77 };

        assert_int_equal(tpm_banks(t, &banks, NULL), -EIO);
        assert_int_equal(banks.n_banks, 77);
        assert_int_equal(tpm_clock(t, &clock, NULL), -EIO);
        assert_int_equal(clock.clock, 77);
        assert_int_equal(tpm_read(t, &which, &v, NULL), -EIO);
        assert_int_equal(v.held.n_banks, 77);
        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, NULL), -EIO);
        assert_int_equal(public.size, 0);
        tpm_close(&t);
}

/* Done, and the answer lost: asked once, never twice, and the caller can look. */
static void a_lost_answer_is_an_error_and_not_a_second_extend(void **state) {
        PcrSelection which = selection("sha256:8");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, CC_PCR_EXTEND ":lose:1");
        Digest d[4], expected = digest_zero(HASH_SHA256);
        PcrValues v;
        Err e = {};

        (void) four_digests(1, d);
        assert_int_equal(tpm_extend(t, 8, d, 4, &e), -EIO);
        assert_non_null(strstr(e.text, "extending PCR 8"));
        assert_int_equal(tpm_read(t, &which, &v, NULL), 0);
        assert_int_equal(hash_extend(&expected, &d[1], NULL), 0);
        assert_true(digest_equal(pcr_value(&v, HASH_SHA256, 8), &expected));
        tpm_close(&t);
        assert_commands(s, CC_PCR_EXTEND " " CC_PCR_READ " ");
}

static void a_key_that_went_with_the_connection_is_missed(void **state) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX), attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        PcrSelection which = selection("sha256:0");
        const Swtpm *s = *state;
        Tpm *t = open_tapped(s, CC_QUOTE ":drop:1");

        assert_int_equal(tpm_key(t, TPM_AK_ECC, &public, NULL), 0);
        assert_int_equal(
                        tpm_quote(t, &which, SPAN_LITERAL(NONCE), &attest, &signature, NULL), -EIO);
        assert_int_equal(tpm_quote(t, &which, SPAN_LITERAL(NONCE), &attest, &signature, NULL),
                        -ENOKEY);
        tpm_close(&t);
}

/* What the TPM answers after its response code, without sessions. */
static void write_response(const Swtpm *s, const Buf *body) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(4096);
        char path[128];

        buf_be(&b, 0x8001, 2);
        buf_be(&b, 10 + body->size, 4);
        buf_be(&b, 0, 4);
        buf_bytes(&b, buf_span(body));
        (void) snprintf(path, sizeof(path), "%s/answer", s->folder);
        assert_int_equal(file_write(path, 0600, buf_span(&b), NULL), 0);
}

/* An answer to TPM2_PCR_Read as the TPM did not give it. */
typedef struct Answer {
        uint32_t updates;
        Span selection;
        uint32_t n;       /* of digests */
        uint16_t size[9]; /* of each */
} Answer;

static void write_answer(const Swtpm *s, const Answer *a) {
        static const uint8_t zeros[64];
        _cleanup_(buf_done) Buf body = BUF_UP_TO(4096);

        buf_be(&body, a->updates, 4);
        buf_bytes(&body, a->selection);
        buf_be(&body, a->n, 4);
        for (uint32_t i = 0; i < a->n; i++) {
                buf_be(&body, a->size[i], 2);
                buf_bytes(&body, (Span){ zeros, a->size[i] });
        }
        write_response(s, &body);
}

static Tpm *open_answering(const Swtpm *s, const char *code) {
        char rule[256], log[128];

        (void) snprintf(log, sizeof(log), "%s/commands", s->folder);
        (void) unlink(log); /* count anew */
        (void) snprintf(rule, sizeof(rule), "%s:@%s/answer:1", code, s->folder);
        return open_tapped(s, rule);
}

static void what_the_tpm_did_not_get_asked_for_is_not_taken(void **state) {
        static const Answer answers[] = {
                /* another PCR, another bank, none of its values, one too many, too short */
                { 1, SPAN_LITERAL("\0\0\0\x01\0\x0b\x03\0\x02\0"), 1, { 32 } },
                { 1, SPAN_LITERAL("\0\0\0\x01\0\x0c\x03\0\x01\0"), 1, { 48 } },
                { 1, SPAN_LITERAL("\0\0\0\x01\0\x0b\x03\0\x01\0"), 0, {} },
                { 1, SPAN_LITERAL("\0\0\0\x01\0\x0b\x03\0\x01\0"), 2, { 32, 32 } },
                { 1, SPAN_LITERAL("\0\0\0\x01\0\x0b\x03\0\x01\0"), 1, { 20 } },
                { 1, SPAN_LITERAL("\0\0\0\x01\0\x0b\x03\0\x01\0"), 1, { 0 } },
                { 1, SPAN_LITERAL("\0\0\0\x01\0\x0b\x03\x80\x01\0"), 1, { 32 } },
                { 1, SPAN_LITERAL("\0\0\0\x02\0\x0b\x03\0\x01\0\0\x0b\x03\0\x01\0"), 2,
                                { 32, 32 } },
        };
        PcrSelection which = selection("sha256:8");
        const Swtpm *s = *state;

        for (size_t i = 0; i < ELEMENTS(answers); i++) {
                PcrValues v, before;
                Tpm *t;

                memset(&v, 0xa5, sizeof(v));
                memset(&before, 0xa5, sizeof(before));
                write_answer(s, &answers[i]);
                t = open_answering(s, CC_PCR_READ);
                assert_true(tpm_read(t, &which, &v, NULL) < 0);
                assert_memory_equal(&v, &before, sizeof(v));
                tpm_close(&t);
        }
}

/* The first eight are of another moment than the rest: all are read again. */
static void registers_of_two_moments_are_not_mixed(void **state) {
        const Answer then = { 77777, SPAN_LITERAL("\0\0\0\x01\0\x0b\x03\xff\0\0"), 8,
                { 32, 32, 32, 32, 32, 32, 32, 32 } };
        PcrSelection which = selection("sha256:0-15");
        const Swtpm *s = *state;
        Tpm *t;
        Digest d[4], expected = digest_zero(HASH_SHA256);
        PcrValues v;

        (void) four_digests(1, d);
        t = open_or_fail(s->tcti);
        assert_int_equal(tpm_extend(t, 0, d, 4, NULL), 0);
        tpm_close(&t);
        write_answer(s, &then);
        t = open_answering(s, CC_PCR_READ);
        assert_int_equal(tpm_read(t, &which, &v, NULL), 0);
        assert_int_equal(hash_extend(&expected, &d[1], NULL), 0);
        assert_true(digest_equal(pcr_value(&v, HASH_SHA256, 0), &expected));
        tpm_close(&t);
        assert_commands(s, CC_PCR_READ " " CC_PCR_READ " " CC_PCR_READ " " CC_PCR_READ " ");
}

/* TPMS_CAPABILITY_DATA: five banks with PCRs, and one that is not active before them. */
static void more_banks_than_we_hold_are_an_error(void **state) {
        static const uint16_t algs[] = { 0x0027, 0x0004, 0x000b, 0x000c, 0x000d, 0x0012 };
        _cleanup_(buf_done) Buf body = BUF_UP_TO(4096);
        const Swtpm *s = *state;
        PcrSelection b = {};
        Tpm *t;
        Err e = {};

        buf_byte(&body, 0);
        buf_be(&body, 5, 4);
        buf_be(&body, ELEMENTS(algs), 4);
        for (size_t i = 0; i < ELEMENTS(algs); i++) {
                buf_be(&body, algs[i], 2);
                buf_byte(&body, 3);
                buf_be(&body, i == 0 ? 0 : 0xffffff, 3);
        }
        write_response(s, &body);
        t = open_answering(s, CC_GET_CAPABILITY);
        assert_int_equal(tpm_banks(t, &b, &e), -E2BIG);
        assert_int_equal(b.n_banks, 0);
        assert_non_null(strstr(e.text, "more than 4 PCR banks"));
        assert_int_equal(tpm_banks(t, &b, NULL), 0);
        assert_int_equal(b.n_banks, 4);
        tpm_close(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                SWTPM_TEST(a_tpm_that_vanishes_and_returns_is_found_again),
                SWTPM_TEST(an_answer_is_as_long_as_it_says),
                SWTPM_TEST(a_tpm_that_hangs_is_waited_for_once),
                cmocka_unit_test(a_device_that_hangs_is_waited_for_once),
                cmocka_unit_test(whatever_else_hangs_is_waited_for_once),
                SWTPM_TEST(not_now_is_asked_again),
                SWTPM_TEST(not_now_for_ever_ends),
                SWTPM_TEST(other_refusals_are_not_repeated),
                SWTPM_TEST(a_refusal_does_not_cost_the_key),
                SWTPM_TEST(whatever_is_refused_leaves_the_result_alone),
                SWTPM_TEST(a_lost_answer_is_an_error_and_not_a_second_extend),
                SWTPM_TEST(a_key_that_went_with_the_connection_is_missed),
                SWTPM_TEST(what_the_tpm_did_not_get_asked_for_is_not_taken),
                SWTPM_TEST(more_banks_than_we_hold_are_an_error),
                SWTPM_TEST(registers_of_two_moments_are_not_mixed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
