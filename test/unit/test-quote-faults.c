/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/suite.h"

#include "log/signed.h"
#include "port/crypto.h"
#include "quote/evidence.h"
#include "quote/history.h"
#include "support/glassworld.h"
#include "wire/attest.h"
#include "wire/bundle.h"
#include "wire/tpmpart.h"

/* Each step of an answer fails in turn, of the TPM and of the disk, in every way: when all is well,
 * and after an opening that ended at any of its own steps. An answer is whole or there is none, and
 * nothing that was acknowledged is lost by asking. */

#define NONCE SPAN_LITERAL("a nonce of 24 bytes, now")

/* The order of avouch-quote: the logs, then the TPM. 1 where an opening is to be finished first. */
static int answer_once(GlassWorld *g, bool finished, Buf *bundle, Err *e) {
        _cleanup_(buf_done) Buf log = BUF_UP_TO(LOG_MAX), home = BUF_UP_TO(HISTORY_MAX),
                                spool = BUF_UP_TO(HISTORY_MAX), history = BUF_UP_TO(HISTORY_MAX),
                                manifest = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(taken_done) Taken t = {};
        PcrSelection which = {};
        uint64_t count = 0;
        HistoryEnd past;
        Bundle parts = {};
        Digest extra;
        int rc;

        assert_int_equal(pcr_selection_from_text("sha256:8-9+sha384:8", &which, NULL), 0);
        g->world.key_made = false;
        rc = store_load(&g->world.store, &log, e);
        if (rc == 0)
                rc = store_load(&g->home.store, &home, e);
        if (rc == 0)
                rc = store_load(&g->spool.store, &spool, e);
        if (rc == 0)
                rc = history_join(buf_span(&home), buf_span(&spool), &history, &past, e);
        if (rc == 0)
                rc = taken_begin(&g->world.tpm, TPM_AK_ECC, &which, &t, e);
        if (rc == 0)
                rc = taken_count(&g->world.tpm, &t, &count, e);
        if (rc < 0)
                return rc;
        if (rc > 0 && (history_is_open(&past, count) ||
                                      history_awaits_receipt(evidence_whole_lines(buf_span(&log)),
                                                      count))) {
                taken_leave_counter(&t);
                if (!finished)
                        return 1;
        }
        parts.parts[PART_AVOUCH_LOG] = evidence_whole_lines(buf_span(&log));
        parts.parts[PART_HISTORY] = buf_span(&history);
        parts.has[PART_AVOUCH_LOG] = parts.parts[PART_AVOUCH_LOG].size > 0;
        parts.has[PART_HISTORY] = history.size > 0;
        rc = evidence_manifest(&t, NONCE, &parts, 1, &manifest, e);
        if (rc == 0)
                rc = evidence_extra(NONCE, buf_span(&manifest), &extra, e);
        if (rc == 0)
                rc = quote_take(&g->world.tpm, NONCE, digest_span(&extra), &t, e);
        return rc < 0 ? rc : evidence_write(&t, &parts, buf_span(&manifest), bundle, e);
}

static int answer(GlassWorld *g, Buf *bundle, Err *e) {
        int rc = answer_once(g, false, bundle, e);

        if (rc <= 0)
                return rc;
        (void) glass_world_start(g); /* finishes it, or cannot: then the counter is left out */
        return answer_once(g, true, bundle, e);
}

static void assert_signed(const TpmPublic *ak, Span attest, Span signature) {
        TpmSignature s;
        bool holds = false;

        assert_int_equal(tpm_signature_parse(signature, &s, NULL), 0);
        assert_int_equal(signed_by(ak, attest, &s, &holds, NULL), 0);
        assert_true(holds);
}

static void assert_quotes(const TpmPart *p, const TpmPublic *ak) {
        assert_int_equal(p->n_quotes, 2);
        for (size_t i = 0; i < p->n_quotes; i++) {
                Span values[PCR_VALUES_MAX];
                Digest d;
                Quoted q;

                assert_signed(ak, p->quotes[i].attest, p->quotes[i].signature);
                assert_int_equal(quoted_parse(p->quotes[i].attest, &q, NULL), 0);
                assert_true(span_equal(q.head.extra, NONCE));
                assert_int_equal(
                                hash_parts(HASH_SHA256, values,
                                                pcr_values_in_order(&p->pcrs, &q.selection, values),
                                                &d, NULL),
                                0);
                assert_true(span_equal(q.digest, digest_span(&d)));
        }
}

