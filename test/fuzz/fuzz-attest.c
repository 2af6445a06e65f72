/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "support/attest.h"
#include "wire/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds) {
        if (!holds)
                abort();
}

static void need_reason(const Err *e) {
        need(e->code < 0 && e->text[0] != '\0');
}

/* What was read, written again, must give the very bytes: nothing was skipped, nothing made up. */
static void need_same(const AttestHead *h, uint16_t type, const Buf *body, Span in) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * ATTEST_MAX);
        SampleAttest a = {
                .magic = 0xff544347,
                .type = type,
                .signer = h->signer,
                .extra = h->extra,
                .clock = h->clock,
                .reset_count = h->reset_count,
                .restart_count = h->restart_count,
                .safe = h->safe,
                .firmware = h->firmware,
                .body = buf_span(body),
        };

        sample_attest_write(&a, &b);
        need(span_equal(buf_span(&b), in));
}

static bool try_selection(Span in) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(64);
        PcrSelection s, again;
        Err e = {};

        if (pcr_selection_parse(in, &s, &e) < 0) {
                need_reason(&e);
                return false;
        }
        pcr_selection_write(&s, &b);
        need(pcr_selection_parse(buf_span(&b), &again, NULL) == 0);
        need(pcr_selection_equal(&s, &again));
        /* sizeofSelect may have been 4; then, and only then, the bytes may differ */
        need(buf_span(&b).size < in.size || span_equal(buf_span(&b), in));
        for (size_t i = 0; i < s.n_banks; i++)
                for (size_t j = 0; j < i; j++)
                        need(s.banks[i].alg != s.banks[j].alg);
        return true;
}

static int try_quote(Span in) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(ATTEST_MAX);
        PcrSelection s;
        Err e = {};
        Quoted q;

        if (quoted_parse(in, &q, &e) < 0) {
                need_reason(&e);
                return 0;
        }
        need(pcr_selection_parse(q.selection_bytes, &s, NULL) == 0);
        need(pcr_selection_equal(&s, &q.selection));
        buf_bytes(&body, q.selection_bytes);
        sample_sized(q.digest, &body);
        need_same(&q.head, 0x8018, &body, in);
        return 1;
}

static int try_nv(Span in) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(ATTEST_MAX);
        NvCertified n;

        if (nv_certified_parse(in, &n, NULL) < 0)
                return 0;
        sample_sized(n.index_name, &body);
        buf_be(&body, n.offset, 2);
        sample_sized(n.contents, &body);
        need_same(&n.head, 0x8014, &body, in);
        return 1;
}

static int try_audit(Span in) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(ATTEST_MAX);
        SessionAudited s;

        if (session_audited_parse(in, &s, NULL) < 0)
                return 0;
        buf_byte(&body, s.exclusive);
        sample_sized(s.digest, &body);
        need_same(&s.head, 0x8016, &body, in);
        return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span in = { data, size };
        int kinds = try_quote(in) + try_nv(in) + try_audit(in);

        /* one set of bytes says one thing */
        need(kinds <= 1);
        need(!try_selection(in) || kinds == 0);
        return 0;
}
