/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>

#include "port/crypto.h"
#include "quote/evidence.h"
#include "support/libc.h"
#include "support/quoter.h"
#include "wire/attest.h"
#include "wire/bundle.h"
#include "wire/tpmkey.h"
#include "wire/tpmpart.h"

#define NONCE SPAN_LITERAL("a nonce of 24 bytes, now")
#define LOG SPAN_LITERAL("\x1e{\"one\":1}\n\x1e{\"two\":2}\n")

static Taken take(const char *pcrs) {
        PcrSelection which = {};
        uint64_t value;
        Taken t = {};
        Quoter q;

        quoter_new(&q);
        assert_int_equal(pcr_selection_from_text(pcrs, &which, NULL), 0);
        q.counted = true;
        assert_int_equal(taken_begin(&q.tpm, TPM_AK_ECC, &which, &t, NULL), 0);
        assert_int_equal(taken_count(&q.tpm, &t, &value, NULL), 1);
        assert_int_equal(quote_take(&q.tpm, NONCE, SPAN_LITERAL("extra"), &t, NULL), 0);
        return t;
}

/* Manifest and bundle in one step, with a log where it is not empty. */
static int write_all(const Taken *t, Span log, int64_t created, Buf *to, Err *e) {
        _cleanup_(buf_done) Buf manifest = BUF_UP_TO(BUNDLE_MAX);
        Bundle parts = {};
        int rc;

        parts.parts[PART_AVOUCH_LOG] = log;
        parts.has[PART_AVOUCH_LOG] = log.size > 0;
        rc = evidence_manifest(t, NONCE, &parts, created, &manifest, e);
        return rc < 0 ? rc : evidence_write(t, &parts, buf_span(&manifest), to, e);
}

static void the_bundle_holds_what_was_taken(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(BUNDLE_MAX), parts = BUF_UP_TO(BUNDLE_MAX),
                                tpm = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(taken_done) Taken t = take("sha256:0-15+sha384:8");
        uint8_t name[TPM_NAME_SHA256];
        Bundle b;
        Manifest m;
        TpmPart p;
        Digest d;

        (void) state;
        assert_int_equal(write_all(&t, LOG, 1234567890, &text, NULL), 0);
        assert_int_equal(bundle_parse(buf_span(&text), &parts, &b, NULL), 0);
        for (BundleLabel l = PART_INVALID; l < _PART_MAX; l++)
                assert_int_equal(b.has[l],
                                l == PART_MANIFEST || l == PART_TPM || l == PART_AVOUCH_LOG);
        assert_true(span_equal(b.parts[PART_AVOUCH_LOG], LOG));

        assert_int_equal(tpm_part_parse(b.parts[PART_TPM], &tpm, &p, NULL), 0);
        assert_true(span_equal(p.ak, buf_span(&t.ak)));
        assert_int_equal(p.n_quotes, 2);
        for (size_t i = 0; i < p.n_quotes; i++) {
                PcrSelection s;

                assert_true(span_equal(p.quotes[i].attest, buf_span(&t.attests[i])));
                assert_true(span_equal(p.quotes[i].signature, buf_span(&t.signatures[i])));
                assert_int_equal(pcr_selection_parse(p.quotes[i].selection, &s, NULL), 0);
                assert_true(pcr_selection_equal(&s, &t.selections[i]));
        }
        assert_true(pcr_selection_equal(&p.pcrs.held, &t.pcrs.held));
        for (unsigned pcr = 0; pcr < 16; pcr++)
                assert_true(digest_equal(pcr_value(&p.pcrs, HASH_SHA256, pcr),
                                pcr_value(&t.pcrs, HASH_SHA256, pcr)));

        assert_int_equal(manifest_parse(b.parts[PART_MANIFEST], &m, NULL), 0);
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&t.ak), &d, NULL), 0);
        tpm_name(&d, name);
        assert_memory_equal(m.ak, name, sizeof(name));
        assert_int_equal(m.created, 1234567890);
        assert_true(span_equal((Span){ m.nonce, m.nonce_size }, NONCE));
        assert_int_equal(hash_bytes(HASH_SHA256, LOG, &d, NULL), 0);
        assert_memory_equal(m.parts[PART_AVOUCH_LOG].sha256, d.bytes, 32);
        assert_int_equal(m.parts[PART_AVOUCH_LOG].size, LOG.size);
        for (BundleLabel l = PART_INVALID; l < _PART_MAX; l++)
                assert_int_equal(m.parts[l].listed, l == PART_AVOUCH_LOG);
}

