/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/session.h"

#include "port/crypto.h"

/* Command codes (TPM 2.0 Library, Part 2, section 6.5.2), big-endian as they are hashed. */
static const uint8_t code_of_quote[] = { 0x00, 0x00, 0x01, 0x58 };
static const uint8_t code_of_nv_certify[] = { 0x00, 0x00, 0x01, 0x84 };

#define BYTES_OF(array) ((Span){ (array), sizeof(array) })

/* A number as the TPM writes it. */
typedef struct Be16 {
        uint8_t bytes[2];
} Be16;

static Be16 be16(size_t n) {
        return (Be16){ { (uint8_t) (n >> 8), (uint8_t) n } };
}

/* What one command of the session was, and what it answered. */
typedef struct Audited {
        Span code;
        Span names[3]; /* of its handles, in their order; empty ones are none */
        Span nonce, parameters, attest, signature;
} Audited;

/* D' = SHA-256(D || cpHash || rpHash) (Part 1, "Audit Session Digest"), where
 *     cpHash = SHA-256(code || Names || parameters), and
 *     rpHash = SHA-256(responseCode 0 || code || response parameters).
 * The parameters of both commands begin with qualifyingData and inScheme, which is TPM_ALG_NULL;
 * both answer with a TPM2B_ATTEST and a TPMT_SIGNATURE. */
static int audit_one(const Audited *a, Digest *session, Err *e) {
        static const uint8_t scheme_of_the_key[] = { 0x00, 0x10 }, success[4];
        Be16 nonce_size = be16(a->nonce.size), attest_size = be16(a->attest.size);
        Digest cp, rp;
        int rc;

        rc = hash_parts(HASH_SHA256,
                        (Span[]){ a->code, a->names[0], a->names[1], a->names[2],
                                        BYTES_OF(nonce_size.bytes), a->nonce,
                                        BYTES_OF(scheme_of_the_key), a->parameters },
                        8, &cp, e);
        if (rc < 0)
                return rc;
        rc = hash_parts(HASH_SHA256,
                        (Span[]){ BYTES_OF(success), a->code, BYTES_OF(attest_size.bytes),
                                        a->attest, a->signature },
                        5, &rp, e);
        if (rc < 0)
                return rc;
        return hash_parts(HASH_SHA256,
                        (Span[]){ digest_span(session), digest_span(&cp), digest_span(&rp) }, 3,
                        session, e);
}

int session_add_quote(Digest *session, const SessionCommand *c, Span selection, Err *e) {
        return audit_one(&(Audited){ .code = BYTES_OF(code_of_quote),
                                         .names = { c->key },
                                         .nonce = c->nonce,
                                         .parameters = selection,
                                         .attest = c->attest,
                                         .signature = c->signature },
                        session, e);
}

int session_add_nv(Digest *session, const SessionCommand *c, Span auth, Span index, uint16_t size,
                uint16_t offset, Err *e) {
        Be16 s = be16(size), o = be16(offset);
        const uint8_t where[] = { s.bytes[0], s.bytes[1], o.bytes[0], o.bytes[1] };

        return audit_one(&(Audited){ .code = BYTES_OF(code_of_nv_certify),
                                         .names = { c->key, auth, index },
                                         .nonce = c->nonce,
                                         .parameters = BYTES_OF(where),
                                         .attest = c->attest,
                                         .signature = c->signature },
                        session, e);
}

static int audit_quote(const Evidence *ev, size_t i, Digest *session, Err *e) {
        const TpmQuote *q = &ev->tpm.quotes[i];

        return session_add_quote(session,
                        &(SessionCommand){ BYTES_OF(ev->ak_name), ev->quotes[i].head.extra,
                                        q->attest, q->signature },
                        q->selection, e);
}

