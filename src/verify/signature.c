/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify/signature.h"

#include <inttypes.h>

#include <errno.h>

#include "log/signed.h"

/* TPM2_Quote: the digest is over the values in the order of the selection, by the signature's hash
 * (TPM 2.0 Library, Part 3, TPM2_Quote). */
static int values_are_signed(const Evidence *ev, size_t i, bool *ret_equal, Err *e) {
        const Quoted *q = &ev->quotes[i];
        Span values[PCR_VALUES_MAX];
        size_t n = pcr_values_in_order(&ev->tpm.pcrs, &q->selection, values);
        Digest d;
        int rc;

        rc = hash_parts(ev->signatures[i].hash, values, n, &d, e);
        if (rc < 0)
                return rc;
        *ret_equal = n > 0 && span_equal(digest_span(&d), q->digest);
        return 0;
}

const char *signature_key_text(const TpmPublic *ak) {
        if (ak->type == TPM_KEY_ECC)
                return ak->curve == TPM_CURVE_P384 ? "ECDSA P-384" : "ECDSA P-256";
        return ak->bits == 2048 ? "RSA-2048" : ak->bits == 3072 ? "RSA-3072" : "RSA-4096";
}

static int judge_quotes(const Evidence *ev, Verdict *v, Err *e) {
        for (size_t i = 0; i < ev->tpm.n_quotes; i++) {
                bool holds, equal;
                int rc;

                rc = signed_by(&ev->ak, ev->tpm.quotes[i].attest, &ev->signatures[i], &holds, e);
                if (rc < 0)
                        return rc;
                if (!holds) {
                        verdict_refute(v, CLAIM_SIGNATURE,
                                        "quote %zu is not signed by the key in the evidence", i);
                        return 0;
                }
                rc = values_are_signed(ev, i, &equal, e);
                if (rc < 0)
                        return rc;
                if (!equal) {
                        verdict_refute(v, CLAIM_SIGNATURE,
                                        "the register values are not those that quote %zu signs",
                                        i);
                        return 0;
                }
        }
        return 0;
}

/* What else the TPM signed: NV indices, and the audit of the session. */
static int judge_others(const Evidence *ev, Verdict *v, Err *e) {
        bool holds = true;
        int rc;

        for (size_t i = 0; i < ev->tpm.n_nv; i++) {
                rc = signed_by(&ev->ak, ev->tpm.nv[i].attest, &ev->nv[i].signature, &holds, e);
                if (rc < 0)
                        return rc;
                if (!holds)
                        verdict_refute(v, CLAIM_SIGNATURE,
                                        "NV attestation %zu is not signed by the key in the evidence",
                                        i);
        }
        if (!ev->tpm.has_audit)
                return 0;
        rc = signed_by(&ev->ak, ev->tpm.audit_attest, &ev->audit_signature, &holds, e);
        if (rc < 0)
                return rc;
        if (!holds)
                verdict_refute(v, CLAIM_SIGNATURE,
                                "the audit is not signed by the key in the evidence");
        return 0;
}

int judge_signature(const Evidence *ev, Verdict *v, Err *e) {
        int rc;

        rc = judge_quotes(ev, v, e);
        if (rc < 0)
                return rc;
        rc = judge_others(ev, v, e);
        if (rc < 0)
                return rc;
        verdict_prove(v, CLAIM_SIGNATURE, "the quote is signed by the key in the evidence (%s, %s)",
                        signature_key_text(&ev->ak), hash_name(ev->ak.hash));
        return 0;
}

/* What makes a signature an attestation: the key never leaves its TPM, was made there, and signs
 * nothing that begins like an attestation but is none (TPM 2.0 Library, Part 1, section 25.1.6:
 * restricted). */