/* The session is about this manifest, and the manifest about these parts. */
static void assert_bound(const Bundle *b, const TpmPart *p, const TpmPublic *ak) {
        SessionAudited a;
        Manifest m;
        Digest d;

        assert_int_equal(manifest_parse(b->parts[PART_MANIFEST], &m, NULL), 0);
        for (BundleLabel l = PART_INVALID; l < _PART_MAX; l++) {
                if (l == PART_MANIFEST || l == PART_TPM)
                        continue;
                assert_int_equal(m.parts[l].listed, b->has[l]);
                if (!b->has[l])
                        continue;
                assert_int_equal(hash_bytes(HASH_SHA256, b->parts[l], &d, NULL), 0);
                assert_memory_equal(m.parts[l].sha256, d.bytes, sizeof(m.parts[l].sha256));
        }
        assert_true(p->has_audit);
        assert_signed(ak, p->audit_attest, p->audit_signature);
        assert_int_equal(session_audited_parse(p->audit_attest, &a, NULL), 0);
        assert_int_equal(evidence_extra(NONCE, b->parts[PART_MANIFEST], &d, NULL), 0);
        assert_true(span_equal(a.head.extra, digest_span(&d)));
}

/* Some record in this log was made at this value. */
static bool awaited_in(Span log, uint64_t value) {
        Segment s = segment_over(log);
        bool found = false;
        Record r;

        while (segment_next(&s, &r, NULL) > 0) {
                uint64_t counted;

                found = found || (history_value(&r.content, &counted) && counted == value);
        }
        return found;
}

/* The counter is certified where no receipt is given; and where all is set right, at the end of the
 * history beside it. */
static void assert_counted(const Bundle *b, const TpmPart *p, const TpmPublic *ak, bool agree) {
        _cleanup_(buf_done) Buf decoded = BUF_UP_TO(HISTORY_LINE_MAX);
        HistoryReader r = history_over(b->parts[PART_HISTORY], &decoded);
        uint64_t value = 0;
        NvCertified n;
        HistoryLine l;
        int rc;

        assert_int_equal(p->n_nv, 1);
        assert_signed(ak, p->nv[0].attest, p->nv[0].signature);
        assert_int_equal(nv_certified_parse(p->nv[0].attest, &n, NULL), 0);
        assert_true(span_equal(n.head.extra, NONCE));
        assert_int_equal(n.contents.size, sizeof(value));
        for (size_t i = 0; i < n.contents.size; i++)
                value = value << 8 | n.contents.data[i];
        while ((rc = history_next(&r, &l, NULL)) > 0)
                continue;
        assert_int_equal(rc, 0);
        if (agree)
                assert_true(r.history.closed == value);
        assert_false(awaited_in(b->parts[PART_AVOUCH_LOG], value));
        assert_true(value >= r.history.closed && (value - r.history.closed) % 2 == 0);
}

/* agree: counter and history do. Otherwise the counter may be left out. */
static void assert_whole(Span text, Span acknowledged, bool agree) {
        _cleanup_(buf_done) Buf parts = BUF_UP_TO(BUNDLE_MAX), tpm = BUF_UP_TO(BUNDLE_MAX);
        TpmPublic ak;
        Bundle b;
        TpmPart p;

        assert_int_equal(bundle_parse(text, &parts, &b, NULL), 0);
        assert_int_equal(tpm_part_parse(b.parts[PART_TPM], &tpm, &p, NULL), 0);
        assert_int_equal(tpm_public_parse(p.ak, &ak, NULL), 0);
        assert_quotes(&p, &ak);
        assert_bound(&b, &p, &ak);
        if (agree || p.n_nv > 0)
                assert_counted(&b, &p, &ak, agree);
        assert_non_null(memmem(b.parts[PART_AVOUCH_LOG].data, b.parts[PART_AVOUCH_LOG].size,
                        acknowledged.data, acknowledged.size));
        assert_non_null(memmem(b.parts[PART_HISTORY].data, b.parts[PART_HISTORY].size,
                        acknowledged.data, acknowledged.size));
}

