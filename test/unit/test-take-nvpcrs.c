/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "port/crypto.h"
#include "quote/evidence.h"
#include "quote/systemd.h"
#include "support/folder.h"
#include "support/quoter.h"
#include "support/sdlog.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"
#include "wire/tpmkey.h"
#include "wire/tpmpart.h"

/* What of systemd goes along with a quote: its log, and the NvPCRs. */

#define NONCE SPAN_LITERAL("a nonce of 24 bytes, now")
#define EXTRA SPAN_LITERAL("what the session is about")

static int begin(Quoter *q, Taken *t) {
        PcrSelection which = {};

        assert_int_equal(pcr_selection_from_text("sha256:0-15", &which, NULL), 0);
        quoter_new(q);
        q->nvpcr_attributes = 0x2c060048;
        q->nvpcr_size = 32;
        return taken_begin(&q->tpm, TPM_AK_ECC, &which, t, NULL);
}

static void nvpcrs_are_certified_in_the_session(void **state) {
        _cleanup_(buf_done) Buf text = BUF_UP_TO(BUNDLE_MAX), parts = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(buf_done) Buf manifest = BUF_UP_TO(65536), tpm = BUF_UP_TO(65536);
        _cleanup_(taken_done) Taken t = {};
        uint64_t count;
        Bundle b = {};
        TpmPart p;
        Quoter q;

        (void) state;
        assert_int_equal(begin(&q, &t), 0);
        q.counted = true;
        assert_int_equal(taken_count(&q.tpm, &t, &count, NULL), 1);
        assert_int_equal(taken_nvpcr(&q.tpm, 0x1d10201, &t, NULL), 1);
        assert_int_equal(taken_nvpcr(&q.tpm, 0x1d10203, &t, NULL), 1);
        assert_int_equal(quote_take(&q.tpm, NONCE, EXTRA, &t, NULL), 0);
        assert_true(t.has_audit);
        assert_int_equal(evidence_manifest(&t, NONCE, &b, 1, &manifest, NULL), 0);
        assert_int_equal(evidence_write(&t, &b, buf_span(&manifest), &text, NULL), 0);
        assert_int_equal(bundle_parse(buf_span(&text), &parts, &b, NULL), 0);
        assert_int_equal(tpm_part_parse(b.parts[PART_TPM], &tpm, &p, NULL), 0);
        assert_int_equal(p.n_nv, 3);
        assert_int_equal(p.nv[0].size, 8);
        for (size_t i = 0; i < 3; i++) {
                uint8_t name[TPM_NAME_SHA256];
                NvPublic public;
                Digest d;

                assert_int_equal(p.commands[i + 1], TPM_COMMAND_NV);
                assert_int_equal(nv_public_parse(p.nv[i].public, &public, NULL), 0);
                assert_int_equal(public.index, i == 0 ? NV_COUNTER_INDEX : 0x1d101ff + 2 * i);
                assert_int_equal(hash_bytes(HASH_SHA256, p.nv[i].public, &d, NULL), 0);
                tpm_name(&d, name);
                assert_true(span_equal(p.nv[i].auth, (Span){ name, sizeof(name) }));
                assert_int_equal(p.nv[i].size, i == 0 ? 8 : 32);
                assert_int_equal(p.nv[i].offset, 0);
        }
}

static void what_is_no_nvpcr_is_left_out(void **state) {
        static const struct {
                uint32_t attributes;
                uint16_t size;
        } others[] = { { 0, 32 }, { 0x0c060048, 32 }, { 0x2c060018, 32 }, { 0x2c060048, 64 } };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                _cleanup_(taken_done) Taken t = {};
                Quoter q;

                assert_int_equal(begin(&q, &t), 0);
                q.nvpcr_attributes = others[i].attributes;
                q.nvpcr_size = others[i].size;
                assert_int_equal(taken_nvpcr(&q.tpm, 0x1d10201, &t, NULL), 0);
                assert_int_equal(t.n_nvpcrs, 0);
        }
}

static void nvpcrs_are_bounded(void **state) {
        _cleanup_(taken_done) Taken t = {};
        Quoter q;

        (void) state;
        assert_int_equal(begin(&q, &t), 0);
        for (uint32_t i = 0; i < TAKEN_NVPCRS_MAX; i++)
                assert_int_equal(taken_nvpcr(&q.tpm, 0x1d10201 + i, &t, NULL), 1);
        assert_int_equal(taken_nvpcr(&q.tpm, 0x1d10301, &t, NULL), -E2BIG);
        assert_int_equal(quote_take(&q.tpm, NONCE, EXTRA, &t, NULL), 0);
}

static void a_tpm_that_certifies_something_else_is_not_believed(void **state) {
        static const QuoterLie lies[] = { LIE_CERTIFY, LIE_CONTENTS };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(lies); i++) {
                _cleanup_(taken_done) Taken t = {};
                Err e = {};
                Quoter q;

                assert_int_equal(begin(&q, &t), 0);
                q.lie = lies[i];
                assert_int_equal(taken_nvpcr(&q.tpm, 0x1d10201, &t, NULL), 1);
                assert_int_equal(quote_take(&q.tpm, NONCE, EXTRA, &t, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "something else than the NvPCR 0x01d10201"));
        }
}

