/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/take.h"

#include <errno.h>
#include <time.h>

#include "base/cursor.h"
#include "log/ak.h"
#include "port/crypto.h"
#include "wire/attest.h"
#include "wire/nvpublic.h"
#include "wire/tpmkey.h"

/* What is made anew in each attempt. */
static void drop_attestations(Taken *t) {
        for (size_t i = 0; i < QUOTES_MAX; i++) {
                buf_done(&t->attests[i]);
                buf_done(&t->signatures[i]);
        }
        buf_done(&t->nv_attest);
        buf_done(&t->nv_signature);
        for (size_t i = 0; i < t->n_nvpcrs; i++) {
                buf_done(&t->nvpcrs[i].attest);
                buf_done(&t->nvpcrs[i].signature);
        }
        buf_done(&t->audit_attest);
        buf_done(&t->audit_signature);
}

void taken_leave_counter(Taken *t) {
        buf_done(&t->nv_public);
        t->has_counter = false;
}

void taken_done(Taken *t) {
        drop_attestations(t);
        taken_leave_counter(t);
        for (size_t i = 0; i < t->n_nvpcrs; i++)
                buf_done(&t->nvpcrs[i].public);
        buf_done(&t->ak);
}

static Taken taken_new(const PcrSelection *which) {
        Taken t = { .ak = BUF_UP_TO(TPM_PUBLIC_MAX),
                .n_quotes = which->n_banks,
                .pcrs_wanted = *which,
                .nv_public = BUF_UP_TO(NV_PUBLIC_MAX),
                .nv_attest = BUF_UP_TO(ATTEST_MAX),
                .nv_signature = BUF_UP_TO(TPM_SIGNATURE_MAX),
                .audit_attest = BUF_UP_TO(ATTEST_MAX),
                .audit_signature = BUF_UP_TO(TPM_SIGNATURE_MAX) };

        for (size_t i = 0; i < QUOTES_MAX; i++) {
                t.attests[i] = BUF_UP_TO(ATTEST_MAX);
                t.signatures[i] = BUF_UP_TO(TPM_SIGNATURE_MAX);
        }
        for (size_t i = 0; i < which->n_banks; i++)
                t.selections[i] = (PcrSelection){ .banks = { which->banks[i] }, .n_banks = 1 };
        return t;
}

static int check_wish(const PcrSelection *which, Err *e) {
        for (size_t i = 0; i < which->n_banks; i++)
                if (which->banks[i].mask == 0)
                        return err_set(e, -EINVAL, "a PCR bank is chosen, but no PCR of it");
        if (which->n_banks == 0)
                return err_set(e, -EINVAL, "no PCR is chosen");
        return 0;
}

/* The hash that the key signs with. */
static int hash_of_key(const Taken *t, HashAlg *ret, Err *e) {
        TpmPublic p;
        int rc;

        rc = tpm_public_parse(buf_span(&t->ak), &p, e);
        if (rc < 0)
                return rc;
        *ret = p.hash;
        return 0;
}

int taken_begin(Tpm *tpm, TpmAkType type, const PcrSelection *which, Taken *ret, Err *e) {
        _cleanup_(taken_done) Taken t = {};
        HashAlg unused;
        int rc;

        rc = check_wish(which, e);
        if (rc < 0)
                return rc;
        t = taken_new(which);
        rc = ak_begin(tpm, type, &t.ak, e);
        if (rc < 0)
                return err_set(e, rc, "the TPM's key does not fit");
        rc = hash_of_key(&t, &unused, e);
        if (rc < 0)
                return rc;
        *ret = t;
        t = (Taken){};
        return 0;
}

int taken_count(Tpm *tpm, Taken *t, uint64_t *ret_value, Err *e) {
        _cleanup_(buf_done) Buf value = BUF_UP_TO(NV_COUNTER_SIZE);
        NvPublic p;
        Cursor c;
        int rc;

        taken_leave_counter(t);
        rc = tpm_nv_public(tpm, NV_COUNTER_INDEX, &t->nv_public, e);
        if (rc <= 0)
                return rc < 0 ? err_set(e, rc, "the counter's public area does not fit") : 0;
        rc = nv_public_parse(buf_span(&t->nv_public), &p, e);
        if (rc < 0)
                return rc;
        /* something else in its place, or a counter that never counted, attests nothing of use */
        if (nv_check_counter(&p, NULL) < 0 || !(p.attributes & NV_WRITTEN))
                return 0;
        rc = tpm_nv_read(tpm, NV_COUNTER_INDEX, NV_COUNTER_SIZE, &value, e);
        if (rc < 0)
                return err_set(e, rc, "no memory for the counter");
        c = cursor_over(buf_span(&value));
        *ret_value = cursor_u64be(&c);
        t->has_counter = true;
        return 1;
}

