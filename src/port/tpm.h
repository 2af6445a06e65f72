/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/pcr.h"
#include "base/secret.h"

/* What we ask of a TPM, in our own types: bytes in, bytes out. Behind it stands tpm-tss2.c (a chip,
 * a vTPM, swtpm), and in tests a TPM that lives in memory. No tss2 type passes this line, so
 * nothing above it needs a TPM, root or even libtss2 to be tested. What comes out of a TPM is as
 * foreign as what comes out of a file: it goes through wire/ before it is believed. */

typedef struct Tpm Tpm;

typedef struct TpmClock {
        uint64_t clock;                      /* milliseconds */
        uint32_t reset_count, restart_count; /* TPM Resets; TPM Restarts and Resumes since */
        bool safe;
} TpmClock;

typedef enum TpmAkType { TPM_AK_ECC, TPM_AK_RSA } TpmAkType;

/* What has to hold for a sealed secret (Part 3, sections 23.7, 23.9 and 23.16): the PCRs have these
 * values, the counter is at most at this count, and the key says that this is enough for what ref
 * names. */
typedef struct TpmPolicy {
        PcrSelection pcrs;
        Digest pcr_digest; /* SHA-256 of their values */
        uint32_t counter;  /* NV index, of 8 bytes */
        uint64_t count;
        Digest approved; /* the policy that this comes to, which r and s are about */
        Span ref;
        Span key; /* TPMT_PUBLIC of a P-256 key */
        Span r, s;
} TpmPolicy;

typedef struct TpmOps {
        int (*banks)(Tpm *t, PcrSelection *ret, Err *e);
        int (*read)(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e);
        int (*extend)(Tpm *t, unsigned pcr, const Digest *digests, size_t n, Err *e);
        int (*clock)(Tpm *t, TpmClock *ret, Err *e);
        int (*key)(Tpm *t, TpmAkType type, Buf *public, Err *e);
        int (*key_save)(Tpm *t, Buf *context, Err *e);
        int (*key_load)(Tpm *t, TpmAkType type, uint64_t sequence, Span blob, Buf *public, Err *e);
        int (*quote)(Tpm *t, const PcrSelection *which, Span nonce, Buf *attest, Buf *signature,
                        Err *e);
        int (*audit_begin)(Tpm *t, bool exclusive, Err *e);
        int (*audit_end)(Tpm *t, Span extra, Buf *attest, Buf *signature, Err *e);
        int (*nv_public)(Tpm *t, uint32_t index, Buf *public, Err *e);
        int (*nv_define)(Tpm *t, Span public, Err *e);
        int (*nv_undefine)(Tpm *t, uint32_t index, Err *e);
        int (*nv_increment)(Tpm *t, uint32_t index, Err *e);
        int (*nv_extend)(Tpm *t, uint32_t index, Span data, Err *e);
        int (*nv_read)(Tpm *t, uint32_t index, size_t size, Buf *ret, Err *e);
        int (*nv_certify)(Tpm *t, uint32_t index, size_t size, Span qualifying, Buf *attest,
                        Buf *signature, Err *e);
        int (*seal)(Tpm *t, const Digest *policy, Span secret, Buf *public, Buf *private, Err *e);
        int (*policy)(Tpm *t, const TpmPolicy *p, Digest *ret, Err *e);
        int (*unseal)(Tpm *t, Span public, Span private, Secret *ret, Err *e);
        void (*close)(Tpm *t);
} TpmOps;

struct Tpm {
        const TpmOps *ops;
        bool is_program;  /* of somebody's, as far as who opened it could tell: a genesis says so */
        const char *keep; /* folder where log/ak keeps the key's context; borrowed, NULL for none */
};

/* The active banks: algorithms and which PCRs each has (TPM2_GetCapability, TPM_CAP_PCRS). Banks
 * whose hash we do not know are in it, by their number; more than PCR_BANKS_MAX is refused. */
static inline int tpm_banks(Tpm *t, PcrSelection *ret, Err *e) {
        return t->ops->banks(t, ret, e);
}

/* PCR values, all those asked for or an error (TPM2_PCR_Read, repeated where 8 a command do not
 * suffice). Every bank asked for must be of a hash we know. */
static inline int tpm_read(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        return t->ops->read(t, which, ret, e);
}

/* Extends one PCR in n banks with one command (TPM2_PCR_Extend); each bank once (asserted). An
 * error may mean that the TPM did it and the answer was lost: read before trying again. */
static inline int tpm_extend(Tpm *t, unsigned pcr, const Digest *digests, size_t n, Err *e) {
        return t->ops->extend(t, pcr, digests, n, e);
}

/* TPM2_ReadClock. */
static inline int tpm_clock(Tpm *t, TpmClock *ret, Err *e) {
        return t->ops->clock(t, ret, e);
}

/* Makes the attestation key of avouch-evidence(5) (a primary of the endorsement hierarchy, from
 * its template), keeps it for tpm_quote(), and writes its TPMT_PUBLIC to public. */
static inline int tpm_key(Tpm *t, TpmAkType type, Buf *public, Err *e) {
        return t->ops->key(t, type, public, e);
}

/* Hands that key out, to be taken back in another connection of this boot (TPM2_ContextSave): its
 * TPMS_CONTEXT. The key stays. */
static inline int tpm_key_save(Tpm *t, Buf *context, Err *e) {
        return t->ops->key_save(t, context, e);
}

/* The other way round, in place of tpm_key() (TPM2_ContextLoad): 0, and the key is there as if it
 * had been made. -EBADMSG where what came back is no primary of the endorsement hierarchy that has
 * the template's attributes and algorithms; then, and with any other error, there is no key. What
 * nobody can tell is whether it was made with the template's "unique". */