static int audit_nv(const Evidence *ev, size_t i, Digest *session, Err *e) {
        const TpmNv *n = &ev->tpm.nv[i];
        const NvCertified *c = &ev->nv[i].certified;

        return session_add_nv(session,
                        &(SessionCommand){ BYTES_OF(ev->ak_name), c->head.extra, n->attest,
                                        n->signature },
                        n->auth, c->index_name, n->size, n->offset, e);
}

int session_digest(const Evidence *ev, Digest *ret, Err *e) {
        size_t done[] = { [TPM_COMMAND_QUOTE] = 0, [TPM_COMMAND_NV] = 0 };
        Digest session = digest_zero(HASH_SHA256);

        for (size_t i = 0; i < ev->tpm.n_quotes + ev->tpm.n_nv; i++) {
                TpmCommand command = ev->tpm.commands[i];
                size_t n = done[command]++;
                int rc = command == TPM_COMMAND_NV ? audit_nv(ev, n, &session, e)
                                                   : audit_quote(ev, n, &session, e);

                if (rc < 0)
                        return rc;
        }
        *ret = session;
        return 0;
}

int session_extra(const Evidence *ev, Digest *ret, Err *e) {
        static const uint8_t label[] = "avouch-evidence/v1"; /* with its NUL */
        Be16 nonce_size = be16(ev->manifest.nonce_size);
        Digest manifest;
        int rc;

        rc = hash_bytes(HASH_SHA256, ev->bundle.parts[PART_MANIFEST], &manifest, e);
        if (rc < 0)
                return rc;
        return hash_parts(HASH_SHA256,
                        (Span[]){ BYTES_OF(label), BYTES_OF(nonce_size.bytes),
                                        { ev->manifest.nonce, ev->manifest.nonce_size },
                                        digest_span(&manifest) },
                        4, ret, e);
}

/* The first reason why the session is not that of this evidence; NULL where it is. */
static int contradiction(const Evidence *ev, const char **ret, Err *e) {
        Digest extra, digest;
        int rc;

        *ret = NULL;
        rc = session_extra(ev, &extra, e);
        if (rc < 0)
                return rc;
        rc = session_digest(ev, &digest, e);
        if (rc < 0)
                return rc;
        if (!span_equal(ev->audit.head.extra, digest_span(&extra)))
                *ret = "the audit is about another manifest or another nonce: a part of the evidence was replaced";
        else if (!span_equal(ev->audit.digest, digest_span(&digest)))
                *ret = "the attestations are not those of the audit session: one was replaced, changed, moved, added or left out";
        return 0;
}

int judge_session(const Evidence *ev, Verdict *v, Err *e) {
        const char *why;
        int rc;

        if (!ev->tpm.has_audit) {
                verdict_leave(v, CLAIM_BOUND,
                                "the evidence carries no audit: nothing but the nonce holds its parts together");
                verdict_leave(v, CLAIM_ATOMIC, "the evidence carries no audit");
                return 0;
        }
        if (!verdict_proven(v, CLAIM_SIGNATURE))
                verdict_refute(v, CLAIM_BOUND, "the audit is not signed (signature)");
        rc = contradiction(ev, &why, e);
        if (rc < 0)
                return rc;
        if (why)
                verdict_refute(v, CLAIM_BOUND, "%s", why);
        verdict_prove(v, CLAIM_BOUND,
                        "%zu attestation%s and the manifest of all other parts are of one audit session",
                        ev->tpm.n_quotes + ev->tpm.n_nv,
                        ev->tpm.n_quotes + ev->tpm.n_nv == 1 ? "" : "s");

        if (!verdict_proven(v, CLAIM_BOUND))
                verdict_refute(v, CLAIM_ATOMIC, "it is not of one session (bound)");
        if (!ev->audit.exclusive)
                verdict_refute(v, CLAIM_ATOMIC,
                                "somebody else used the TPM while the evidence was made (the session was not exclusive)");
        verdict_prove(v, CLAIM_ATOMIC, "nobody else used the TPM while the evidence was made");
        return 0;
}
