/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "port/crypto.h"
#include "support/attest.h"
#include "support/world-nv.h"
#include "wire/attest.h"

/* Quotes and audit sessions of the TPM in memory. What the session is about is not computed: that
 * is between a real TPM and who judges it. */

static World *world_of(Tpm *t) {
        return (World *) (void *) t; /* tpm is the first member */
}

static void attest_to(World *w, uint16_t type, Span body, Span extra, Buf *attest, Buf *signature) {
        SampleAttest a = sample_attest(type, body);

        a.extra = extra;
        a.clock = w->clock.clock;
        a.reset_count = w->clock.reset_count;
        a.restart_count = w->clock.restart_count;
        a.safe = w->clock.safe;
        sample_attest_write(&a, attest);
        world_sign(w, buf_span(attest), signature);
}

int world_quote(Tpm *t, const PcrSelection *which, Span nonce, Buf *attest, Buf *signature,
                Err *e) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(4096);
        World *w = world_of(t);
        Span values[PCR_VALUES_MAX];
        int rc = world_begin(w, e);
        Digest d;

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        assert(w->key_made);
        if (hash_parts(HASH_SHA256, values, pcr_values_in_order(&w->pcrs, which, values), &d,
                            NULL) < 0)
                assert(false);
        pcr_selection_write(which, &body);
        sample_sized(digest_span(&d), &body);
        attest_to(w, 0x8018, buf_span(&body), nonce, attest, signature);
        return attest->failed < 0 ? attest->failed : signature->failed;
}

int world_audit_begin(Tpm *t, bool exclusive, Err *e) {
        World *w = world_of(t);
        int rc = world_begin(w, e);

        (void) exclusive; /* nobody else is there */
        w->auditing = rc >= 0;
        return rc > 0 ? world_lost(e) : rc;
}

int world_audit_end(Tpm *t, Span extra, Buf *attest, Buf *signature, Err *e) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(256);
        World *w = world_of(t);
        int rc = world_begin(w, e);

        assert(w->key_made && w->auditing);
        w->auditing = false;
        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        buf_byte(&body, 1); /* exclusive */
        sample_sized(SPAN_LITERAL(SAMPLE_DIGEST), &body);
        attest_to(w, 0x8016, buf_span(&body), extra, attest, signature);
        return attest->failed < 0 ? attest->failed : signature->failed;
}