static void without_a_log_there_is_no_such_part(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(BUNDLE_MAX), parts = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(taken_done) Taken t = take("sha256:8");
        Bundle b;
        Manifest m;

        (void) state;
        assert_int_equal(write_all(&t, (Span){}, 1, &text, NULL), 0);
        assert_int_equal(bundle_parse(buf_span(&text), &parts, &b, NULL), 0);
        assert_false(b.has[PART_AVOUCH_LOG]);
        assert_int_equal(manifest_parse(b.parts[PART_MANIFEST], &m, NULL), 0);
        assert_false(m.parts[PART_AVOUCH_LOG].listed);
}

static void the_largest_selection_fits(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(BUNDLE_MAX), parts = BUF_UP_TO(BUNDLE_MAX),
                                tpm = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(taken_done) Taken t = take("sha256:all+sha384:all");
        Bundle b;
        TpmPart p;

        (void) state;
        assert_int_equal(write_all(&t, LOG, 1, &text, NULL), 0);
        assert_int_equal(bundle_parse(buf_span(&text), &parts, &b, NULL), 0);
        assert_int_equal(tpm_part_parse(b.parts[PART_TPM], &tpm, &p, NULL), 0);
}

static void what_does_not_fit_is_said(void **state) {
        _cleanup_(taken_done) Taken t = take("sha256:8");
        Err e = {};

        (void) state;
        for (size_t room = 0; room < 4000; room += 97) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(room);
                int rc = write_all(&t, LOG, 1, &text, &e);

                if (rc == 0) {
                        assert_true(room > 1000);
                        return;
                }
                assert_int_equal(rc, -E2BIG);
                assert_non_null(strstr(e.text, "the evidence: larger than"));
                e = (Err){};
        }
        fail();
}

static void any_allocation_may_fail(void **state) {
        _cleanup_(taken_done) Taken t = take("sha256:0-15+sha384:0-15");
        int failed = 1, rc = 0;

        (void) state;
        for (int n = 0; failed > 0; n++) {
                _cleanup_(buf_done) Buf text = BUF_UP_TO(BUNDLE_MAX);
                Err e = {};

                libc_fail_after(LIBC_MEMORY, n, ENOMEM, false);
                rc = write_all(&t, LOG, 1, &text, &e);
                failed = libc_heal();
                assert_int_equal(rc, failed ? -ENOMEM : 0);
                assert_int_equal(e.code, rc);
        }
        assert_int_equal(rc, 0);
}

static void a_nonce_that_is_none_is_refused(void **state) {
        static const uint8_t bytes[NONCE_MAX + 1];
        _cleanup_(taken_done) Taken t = take("sha256:8");
        _cleanup_(buf_done) Buf text = BUF_UP_TO(BUNDLE_MAX);
        Bundle none = {};

        (void) state;
        assert_int_equal(evidence_manifest(
                                         &t, (Span){ bytes, NONCE_MIN - 1 }, &none, 1, &text, NULL),
                        -EINVAL);
        assert_int_equal(evidence_manifest(
                                         &t, (Span){ bytes, NONCE_MAX + 1 }, &none, 1, &text, NULL),
                        -EINVAL);
        assert_int_equal(text.size, 0);
}

