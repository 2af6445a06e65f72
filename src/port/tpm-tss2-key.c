/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "port/tpm-tss2-inside.h"
#include "port/tpm-tss2.h"

/* The attestation key, and what it signs. */

/* The template of forms.md, section 2. What is not named, also the rest of "unique", is zero. */
static TPM2B_PUBLIC ak_template(TpmAkType type) {
        TPM2B_PUBLIC p = {};
        TPMT_PUBLIC *t = &p.publicArea;
        TPMS_RSA_PARMS *rsa = &t->parameters.rsaDetail;
        TPMS_ECC_PARMS *ecc = &t->parameters.eccDetail;

        t->nameAlg = TPM2_ALG_SHA256;
        t->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                              TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                              TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;
        if (type == TPM_AK_RSA) {
                t->type = TPM2_ALG_RSA;
                rsa->symmetric.algorithm = TPM2_ALG_NULL;
                rsa->scheme.scheme = TPM2_ALG_RSASSA;
                rsa->scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
                rsa->keyBits = 2048;
                t->unique.rsa.size = 256;
                memcpy(t->unique.rsa.buffer, TPM_AK_UNIQUE, sizeof(TPM_AK_UNIQUE) - 1);
                return p;
        }
        t->type = TPM2_ALG_ECC;
        ecc->symmetric.algorithm = TPM2_ALG_NULL;
        ecc->scheme.scheme = TPM2_ALG_ECDSA;
        ecc->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
        ecc->curveID = TPM2_ECC_NIST_P256;
        ecc->kdf.scheme = TPM2_ALG_NULL;
        t->unique.ecc.x.size = 32;
        memcpy(t->unique.ecc.x.buffer, TPM_AK_UNIQUE, sizeof(TPM_AK_UNIQUE) - 1);
        t->unique.ecc.y.size = 32;
        return p;
}

void tss2_drop_key(Tss2 *t) {
        if (t->sys && t->key != 0)
                (void) Tss2_Sys_FlushContext(t->sys, t->key);
        t->key = 0;
}

/* A chip may need minutes for an RSA key. */
static unsigned patience_for(const Tss2 *t, TpmAkType type) {
        return type == TPM_AK_RSA ? 6 * t->patience : t->patience;
}

static TSS2_RC create(Tss2 *t, TpmAkType type, TPM2B_PUBLIC *made) {
        TPM2B_SENSITIVE_CREATE no_auth = { .size = sizeof(no_auth) };
        TPM2B_PUBLIC template = ak_template(type);
        TPM2B_DIGEST hash = ROOM_FOR(TPM2B_DIGEST);
        TPML_PCR_SELECTION no_pcrs = {};
        TPM2B_CREATION_DATA data = {};
        TPMT_TK_CREATION ticket = {};
        TPM2B_DATA no_data = {};
        TSS2_RC rc;

        t->key_name = ROOM_FOR(TPM2B_NAME);
        line_wait(t->line, patience_for(t, type));
        rc = Tss2_Sys_CreatePrimary(t->sys, TPM2_RH_ENDORSEMENT, &tss2_password, &no_auth,
                        &template, &no_data, &no_pcrs, &t->key, made, &data, &hash, &ticket,
                        &t->key_name, NULL);
        line_wait(t->line, t->patience);
        return rc;
}

int tss2_key(Tpm *tpm, TpmAkType type, Buf *public, Err *e) {
        TPM2B_PUBLIC made = {};
        uint8_t bytes[sizeof(TPMT_PUBLIC)];
        Tss2 *t = tss2_of(tpm);
        size_t size = 0;
        int rc;

        tss2_drop_key(t);
        rc = ASK(t, "making the attestation key", e, create(t, type, &made));
        if (rc < 0)
                return rc;
        if (Tss2_MU_TPMT_PUBLIC_Marshal(&made.publicArea, bytes, sizeof(bytes), &size))
                return err_set(e, -EBADMSG, "TPM %s: made a key that is none", t->name);
        buf_bytes(public, (Span){ bytes, size });
        return public->failed;
}

int tss2_qualifying(Span bytes, TPM2B_DATA *ret, Err *e) {
        TPM2B_DATA data = { .size = (UINT16) bytes.size };

        if (bytes.size > sizeof(data.buffer))
                return err_set(e, -EINVAL, "a nonce of %zu bytes, where a TPM takes %zu",
                                bytes.size, sizeof(data.buffer));
        if (bytes.size > 0)
                memcpy(data.buffer, bytes.data, bytes.size);
        *ret = data;
        return 0;
}

int tss2_take_signed(const Tss2 *t, const TPM2B_ATTEST *made, const TPMT_SIGNATURE *by, Buf *attest,
                Buf *signature, Err *e) {
        uint8_t bytes[sizeof(TPMT_SIGNATURE)];
        size_t size = 0;

        if (Tss2_MU_TPMT_SIGNATURE_Marshal(by, bytes, sizeof(bytes), &size))
                return err_set(e, -EBADMSG, "TPM %s: made a signature that is none", t->name);
        buf_bytes(attest, (Span){ made->attestationData, made->size });
        buf_bytes(signature, (Span){ bytes, size });
        return attest->failed < 0 ? attest->failed : signature->failed;
}

static TSS2_RC quote(Tss2 *t, const TPM2B_DATA *nonce, const TPML_PCR_SELECTION *which,
                TPM2B_ATTEST *quoted, TPMT_SIGNATURE *made) {
        static const TPMT_SIG_SCHEME of_the_key = { .scheme = TPM2_ALG_NULL };
        const Span name = { t->key_name.name, t->key_name.size };
        TSS2_RC rc;

        rc = Tss2_Sys_Quote_Prepare(t->sys, t->key, nonce, &of_the_key, which);
        if (rc == TSS2_RC_SUCCESS)
                rc = tss2_execute(t, &tss2_password, &name, 1);
        return rc == TSS2_RC_SUCCESS ? Tss2_Sys_Quote_Complete(t->sys, quoted, made) : rc;
}

int tss2_quote(Tpm *tpm, const PcrSelection *which, Span nonce, Buf *attest, Buf *signature,
                Err *e) {
        TPM2B_ATTEST quoted = ROOM_FOR(TPM2B_ATTEST);
        TPML_PCR_SELECTION list = tss2_selection(which);
        TPMT_SIGNATURE made = {};
        Tss2 *t = tss2_of(tpm);
        TPM2B_DATA data;
        int rc;

        rc = tss2_qualifying(nonce, &data, e);
        if (rc < 0)
                return rc;
        if (t->key == 0)
                return err_set(e, -ENOKEY, "TPM %s: there is no attestation key (any more)",
                                t->name);
        rc = ASK(t, "quoting PCRs", e, quote(t, &data, &list, &quoted, &made));
        if (rc < 0)
                return rc;
        return tss2_take_signed(t, &quoted, &made, attest, signature, e);
}
