/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quote/take.h"

#include <errno.h>

#include "port/crypto.h"
#include "wire/attest.h"
#include "wire/tpmkey.h"

enum { ATTEMPTS = 10 };

void taken_done(Taken *t) {
        buf_done(&t->ak);
        for (size_t i = 0; i < QUOTES_MAX; i++) {
                buf_done(&t->attests[i]);
                buf_done(&t->signatures[i]);
        }
}

static Taken taken_new(const PcrSelection *which) {
        Taken t = { .ak = BUF_UP_TO(TPM_PUBLIC_MAX), .n_quotes = which->n_banks };

        for (size_t i = 0; i < QUOTES_MAX; i++) {
                t.attests[i] = BUF_UP_TO(ATTEST_MAX);
                t.signatures[i] = BUF_UP_TO(TPM_SIGNATURE_MAX);
        }
        for (size_t i = 0; i < which->n_banks; i++)
                t.selections[i] = (PcrSelection){ .banks = { which->banks[i] }, .n_banks = 1 };
        return t;
}

static int check_wish(const PcrSelection *which, Span nonce, Err *e) {
        if (nonce.size < NONCE_MIN || nonce.size > NONCE_MAX)
                return err_set(e, -EINVAL, "a nonce of %zu bytes, where %d to %d are taken",
                                nonce.size, NONCE_MIN, NONCE_MAX);
        for (size_t i = 0; i < which->n_banks; i++)
                if (which->banks[i].mask == 0)
                        return err_set(e, -EINVAL, "a PCR bank is chosen, but no PCR of it");
        if (which->n_banks == 0)
                return err_set(e, -EINVAL, "no PCR is chosen");
        return 0;
}

static int make_key(Tpm *tpm, TpmAkType type, Taken *t, HashAlg *ret_hash, Err *e) {
        TpmPublic p;
        int rc;

        rc = tpm_key(tpm, type, &t->ak, e);
        if (rc < 0)
                return err_set(e, rc, "the TPM's key does not fit");
        rc = tpm_public_parse(buf_span(&t->ak), &p, e);
        if (rc < 0)
                return rc;
        *ret_hash = p.hash;
        return 0;
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

/* 1 where all was taken at one state of the registers, 0 where it has to be taken again. */
static int take_once(
                Tpm *tpm, const PcrSelection *which, Span nonce, HashAlg hash, Taken *t, Err *e) {
        int rc;

        rc = tpm_read(tpm, which, &t->pcrs, e);
        if (rc < 0)
                return rc;
        for (size_t i = 0; i < t->n_quotes; i++) {
                buf_done(&t->attests[i]);
                buf_done(&t->signatures[i]);
                rc = tpm_quote(tpm, &t->selections[i], nonce, &t->attests[i], &t->signatures[i], e);
                if (rc < 0)
                        return err_set(e, rc, "the TPM's quote does not fit");
                rc = check_quote(t, i, nonce, hash, e);
                if (rc <= 0)
                        return rc;
        }
        return 1;
}

int quote_take(Tpm *tpm, TpmAkType type, const PcrSelection *which, Span nonce, Taken *ret,
                Err *e) {
        _cleanup_(taken_done) Taken t = taken_new(which);
        HashAlg hash = HASH_NONE;
        int rc;

        rc = check_wish(which, nonce, e);
        if (rc < 0)
                return rc;
        rc = make_key(tpm, type, &t, &hash, e);
        if (rc < 0)
                return rc;
        for (unsigned n = 0; n < ATTEMPTS; n++) {
                rc = take_once(tpm, which, nonce, hash, &t, e);
                if (rc < 0)
                        return rc;
                if (rc > 0) {
                        *ret = t;
                        t = (Taken){};
                        return 0;
                }
        }
        return err_set(e, -EAGAIN,
                        "PCRs were extended in between, each of %d times: try again when less is measured",
                        ATTEMPTS);
}