/* An opening that was acknowledged, and one that ends at this step; false where it did not. */
static bool begin(GlassWorld *g, int ends_at, FaultKind how, GlassCount *ret) {
        bool ended = false;

        glass_world_new(g);
        assert_int_equal(glass_world_start(g), 0);
        assert_int_equal(glass_world_record(g, EVENT_GLASS_OPEN), 0);
        *ret = g->account.glass;
        if (ends_at >= 0) {
                world_fail_after(&g->world, ends_at, how);
                (void) glass_world_record(g, EVENT_GLASS_CLOSE);
                ended = g->world.struck;
                world_heal(&g->world);
        }
        return ended;
}

/* How many steps the answer had; the fault strikes at each of them in turn. */
static int at_each_step(FaultKind kind, int ends_at, FaultKind how) {
        bool struck = true;
        int n = 0;

        for (; struck; n++) {
                _cleanup_(buf_done) Buf bundle = BUF_UP_TO(BUNDLE_MAX),
                                        again = BUF_UP_TO(BUNDLE_MAX), next = BUF_UP_TO(BUNDLE_MAX);
                GlassCount first;
                GlassWorld g;
                Err e = {};
                Span known;
                int rc;

                (void) begin(&g, ends_at, how, &first);
                known = (Span){ first.content, first.size };
                world_fail_after(&g.world, n, kind);
                rc = answer(&g, &bundle, &e);
                struck = g.world.struck;
                world_heal(&g.world);
                assert_true(struck || rc == 0);
                if (rc == 0)
                        assert_whole(buf_span(&bundle), known, ends_at < 0);
                else
                        assert_int_equal(bundle.size, 0);

                /* whoever asks next, and whoever asks after the next occasion, is told all */
                assert_int_equal(answer(&g, &again, NULL), 0);
                assert_whole(buf_span(&again), known, ends_at < 0);
                assert_int_equal(glass_world_start(&g), 0);
                assert_string_equal(odometer_lacks(&g.odometer), "");
                assert_int_equal(answer(&g, &next, NULL), 0);
                assert_whole(buf_span(&next), known, true);
                assert_int_equal(g.home.n_retired + g.spool.n_retired, 0);
                assert_true(glass_world_history(&g).lost <= (ends_at >= 0));
                assert_true(glass_world_has_line(&g, known));
                glass_world_done(&g);
        }
        return n - 1;
}

static void when_all_is_well(FaultKind kind) {
        /* three logs; key, public area, value; read, session, two quotes, counter, end */
        assert_int_equal(at_each_step(kind, -1, FAULT_NONE), 12);
}

static void after_each_end_of_an_opening(FaultKind kind) {
        bool ended = true;
        int most = 0, i = 0;

        for (; ended; i++) {
                GlassCount unused;
                GlassWorld g;
                int steps;

                ended = begin(&g, i, FAULT_TORN, &unused);
                glass_world_done(&g);
                steps = at_each_step(kind, i, FAULT_TORN);
                most = steps > most ? steps : most;
        }
        assert_true(i > 6);     /* counter, log, line, register, receipt, line, counter */
        assert_true(most > 20); /* some of them had an opening to finish */
}

static void any_step_may_fail_once(void **state) {
        (void) state;
        when_all_is_well(FAULT_ONCE);
        after_each_end_of_an_opening(FAULT_ONCE);
}

static void any_answer_may_get_lost(void **state) {
        (void) state;
        when_all_is_well(FAULT_ONCE_DONE);
        after_each_end_of_an_opening(FAULT_ONCE_DONE);
}

static void any_step_may_fail_for_ever(void **state) {
        (void) state;
        when_all_is_well(FAULT_FOR_EVER);
        after_each_end_of_an_opening(FAULT_FOR_EVER);
}

static void any_write_may_be_torn(void **state) {
        (void) state;
        after_each_end_of_an_opening(FAULT_TORN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_step_may_fail_once),
                cmocka_unit_test(any_answer_may_get_lost),
                cmocka_unit_test(any_step_may_fail_for_ever),
                cmocka_unit_test(any_write_may_be_torn),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
