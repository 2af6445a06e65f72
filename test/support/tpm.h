/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "unit/suite.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "port/crypto.h"
#include "port/tpm-tss2.h"
#include "support/swtpm.h"
#include "wire/attest.h"
#include "wire/tpmkey.h"

/* What the tests of port/tpm-tss2 have in common: a TPM of each test's own, and a tap on the way to
 * it (support/tpm-tap) that counts commands and spoils them. */

extern char **environ;

/* Command codes, as support/tpm-tap writes them (Part 2, section 6.5.2) */
#define CC_CREATE_PRIMARY "00000131"
#define CC_AUDIT_DIGEST "0000014d"
#define CC_QUOTE "00000158"
#define CC_CONTEXT_LOAD "00000161"
#define CC_CONTEXT_SAVE "00000162"
#define CC_FLUSH "00000165"
#define CC_READ_PUBLIC "00000173"
#define CC_START_SESSION "00000176"
#define CC_GET_CAPABILITY "0000017a"
#define CC_PCR_READ "0000017e"
#define CC_READ_CLOCK "00000181"
#define CC_PCR_EXTEND "00000182"

#define NONCE "what the asker drew at random.."

static inline int with_swtpm(void **state) {
        static Swtpm s;

        *state = &s;
        return swtpm_start(&s);
}

static inline int without_swtpm(void **state) {
        swtpm_done(*state);
        return 0;
}

static inline Tpm *open_within_or_fail(const char *tcti, unsigned patience) {
        Tpm *t = NULL;
        Err e = {};

        if (tpm_open_within(tcti, patience, &t, &e) < 0)
                fail_msg("%s", e.text);
        return t;
}

static inline Tpm *open_or_fail(const char *tcti) {
        return open_within_or_fail(tcti, TPM_PATIENCE);
}

/* A TCTI that goes through support/tpm-tap, with these rules, to this TPM. */
typedef struct Tapped {
        char tcti[1024];
} Tapped;

static inline Tapped tapped(const Swtpm *s, const char *rules) {
        Tapped t;

        (void) snprintf(t.tcti, sizeof(t.tcti), "cmd:exec %s %s/tpm %s/commands %s",
                        getenv("TPM_TAP"), s->folder, s->folder, rules);
        return t;
}

static inline Tpm *open_tapped(const Swtpm *s, const char *rules) {
        return open_or_fail(tapped(s, rules).tcti);
}

/* What has passed the tap, a word a command. */
static inline void assert_commands(const Swtpm *s, const char *expected) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(65536);
        char path[128];

        (void) snprintf(path, sizeof(path), "%s/commands", s->folder);
        assert_int_equal(file_read(path, &b, NULL), 0);
        buf_byte(&b, 0);
        for (uint8_t *p = b.data; *p; p++)
                if (*p == '\n')
                        *p = ' ';
        assert_string_equal((char *) b.data, expected);
}

static inline void run(const Swtpm *s, char *const argv[]) {
        int status;
        pid_t pid;

        assert_int_equal(setenv("TPM2TOOLS_TCTI", s->tcti, 1), 0);
        assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static inline PcrSelection selection(const char *text) {
        PcrSelection s = {};

        assert_int_equal(pcr_selection_from_text(text, &s, NULL), 0);
        return s;
}

static inline size_t four_digests(uint8_t first, Digest ret[4]) {
        static const HashAlg algs[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

        for (size_t i = 0; i < ELEMENTS(algs); i++) {
                ret[i] = digest_zero(algs[i]);
                ret[i].bytes[0] = first;
                ret[i].bytes[ret[i].size - 1] = 0x77;
        }
        return ELEMENTS(algs);
}

/* The digest that a quote over these values carries: all of them, in the order of the selection. */
static inline Digest digest_of_values(const PcrValues *v) {
        Span parts[PCR_BANKS_MAX * PCR_COUNT];
        Digest d = {};
        size_t n = 0;

        for (size_t i = 0; i < v->held.n_banks; i++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                        if (v->held.banks[i].mask >> pcr & 1)
                                parts[n++] = digest_span(&v->digests[i][pcr]);
        assert_int_equal(hash_parts(HASH_SHA256, parts, n, &d, NULL), 0);
        return d;
}

/* Whether this key of a TPM signed these bytes, by its numbers alone. */
static inline void assert_signed(Span public, Span attest, Span signature) {
        PublicKey key = { .type = PUBLIC_KEY_P256 };
        bool holds = false;
        TpmSignature sig;
        TpmPublic p;
        Digest d;

        assert_int_equal(tpm_public_parse(public, &p, NULL), 0);
        assert_int_equal(tpm_signature_parse(signature, &sig, NULL), 0);
        assert_int_equal(sig.hash, HASH_SHA256);
        assert_int_equal(hash_bytes(HASH_SHA256, attest, &d, NULL), 0);
        if (p.type == TPM_KEY_RSA)
                key.type = PUBLIC_KEY_RSA;
        key.modulus = p.modulus;
        key.exponent = p.exponent;
        key.x = p.x;
        key.y = p.y;
        if (p.type == TPM_KEY_RSA)
                assert_int_equal(signature_judge_rsa(&key, &d, sig.rsa, &holds, NULL), 0);
        else
                assert_int_equal(signature_judge_ecdsa(&key, &d, sig.r, sig.s, &holds, NULL), 0);
        assert_true(holds);
}

/* Makes the key and quotes, and checks all that the signature is over. */
static inline void quote_and_check(Tpm *t, TpmAkType type, const char *pcrs, Digest *ret_public) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(TPM_PUBLIC_MAX), attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        PcrSelection which = selection(pcrs);
        PcrValues v;
        TpmPublic p;
        Digest d;
        Quoted q;

        assert_int_equal(tpm_key(t, type, &public, NULL), 0);
        assert_int_equal(tpm_public_parse(buf_span(&public), &p, NULL), 0);
        assert_int_equal(p.attributes, 0x00050472);
        assert_int_equal(p.policy.size, 0);
        assert_int_equal(p.hash, HASH_SHA256);

        assert_int_equal(tpm_read(t, &which, &v, NULL), 0);
        assert_int_equal(tpm_quote(t, &which, SPAN_LITERAL(NONCE), &attest, &signature, NULL), 0);
        assert_int_equal(quoted_parse(buf_span(&attest), &q, NULL), 0);
        assert_true(span_equal(q.head.extra, SPAN_LITERAL(NONCE)));
        assert_true(pcr_selection_equal(&q.selection, &which));
        d = digest_of_values(&v);
        assert_true(span_equal(q.digest, digest_span(&d)));

        assert_int_equal(p.type, type == TPM_AK_RSA ? TPM_KEY_RSA : TPM_KEY_ECC);
        assert_signed(buf_span(&public), buf_span(&attest), buf_span(&signature));
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&public), ret_public, NULL), 0);
}

#define SWTPM_TEST(f) cmocka_unit_test_setup_teardown(f, with_swtpm, without_swtpm)