static const char *not_an_attestation_key(const TpmPublic *ak) {
        static const struct {
                uint32_t attribute;
                const char *missing;
        } needed[] = {
                { TPM_FIXED_TPM, "can leave its TPM (fixedTPM is not set)" },
                { TPM_FIXED_PARENT, "can be moved to another parent (fixedParent is not set)" },
                { TPM_SENSITIVE_DATA_ORIGIN,
                                "was not made by a TPM (sensitiveDataOrigin is not set)" },
                { TPM_RESTRICTED, "signs anything it is given (restricted is not set)" },
                { TPM_SIGN, "is no signing key (sign is not set)" },
        };

        for (size_t i = 0; i < ELEMENTS(needed); i++)
                if (!(ak->attributes & needed[i].attribute))
                        return needed[i].missing;
        return ak->attributes & TPM_DECRYPT ? "decrypts, too (decrypt is set)" : NULL;
}

void judge_key_of(const TpmPublic *ak, Span name, const Question *q, Verdict *v) {
        const char *fault = not_an_attestation_key(ak);
        char by[POLICY_SAID_MAX];

        /* anybody can put a public key beside what they wrote themselves */
        if (!verdict_proven(v, CLAIM_SIGNATURE)) {
                verdict_refute(v, CLAIM_KEY, "nothing here is signed by it (signature)");
                return;
        }
        if (fault) {
                verdict_refute(v, CLAIM_KEY, "the key %s", fault);
                return;
        }
        for (size_t i = 0; i < q->policy->n_keys; i++)
                if (span_equal((Span){ q->policy->keys[i].name, q->policy->keys[i].size }, name)) {
                        policy_say(q->policy->keys[i].by, by, sizeof(by));
                        verdict_prove(v, CLAIM_KEY,
                                        "pinned by %s; pinned, not certified: that it is in a genuine TPM is your word",
                                        by);
                        return;
                }
        verdict_refute(v, CLAIM_KEY, "AK unknown: policy does not name this key%s",
                        q->policy->n_keys == 0 ? " (it names none)" : "");
}

void judge_tpm(const AttestHead *head, const Question *q, Verdict *v) {
        char by[POLICY_SAID_MAX];

        for (size_t i = 0; i < q->policy->n_refused; i++) {
                if (q->policy->refused[i].version != head->firmware)
                        continue;
                policy_say(q->policy->refused[i].by, by, sizeof(by));
                verdict_refute(v, CLAIM_KEY,
                                "its TPM has firmware 0x%016" PRIx64 ", which %s refuses",
                                head->firmware, by);
        }
}

void judge_key(const Evidence *ev, const Question *q, Verdict *v) {
        judge_key_of(&ev->ak, (Span){ ev->ak_name, sizeof(ev->ak_name) }, q, v);
        judge_tpm(&ev->quotes[0].head, q, v);
}

void judge_fresh(const Evidence *ev, const Question *q, Verdict *v) {
        Span manifest = { ev->manifest.nonce, ev->manifest.nonce_size };
        const AttestHead *head;
        EvidenceHeadName name;

        if (!verdict_proven(v, CLAIM_SIGNATURE)) {
                verdict_refute(v, CLAIM_FRESH, "the nonce is not signed (signature)");
                return;
        }
        if (q->nonce.size < NONCE_MIN || q->nonce.size > NONCE_MAX) {
                verdict_refute(v, CLAIM_FRESH,
                                "no nonce to compare with: give the one that was sent");
                return;
        }
        for (size_t i = 0; (head = evidence_head(ev, i, &name)) && head != &ev->audit.head; i++)
                if (!span_equal(head->extra, q->nonce)) {
                        verdict_refute(v, CLAIM_FRESH,
                                        "%s answers another nonce than the one that was sent",
                                        name.text);
                        return;
                }
        if (!span_equal(manifest, q->nonce)) {
                verdict_refute(v, CLAIM_FRESH, "the manifest is for another nonce");
                return;
        }
        verdict_prove(v, CLAIM_FRESH, "made for the nonce that was sent");
}