static inline int tpm_key_load(
                Tpm *t, TpmAkType type, uint64_t sequence, Span blob, Buf *public, Err *e) {
        return t->ops->key_load(t, type, sequence, blob, public, e);
}

/* TPM2_Quote with the key that tpm_key() made: TPMS_ATTEST and TPMT_SIGNATURE, raw, without sizes.
 * -EAGAIN where an exclusive audit session was lost. */
static inline int tpm_quote(Tpm *t, const PcrSelection *which, Span nonce, Buf *attest,
                Buf *signature, Err *e) {
        return t->ops->quote(t, which, nonce, attest, signature, e);
}

/* Begins an audit session: what the key attests from now on is audited in it, until
 * tpm_audit_end(). Where it is exclusive, the TPM refuses to go on once anybody else had a command
 * done in between: then an attestation, or the end, is -EAGAIN, and another session has to be
 * begun. A session that was begun before is dropped. */
static inline int tpm_audit_begin(Tpm *t, bool exclusive, Err *e) {
        return t->ops->audit_begin(t, exclusive, e);
}

/* TPM2_GetSessionAuditDigest with the key that tpm_key() made: what the session's commands and
 * answers come to, signed together with extra. The session is over, also where this fails. */
static inline int tpm_audit_end(Tpm *t, Span extra, Buf *attest, Buf *signature, Err *e) {
        return t->ops->audit_end(t, extra, attest, signature, e);
}

/* NV indices. Those that avouch uses have an empty password and are read and written by it, so that
 * neither a lockout nor the owner's password stops them. Each call is one command; but in an audit
 * session a real TPM is asked for the index's public area before it is certified, where
 * tpm_nv_public() was not called before.
 *
 * As with an extend, an error may mean that the TPM did it and the answer was lost. -ENOENT: there
 * is no such index. -EPERM: it has a password, or the owner has. */

/* The index's TPMS_NV_PUBLIC as it is now: 1, or 0 where there is no such index. */
static inline int tpm_nv_public(Tpm *t, uint32_t index, Buf *public, Err *e) {
        return t->ops->nv_public(t, index, public, e);
}

/* Defines an index by its TPMS_NV_PUBLIC in the owner's hierarchy, without passwords. -EEXIST where
 * it is there already, -ENOSPC where the TPM has no room. */
static inline int tpm_nv_define(Tpm *t, Span public, Err *e) {
        return t->ops->nv_define(t, public, e);
}

static inline int tpm_nv_undefine(Tpm *t, uint32_t index, Err *e) {
        return t->ops->nv_undefine(t, index, e);
}

/* Of a counter. The first increment sets it to a value above all that any counter of this TPM ever
 * had. */
static inline int tpm_nv_increment(Tpm *t, uint32_t index, Err *e) {
        return t->ops->nv_increment(t, index, e);
}

/* Of an index of type EXTEND: H(old || data). */
static inline int tpm_nv_extend(Tpm *t, uint32_t index, Span data, Err *e) {
        return t->ops->nv_extend(t, index, data, e);
}

/* The first size bytes of an index (at most NV_READ_MAX), exactly as many or an error: -ENODATA
 * where it was never written. */
enum { NV_READ_MAX = 512 };
static inline int tpm_nv_read(Tpm *t, uint32_t index, size_t size, Buf *ret, Err *e) {
        return t->ops->nv_read(t, index, size, ret, e);
}

/* TPM2_NV_Certify of the first size bytes with the key that tpm_key() made: TPMS_ATTEST and
 * TPMT_SIGNATURE, raw, without sizes. */
static inline int tpm_nv_certify(Tpm *t, uint32_t index, size_t size, Span qualifying, Buf *attest,
                Buf *signature, Err *e) {
        return t->ops->nv_certify(t, index, size, qualifying, attest, signature, e);
}

/* Seals at most 128 bytes under the owner's storage key (a primary from the usual template: nothing
 * to store, the same after every reboot, another after TPM2_Clear), so that they are handed out
 * under this policy and in no other way: TPMT_PUBLIC, and the contents of a TPM2B_PRIVATE. On its
 * way to the TPM the secret is encrypted. */
static inline int tpm_seal(
                Tpm *t, const Digest *policy, Span secret, Buf *public, Buf *private, Err *e) {
        return t->ops->seal(t, policy, secret, public, private, e);
}

/* Begins a policy session and asserts all of it, in this order: PCRs, counter, key. -EACCES where
 * the TPM finds that something of it does not hold. ret: what the session came to. It is kept for
 * tpm_unseal(); one that was begun before is dropped.
 *
 * The counter is looked at here and not again. The PCRs come first because the TPM remembers how
 * often any of them had been extended by then: tpm_unseal() fails once one was, so that nobody can
 * keep a session from before an opening, which extends a PCR. */
static inline int tpm_policy(Tpm *t, const TpmPolicy *p, Digest *ret, Err *e) {
        return t->ops->policy(t, p, ret, e);
}

/* Opens what tpm_seal() made, in the session that tpm_policy() began, which is over then. -EAGAIN
 * where a PCR was extended since, -EACCES where the session is not of the object's policy, -EBADMSG
 * where the object is not one that this TPM sealed. On its way from the TPM the secret is
 * encrypted. */
static inline int tpm_unseal(Tpm *t, Span public, Span private, Secret *ret, Err *e) {
        return t->ops->unseal(t, public, private, ret, e);
}

static inline void tpm_close(Tpm **t) {
        if (*t)
                (*t)->ops->close(*t);
        *t = NULL;
}
