/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port/tpm.h"
#include "wire/limits.h"

/* A quote with its registers: what the TPM signs, and values that are exactly those which it
 * signed; the counter of openings beside it; and all of that in one audit session.
 *
 * Reading and quoting are commands of their own, and between two of them anybody may extend a PCR.
 * So the values are read first, then quoted, and the digest in each quote is computed again from
 * the values; where it differs, all is taken again. (Quoting first and reading then, as tpm2_quote
 * does, leaves a quote that nobody can check.)
 *
 * What is signed about the other parts of the evidence has to be known before the session ends, and
 * names the key. So the steps are: taken_begin(), perhaps taken_count(), and quote_take(), or
 * quote_take_with() where a part is read last of all. */

/* An NV index of type EXTEND, as the TPM certifies it: an NvPCR of systemd, or a register of the
 * log. */
typedef struct TakenNv {
        uint32_t index;
        Buf public; /* TPMS_NV_PUBLIC */
        Buf attest, signature;
} TakenNv;

enum {
        TAKEN_NVPCRS_MAX = NV_CERTIFIED_MAX - 1, /* the counter is certified, too */
        TAKEN_NVPCR_SIZE = 32
};

/* Owner: taken_done(). One quote a bank: a quote over two banks is beyond some verifiers. */
typedef struct Taken {
        Buf ak; /* TPMT_PUBLIC */
        Buf attests[QUOTES_MAX], signatures[QUOTES_MAX];
        PcrSelection selections[QUOTES_MAX]; /* of each quote: one bank */
        size_t n_quotes;
        PcrSelection pcrs_wanted;
        PcrValues pcrs;

        bool has_counter;
        Buf nv_public, nv_attest, nv_signature; /* TPMS_NV_PUBLIC, and its certification */

        TakenNv nvpcrs[TAKEN_NVPCRS_MAX];
        size_t n_nvpcrs;

        bool has_audit;
        Buf audit_attest, audit_signature;
} Taken;

void taken_done(Taken *t);

/* Makes the key, or takes it up again (log/ak). -EINVAL where no PCR is chosen. */
int taken_begin(Tpm *tpm, TpmAkType type, const PcrSelection *which, Taken *ret,
                Err *e) _must_check_;

/* Looks for the counter of openings, which quote_take() then certifies; 1 and its value, 0 where
 * the TPM has none. */
int taken_count(Tpm *tpm, Taken *t, uint64_t *ret_value, Err *e) _must_check_;

/* Looks for such an index, which quote_take() then certifies, once; 1, or 0 where there is no such
 * index, or none that anybody wrote into, of type EXTEND and 32 bytes. -E2BIG for more than are
 * taken. */
int taken_nvpcr(Tpm *tpm, uint32_t index, Taken *t, Err *e) _must_check_;

/* What was looked for is not to be certified after all. */
void taken_leave_counter(Taken *t);

/* The nonce is NONCE_MIN to NONCE_MAX bytes. extra: what the end of the audit session is to sign;
 * empty: there is none. A session in which nobody else uses the TPM is tried for as long as
 * TAKE_SECONDS and TAKE_ATTEMPTS allow, and then one in which others may.
 *
 * -EAGAIN where PCRs are extended faster than they can be taken; -EBADMSG where the TPM answers
 * something else than it was asked. What was taken is in t where this returns 0 alone. */
enum { TAKE_ATTEMPTS = 10, TAKE_SECONDS = 5 };
int quote_take(Tpm *tpm, Span nonce, Span extra, Taken *t, Err *e) _must_check_;

/* What the end of the session is to sign, found out when everything else was taken, in each attempt
 * anew: so it can be about what must not be older than the quote. *ret borrows from with. */
typedef struct TakenEnd {
        int (*extra)(void *with, Span *ret, Err *e);
        void *with;
} TakenEnd;

/* As quote_take(), in a session. */
int quote_take_with(Tpm *tpm, Span nonce, const TakenEnd *end, Taken *t, Err *e) _must_check_;
