/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/quoter.h"

#include <assert.h>
#include <errno.h>

#include "port/crypto.h"
#include "support/attest.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"

#define quoter_of(t) ((Quoter *) (void *) (t))

static int step(Quoter *q, Err *e) {
        if (q->fail_after == 0)
                return err_set(e, -EIO, "a fault that the test asked for");
        if (q->fail_after > 0)
                q->fail_after--;
        return 0;
}

void quoter_extend(Quoter *q, unsigned pcr, uint8_t with) {
        for (size_t i = 0; i < q->pcrs.held.n_banks; i++) {
                Digest d = digest_zero((HashAlg) q->pcrs.held.banks[i].alg);

                d.bytes[0] = with;
                if (hash_extend(&q->pcrs.digests[i][pcr], &d, NULL) < 0)
                        assert(false);
        }
}

static int quoter_read(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        Quoter *q = quoter_of(t);
        PcrValues v = {};
        int rc = step(q, e);

        if (rc < 0)
                return rc;
        q->reads++;
        q->auditing = false; /* a session that was given up */
        for (size_t i = 0; i < which->n_banks; i++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        if (!pcr_selected(which, which->banks[i].alg, pcr))
                                continue;
                        if (q->lie == LIE_VALUE && pcr == 8)
                                continue;
                        if (!pcr_set(&v, pcr, pcr_value(&q->pcrs, which->banks[i].alg, pcr)))
                                assert(false);
                }
        *ret = v;
        return 0;
}

static int quoter_key(Tpm *t, TpmAkType type, Buf *public, Err *e) {
        static const uint8_t number[256] = { 0x80 };
        Quoter *q = quoter_of(t);
        int rc = step(q, e);

        if (rc < 0)
                return rc;
        q->keys++;
        if (q->lie == LIE_KEY)
                return public->failed;
        buf_be(public, type == TPM_AK_RSA ? 0x0001 : 0x0023, 2);
        buf_bytes(public, SPAN_LITERAL("\x00\x0b\x00\x05\x04\x72\x00\x00\x00\x10"));
        if (type == TPM_AK_RSA) {
                buf_bytes(public, SPAN_LITERAL("\x00\x14\x00\x0b\x08\x00\x00\x00\x00\x00"));
                sample_sized((Span){ number, 256 }, public);
        } else {
                buf_bytes(public, SPAN_LITERAL("\x00\x18\x00\x0b\x00\x03\x00\x10"));
                sample_sized((Span){ number, 32 }, public);
                sample_sized((Span){ number, 32 }, public);
        }
        return public->failed;
}

static void put_body(const Quoter *q, const PcrSelection *which, Buf *to) {
        Span values[PCR_VALUES_MAX];
        PcrSelection s = *which;
        Digest d;

        if (q->lie == LIE_SELECTION)
                s.banks[0].mask ^= 1;
        if (hash_parts(HASH_SHA256, values, pcr_values_in_order(&q->pcrs, &s, values), &d, NULL) <
                        0)
                assert(false);
        pcr_selection_write(&s, to);
        sample_sized(digest_span(&d), to);
}

/* Somebody else has a command done during the session. */
static int heed_session(Quoter *q, Err *e) {
        if (!q->auditing || q->intrude == 0)
                return 0;
        q->intruded = true;
        if (!q->exclusive)
                return 0;
        q->intrude--;
        return err_set(e, -EAGAIN, "the session is not exclusive any more");
}

static void put_signature(const Quoter *q, Buf *signature) {
        static const uint8_t number[32] = { 0x01 };

        buf_be(signature, q->lie == LIE_SIGNATURE ? 0x0016 : 0x0018, 2);
        buf_be(signature, q->lie == LIE_HASH ? HASH_SHA384 : HASH_SHA256, 2);
        sample_sized((Span){ number, sizeof(number) }, signature);
        sample_sized((Span){ number, sizeof(number) }, signature);
}

static int quoter_quote(Tpm *t, const PcrSelection *which, Span nonce, Buf *attest, Buf *signature,
                Err *e) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(4096);
        Quoter *q = quoter_of(t);
        SampleAttest a;
        int rc = step(q, e);

        if (rc < 0)
                return rc;
        q->quotes++;
        rc = heed_session(q, e);
        if (rc < 0)
                return rc;
        if (q->meddle > 0) {
                q->meddle--;
                quoter_extend(q, 8, 0x99);
        }
        put_body(q, which, &body);
        a = sample_attest(q->lie == LIE_TYPE ? 0x8014 : 0x8018, buf_span(&body));
        a.extra = q->lie == LIE_NONCE ? SPAN_LITERAL("of another day..") : nonce;
        sample_attest_write(&a, attest);
        if (q->lie == LIE_STRAY)
                buf_byte(attest, 0);
        put_signature(q, signature);
        return attest->failed < 0 ? attest->failed : signature->failed;
}