static void any_command_may_fail(void **state) {
        int n = 0, rc;

        (void) state;
        do {
                _cleanup_(taken_done) Taken t = {};
                Quoter q;

                assert_int_equal(begin(&q, &t), 0);
                q.fail_after = n++;
                rc = taken_nvpcr(&q.tpm, 0x1d10201, &t, NULL);
                if (rc == 1)
                        rc = quote_take(&q.tpm, NONCE, EXTRA, &t, NULL);
        } while (rc < 0);
        assert_int_equal(rc, 0);
        assert_int_equal(n, 7); /* public, values, session, quote, NvPCR, end */
}

static void a_log_tells_which_nvpcrs_there_are(void **state) {
        uint32_t indices[NVPCRS_MAX];
        SdLog l;

        (void) state;
        sd_new(&l);
        sd_boot(&l);
        assert_int_equal(systemd_log_indices(buf_span(&l.log), indices), 4);
        assert_int_equal(indices[0], SD_VERITY); /* in the order of nvpcr-init */
        assert_int_equal(indices[3], SD_LOGIN);
        for (uint32_t i = 0; i < NVPCRS_MAX; i++)
                sd_write(&l, sd_nv(0x1d10300 + i), "x", NULL, "x");
        buf_string(&l.log, "\x1e{}\nx");
        assert_int_equal(systemd_log_indices(buf_span(&l.log), indices), NVPCRS_MAX);
        assert_int_equal(systemd_log_indices((Span){}, indices), 0);
        sd_done(&l);
}

static void a_log_is_held_while_it_is_open(void **state) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(SYSTEMD_LOG_MAX);
        _cleanup_(fd_done) int fd = -1, other = -1;
        bool torn = true;
        Folder f;

        (void) state;
        f = folder_new();
        assert_int_equal(systemd_log_hold(f.path, "no.log", 0, &log, &torn, &fd, NULL), 0);
        folder_write(&f, "a.log", SPAN_LITERAL("bytes"));
        assert_int_equal(systemd_log_hold(f.path, "a.log", 0, &log, &torn, &fd, NULL), 1);
        assert_false(torn);
        assert_true(span_is(buf_span(&log), "bytes"));
        other = open(folder_path(&f, "a.log"), O_RDWR | O_CLOEXEC);
        assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
        assert_int_equal(flock(other, LOCK_SH | LOCK_NB), 0);
        fd_done(&fd);
        fd = -1;
        assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
        fd_done(&other);
        other = -1;
        assert_int_equal(chmod(folder_path(&f, "a.log"), 01600), 0);
        buf_done(&log);
        assert_int_equal(systemd_log_hold(f.path, "a.log", 0, &log, &torn, &fd, NULL), 1);
        assert_true(torn);
        folder_done(&f);
}

/* What is found out at the end is found out when everything is attested, and in each attempt. */
typedef struct Asked {
        const Taken *taken;
        unsigned n, fails_at;
        uint8_t extra;
} Asked;

static int extra_of(void *with, Span *ret, Err *e) {
        Asked *a = with;

        assert_true(a->taken->attests[0].size > 0 && a->taken->signatures[0].size > 0);
        for (size_t i = 0; i < a->taken->n_nvpcrs; i++)
                assert_true(a->taken->nvpcrs[i].signature.size > 0);
        if (++a->n == a->fails_at)
                return err_set(e, -EACCES, "a list that cannot be read");
        a->extra = (uint8_t) a->n;
        *ret = (Span){ &a->extra, 1 };
        return 0;
}

static void what_the_session_is_about_is_found_out_last(void **state) {
        (void) state;
        for (unsigned intruders = 0; intruders < 3; intruders++) {
                _cleanup_(taken_done) Taken t = {};
                Asked asked = { .taken = &t };
                SessionAudited s;
                Quoter q;

                assert_int_equal(begin(&q, &t), 0);
                q.intrude_late = intruders;
                assert_int_equal(taken_nvpcr(&q.tpm, 0x01d10201, &t, NULL), 1);
                assert_int_equal(quote_take_with(&q.tpm, NONCE, &(TakenEnd){ extra_of, &asked }, &t,
                                                 NULL),
                                0);
                assert_int_equal(asked.n, intruders + 1);
                assert_int_equal(session_audited_parse(buf_span(&t.audit_attest), &s, NULL), 0);
                assert_true(span_equal(s.head.extra, (Span){ &asked.extra, 1 }));
        }
}

static void what_cannot_be_found_out_ends_it(void **state) {
        (void) state;
        for (unsigned n = 1; n < 3; n++) {
                _cleanup_(taken_done) Taken t = {};
                Asked asked = { .taken = &t, .fails_at = n };
                Err e = {};
                Quoter q;

                assert_int_equal(begin(&q, &t), 0);
                q.intrude_late = n - 1;
                assert_int_equal(quote_take_with(&q.tpm, NONCE, &(TakenEnd){ extra_of, &asked }, &t,
                                                 &e),
                                -EACCES);
                assert_string_equal(e.text, "a list that cannot be read");
                assert_int_equal(asked.n, n);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nvpcrs_are_certified_in_the_session),
                cmocka_unit_test(what_is_no_nvpcr_is_left_out),
                cmocka_unit_test(nvpcrs_are_bounded),
                cmocka_unit_test(a_tpm_that_certifies_something_else_is_not_believed),
                cmocka_unit_test(any_command_may_fail),
                cmocka_unit_test(a_log_tells_which_nvpcrs_there_are),
                cmocka_unit_test(a_log_is_held_while_it_is_open),
                cmocka_unit_test(what_the_session_is_about_is_found_out_last),
                cmocka_unit_test(what_cannot_be_found_out_ends_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
