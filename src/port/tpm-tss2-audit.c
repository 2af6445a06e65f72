/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "port/tpm-tss2-inside.h"

/* Audit sessions (TPM 2.0 Library, Part 1, section 19.7 "Audit Session"): unsalted and unbound,
 * since nothing in it is secret; the password sessions beside it authorise the commands, and it
 * only listens. */

void tss2_drop_audit(Tss2 *t) {
        if (t->esys && t->audit != ESYS_TR_NONE)
                (void) Esys_FlushContext(t->esys, t->audit);
        t->audit = ESYS_TR_NONE;
}

int tss2_audit_begin(Tpm *tpm, bool exclusive, Err *e) {
        static const TPMT_SYM_DEF in_clear = { .algorithm = TPM2_ALG_NULL };
        TPMA_SESSION attributes = TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_AUDIT;
        Tss2 *t = tss2_of(tpm);
        int rc;

        if (exclusive)
                attributes |= TPMA_SESSION_AUDITEXCLUSIVE;
        tss2_drop_audit(t);
        rc = ASK(t, "beginning an audit session", e,
                        Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                        ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &in_clear,
                                        TPM2_ALG_SHA256, &t->audit));
        if (rc < 0)
                return rc;
        if (Esys_TRSess_SetAttributes(t->esys, t->audit, attributes, 0xff) != TSS2_RC_SUCCESS)
                return err_set(e, -EIO, "TPM %s: its session cannot audit", t->name);
        return 0;
}

int tss2_audit_end(Tpm *tpm, Span extra, Buf *attest, Buf *signature, Err *e) {
        static const TPMT_SIG_SCHEME of_the_key = { .scheme = TPM2_ALG_NULL };
        _cleanup_(esys_done) TPM2B_ATTEST *audited = NULL;
        _cleanup_(esys_done) TPMT_SIGNATURE *made = NULL;
        Tss2 *t = tss2_of(tpm);
        TPM2B_DATA data;
        int rc;

        if (t->audit == ESYS_TR_NONE)
                return err_set(e, -ENOKEY, "TPM %s: there is no audit session (any more)", t->name);
        rc = tss2_qualifying(extra, &data, e);
        if (rc == 0 && t->key == ESYS_TR_NONE)
                rc = err_set(e, -ENOKEY, "TPM %s: there is no attestation key (any more)", t->name);
        if (rc == 0)
                rc = ASK(t, "ending the audit session", e,
                                Esys_GetSessionAuditDigest(t->esys, ESYS_TR_RH_ENDORSEMENT, t->key,
                                                t->audit, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
                                                ESYS_TR_NONE, &data, &of_the_key, &audited, &made));
        tss2_drop_audit(t);
        return rc < 0 ? rc : tss2_take_signed(t, audited, made, attest, signature, e);
}