static int put_nvpcr(const Quoter *q, uint32_t index, Buf *public) {
        NvPublic p = { .index = index,
                .name_alg = HASH_SHA256,
                .attributes = q->nvpcr_attributes,
                .size = q->nvpcr_size };

        if (q->nvpcr_attributes == 0)
                return 0;
        nv_public_write(&p, public);
        return public->failed < 0 ? public->failed : 1;
}

static int quoter_nv_public(Tpm *t, uint32_t index, Buf *public, Err *e) {
        Quoter *q = quoter_of(t);
        NvPublic p = nv_counter();
        int rc = step(q, e);

        if (rc < 0)
                return rc;
        q->publics++;
        assert(!q->auditing);
        if (index != NV_COUNTER_INDEX)
                return put_nvpcr(q, index, public);
        if (!q->counted)
                return 0;
        p.attributes |= q->lie == LIE_COUNTER ? NV_ORDERLY | NV_WRITTEN : NV_WRITTEN;
        nv_public_write(&p, public);
        return public->failed < 0 ? public->failed : 1;
}

static int quoter_nv_read(Tpm *t, uint32_t index, size_t size, Buf *ret, Err *e) {
        int rc = step(quoter_of(t), e);

        if (rc < 0)
                return rc;
        assert(index == NV_COUNTER_INDEX && size == 8 && !quoter_of(t)->auditing);
        buf_be(ret, 7, 8);
        return ret->failed;
}

static int quoter_nv_certify(Tpm *t, uint32_t index, size_t size, Span qualifying, Buf *attest,
                Buf *signature, Err *e) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(256);
        Quoter *q = quoter_of(t);
        SampleAttest a;
        int rc = step(q, e);

        if (rc == 0)
                rc = heed_session(q, e);
        if (rc < 0)
                return rc;
        q->certified++;
        assert(size == (index == NV_COUNTER_INDEX ? 8 : 32));
        sample_sized(SPAN_LITERAL(SAMPLE_NAME), &body);
        buf_be(&body, 0, 2);
        sample_sized(q->lie == LIE_CONTENTS ? SPAN_LITERAL("\0\0\0\7")
                        : index == NV_COUNTER_INDEX
                                        ? SPAN_LITERAL("\0\0\0\0\0\0\0\7")
                                        : SPAN_LITERAL("0123456789abcdef0123456789abcdef"),
                        &body);
        a = sample_attest(0x8014, buf_span(&body));
        a.extra = q->lie == LIE_CERTIFY ? SPAN_LITERAL("of another day..") : qualifying;
        sample_attest_write(&a, attest);
        put_signature(q, signature);
        return attest->failed < 0 ? attest->failed : signature->failed;
}

static int quoter_audit_begin(Tpm *t, bool exclusive, Err *e) {
        Quoter *q = quoter_of(t);
        int rc = step(q, e);

        if (rc < 0)
                return rc;
        q->audits++;
        q->auditing = true;
        q->exclusive = exclusive;
        q->intruded = false;
        return 0;
}

static int quoter_audit_end(Tpm *t, Span extra, Buf *attest, Buf *signature, Err *e) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(256);
        Quoter *q = quoter_of(t);
        SampleAttest a;
        int rc = step(q, e);

        if (rc < 0)
                return rc;
        assert(q->auditing);
        q->auditing = false;
        if (q->intrude_late > 0) {
                q->intrude_late--;
                q->intruded = true;
        }
        buf_byte(&body, !q->intruded);
        sample_sized(SPAN_LITERAL(SAMPLE_DIGEST), &body);
        a = sample_attest(0x8016, buf_span(&body));
        a.extra = q->lie == LIE_AUDIT ? SPAN_LITERAL("of another day..") : extra;
        sample_attest_write(&a, attest);
        put_signature(q, signature);
        return attest->failed < 0 ? attest->failed : signature->failed;
}

static const TpmOps quoter_ops = {
        .read = quoter_read,
        .key = quoter_key,
        .quote = quoter_quote,
        .nv_public = quoter_nv_public,
        .nv_read = quoter_nv_read,
        .nv_certify = quoter_nv_certify,
        .audit_begin = quoter_audit_begin,
        .audit_end = quoter_audit_end,
};

void quoter_new(Quoter *q) {
        static const HashAlg algs[] = { HASH_SHA256, HASH_SHA384 };

        *q = (Quoter){ .tpm.ops = &quoter_ops, .fail_after = -1 };
        for (size_t i = 0; i < ELEMENTS(algs); i++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        Digest d = digest_zero(algs[i]);

                        d.bytes[0] = (uint8_t) pcr;
                        if (!pcr_set(&q->pcrs, pcr, &d))
                                assert(false);
                }
}