int taken_nvpcr(Tpm *tpm, uint32_t index, Taken *t, Err *e) {
        TakenNv nv = { .index = index,
                .public = BUF_UP_TO(NV_PUBLIC_MAX),
                .attest = BUF_UP_TO(ATTEST_MAX),
                .signature = BUF_UP_TO(TPM_SIGNATURE_MAX) };
        NvPublic p;
        int rc;

        for (size_t i = 0; i < t->n_nvpcrs; i++)
                if (t->nvpcrs[i].index == index)
                        return 1;
        rc = tpm_nv_public(tpm, index, &nv.public, e);
        if (rc <= 0)
                return rc < 0 ? err_set(e, rc, "an NvPCR's public area does not fit") : 0;
        rc = nv_public_parse(buf_span(&nv.public), &p, e);
        if (rc == 0 && t->n_nvpcrs == TAKEN_NVPCRS_MAX)
                rc = err_set(e, -E2BIG, "more than %d NvPCRs", TAKEN_NVPCRS_MAX);
        if (rc < 0 || (p.attributes & NV_TYPE) != NV_EXTEND || !(p.attributes & NV_WRITTEN) ||
                        p.size != TAKEN_NVPCR_SIZE || p.name_alg != HASH_SHA256) {
                buf_done(&nv.public);
                return rc;
        }
        t->nvpcrs[t->n_nvpcrs++] = nv;
        return 1;
}

/* 1 where the quote is over these values, 0 where it is over others: something was extended. */
static int check_quote(const Taken *t, size_t i, Span nonce, HashAlg hash, Err *e) {
        Span values[PCR_VALUES_MAX];
        TpmSignature s;
        size_t n;
        Digest d;
        Quoted q;
        int rc;

        rc = quoted_parse(buf_span(&t->attests[i]), &q, e);
        if (rc < 0)
                return rc;
        rc = tpm_signature_parse(buf_span(&t->signatures[i]), &s, e);
        if (rc < 0)
                return rc;
        if (!span_equal(q.head.extra, nonce))
                return err_set(e, -EBADMSG, "the TPM's quote answers another nonce");
        if (!pcr_selection_equal(&q.selection, &t->selections[i]))
                return err_set(e, -EBADMSG, "the TPM's quote is over other PCRs than asked for");
        n = pcr_values_in_order(&t->pcrs, &q.selection, values);
        if (n == 0 || s.hash != hash)
                return err_set(e, -EBADMSG, "the TPM left out a PCR, or signs with another hash");
        rc = hash_parts(hash, values, n, &d, e);
        if (rc < 0)
                return rc;
        return span_equal(digest_span(&d), q.digest);
}

/* As above, of all quotes. */
static int take_quotes(Tpm *tpm, Span nonce, HashAlg hash, Taken *t, Err *e) {
        for (size_t i = 0; i < t->n_quotes; i++) {
                int rc = tpm_quote(tpm, &t->selections[i], nonce, &t->attests[i], &t->signatures[i],
                                e);

                if (rc < 0)
                        return err_set(e, rc, "the TPM's quote does not fit");
                rc = check_quote(t, i, nonce, hash, e);
                if (rc <= 0)
                        return rc;
        }
        return 1;
}

static int take_counter(Tpm *tpm, Span nonce, Taken *t, Err *e) {
        NvCertified c;
        int rc;

        if (!t->has_counter)
                return 0;
        rc = tpm_nv_certify(tpm, NV_COUNTER_INDEX, NV_COUNTER_SIZE, nonce, &t->nv_attest,
                        &t->nv_signature, e);
        if (rc < 0)
                return err_set(e, rc, "the TPM's attestation of the counter does not fit");
        rc = nv_certified_parse(buf_span(&t->nv_attest), &c, e);
        if (rc < 0)
                return rc;
        if (!span_equal(c.head.extra, nonce) || c.contents.size != NV_COUNTER_SIZE)
                return err_set(e, -EBADMSG,
                                "the TPM certifies something else than the counter for this nonce");
        return 0;
}