static void counter_and_audit_stand_in_the_tpm_part(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(BUNDLE_MAX), parts = BUF_UP_TO(BUNDLE_MAX),
                                tpm = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(taken_done) Taken t = take("sha256:8+sha384:8");
        uint8_t name[TPM_NAME_SHA256];
        Bundle b;
        TpmPart p;
        Digest d;

        (void) state;
        assert_int_equal(write_all(&t, LOG, 1, &text, NULL), 0);
        assert_int_equal(bundle_parse(buf_span(&text), &parts, &b, NULL), 0);
        assert_int_equal(tpm_part_parse(b.parts[PART_TPM], &tpm, &p, NULL), 0);
        assert_int_equal(p.n_nv, 1);
        assert_int_equal(p.commands[0], TPM_COMMAND_QUOTE);
        assert_int_equal(p.commands[1], TPM_COMMAND_QUOTE);
        assert_int_equal(p.commands[2], TPM_COMMAND_NV);
        assert_true(span_equal(p.nv[0].public, buf_span(&t.nv_public)));
        assert_true(span_equal(p.nv[0].attest, buf_span(&t.nv_attest)));
        assert_true(span_equal(p.nv[0].signature, buf_span(&t.nv_signature)));
        assert_int_equal(p.nv[0].size, 8);
        assert_int_equal(p.nv[0].offset, 0);
        assert_int_equal(hash_bytes(HASH_SHA256, buf_span(&t.nv_public), &d, NULL), 0);
        tpm_name(&d, name);
        assert_true(span_equal(p.nv[0].auth, (Span){ name, sizeof(name) }));
        assert_true(p.has_audit);
        assert_true(span_equal(p.audit_attest, buf_span(&t.audit_attest)));
        assert_true(span_equal(p.audit_signature, buf_span(&t.audit_signature)));

        taken_leave_counter(&t);
        t.has_audit = false;
        buf_done(&text);
        buf_done(&parts);
        buf_done(&tpm);
        assert_int_equal(write_all(&t, LOG, 1, &text, NULL), 0);
        assert_int_equal(bundle_parse(buf_span(&text), &parts, &b, NULL), 0);
        assert_int_equal(tpm_part_parse(b.parts[PART_TPM], &tpm, &p, NULL), 0);
        assert_int_equal(p.n_nv, 0);
        assert_false(p.has_audit);
}

/* By hand: SHA-256 of the label with its NUL, the nonce with its size, the manifest's hash. */
static void the_extra_is_of_nonce_and_manifest(void **state) {
        Digest got, manifest, wanted;

        (void) state;
        assert_int_equal(evidence_extra(NONCE, SPAN_LITERAL("{}"), &got, NULL), 0);
        assert_int_equal(hash_bytes(HASH_SHA256, SPAN_LITERAL("{}"), &manifest, NULL), 0);
        assert_int_equal(hash_parts(HASH_SHA256,
                                         (Span[]){ SPAN_LITERAL("avouch-evidence/v1\0"),
                                                         SPAN_LITERAL("\0\x18"), NONCE,
                                                         digest_span(&manifest) },
                                         4, &wanted, NULL),
                        0);
        assert_true(digest_equal(&got, &wanted));
}

static void an_unfinished_last_line_is_left_out(void **state) {
        static const struct {
                Span log;
                size_t whole;
        } cases[] = {
                { {}, 0 },
                { SPAN_LITERAL("half"), 0 },
                { SPAN_LITERAL("one\n"), 4 },
                { SPAN_LITERAL("one\nhal"), 4 },
                { SPAN_LITERAL("one\ntwo\n"), 8 },
                { SPAN_LITERAL("\n"), 1 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Span whole = evidence_whole_lines(cases[i].log);

                assert_int_equal(whole.size, cases[i].whole);
                assert_true(whole.size == 0 || whole.data == cases[i].log.data);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_bundle_holds_what_was_taken),
                cmocka_unit_test(without_a_log_there_is_no_such_part),
                cmocka_unit_test(the_largest_selection_fits),
                cmocka_unit_test(what_does_not_fit_is_said),
                cmocka_unit_test(any_allocation_may_fail),
                cmocka_unit_test(a_nonce_that_is_none_is_refused),
                cmocka_unit_test(counter_and_audit_stand_in_the_tpm_part),
                cmocka_unit_test(the_extra_is_of_nonce_and_manifest),
                cmocka_unit_test(an_unfinished_last_line_is_left_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