static int take_nvpcrs(Tpm *tpm, Span nonce, Taken *t, Err *e) {
        for (size_t i = 0; i < t->n_nvpcrs; i++) {
                TakenNv *nv = &t->nvpcrs[i];
                NvCertified c;
                int rc;

                rc = tpm_nv_certify(tpm, nv->index, TAKEN_NVPCR_SIZE, nonce, &nv->attest,
                                &nv->signature, e);
                if (rc < 0)
                        return err_set(e, rc, "the TPM's attestation of an NvPCR does not fit");
                rc = nv_certified_parse(buf_span(&nv->attest), &c, e);
                if (rc < 0)
                        return rc;
                if (!span_equal(c.head.extra, nonce) || c.contents.size != TAKEN_NVPCR_SIZE)
                        return err_set(e, -EBADMSG,
                                        "the TPM certifies something else than the NvPCR 0x%08x for this nonce",
                                        nv->index);
        }
        return 0;
}

/* 1, or 0 where it was to be exclusive and was not to the end: only a command in the session is
 * refused for that, and this one is about it. */
static int end_session(Tpm *tpm, const TakenEnd *end, bool exclusive, Taken *t, Err *e) {
        SessionAudited s;
        Span extra = {};
        int rc;

        rc = end->extra(end->with, &extra, e);
        if (rc < 0)
                return rc;
        rc = tpm_audit_end(tpm, extra, &t->audit_attest, &t->audit_signature, e);
        if (rc < 0)
                return err_set(e, rc, "the TPM's audit does not fit");
        rc = session_audited_parse(buf_span(&t->audit_attest), &s, e);
        if (rc < 0)
                return rc;
        if (!span_equal(s.head.extra, extra))
                return err_set(e, -EBADMSG, "the TPM's audit is about something else");
        return s.exclusive || !exclusive;
}

/* 1 where all was taken at one state of the registers, 0 where it has to be taken again. What can
 * be read beforehand is: each command in the session is one more that others may come between. */
static int take_once(Tpm *tpm, Span nonce, const TakenEnd *end, bool exclusive, HashAlg hash,
                Taken *t, Err *e) {
        int rc;

        drop_attestations(t);
        t->has_audit = false;
        rc = tpm_read(tpm, &t->pcrs_wanted, &t->pcrs, e);
        if (rc == 0 && end)
                rc = tpm_audit_begin(tpm, exclusive, e);
        if (rc < 0)
                return rc;
        rc = take_quotes(tpm, nonce, hash, t, e);
        if (rc <= 0)
                return rc;
        rc = take_counter(tpm, nonce, t, e);
        if (rc == 0)
                rc = take_nvpcrs(tpm, nonce, t, e);
        if (rc < 0)
                return rc;
        t->has_audit = end;
        return end ? end_session(tpm, end, exclusive, t, e) : 1;
}

static int64_t now_seconds(void) {
        struct timespec now = {};

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec;
}

/* 1 where all was taken within so many attempts, 0 where somebody came in between each time. */
static int take_within(Tpm *tpm, Span nonce, const TakenEnd *end, bool exclusive, HashAlg hash,
                Taken *t, Err *e) {
        int64_t until = now_seconds() + TAKE_SECONDS;

        for (unsigned n = 0; n < TAKE_ATTEMPTS; n++) {
                Err why = {};
                int rc = take_once(tpm, nonce, end, exclusive, hash, t, &why);

                if (rc < 0 && rc != -EAGAIN)
                        return err_set(e, rc, "%s", why.text);
                if (rc > 0)
                        return 1;
                if (exclusive && now_seconds() >= until)
                        return 0;
        }
        return 0;
}

int quote_take_with(Tpm *tpm, Span nonce, const TakenEnd *end, Taken *t, Err *e) {
        HashAlg hash = HASH_NONE;
        int rc;

        if (nonce.size < NONCE_MIN || nonce.size > NONCE_MAX)
                return err_set(e, -EINVAL, "a nonce of %zu bytes, where %d to %d are taken",
                                nonce.size, NONCE_MIN, NONCE_MAX);
        rc = hash_of_key(t, &hash, e);
        if (rc == 0 && end)
                rc = take_within(tpm, nonce, end, true, hash, t, e);
        if (rc == 0)
                rc = take_within(tpm, nonce, end, false, hash, t, e);
        if (rc < 0)
                return rc;
        if (rc == 0)
                return err_set(e, -EAGAIN,
                                "PCRs were extended in between, each of %d times: try again when less is measured",
                                TAKE_ATTEMPTS);
        return 0;
}

static int known_extra(void *with, Span *ret, Err *e) {
        (void) e;
        *ret = *(const Span *) with;
        return 0;
}

int quote_take(Tpm *tpm, Span nonce, Span extra, Taken *t, Err *e) {
        const TakenEnd end = { known_extra, &extra };

        return quote_take_with(tpm, nonce, extra.size > 0 ? &end : NULL, t, e);
}
