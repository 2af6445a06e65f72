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
        if (t->esys && t->key != ESYS_TR_NONE)
                (void) Esys_FlushContext(t->esys, t->key);
        t->key = ESYS_TR_NONE;
}

int tss2_key(Tpm *tpm, TpmAkType type, Buf *public, Err *e) {
        _cleanup_(esys_done) TPM2B_PUBLIC *made = NULL;
        TPM2B_PUBLIC template = ak_template(type);
        TPM2B_SENSITIVE_CREATE no_auth = {};
        TPML_PCR_SELECTION no_pcrs = {};
        TPM2B_DATA no_data = {};
        uint8_t bytes[sizeof(TPMT_PUBLIC)];
        Tss2 *t = tss2_of(tpm);
        size_t size = 0;
        int rc;

        tss2_drop_key(t);
        rc = ASK(t, "making the attestation key", e,
                        Esys_CreatePrimary(t->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &template, &no_data,
                                        &no_pcrs, &t->key, &made, NULL, NULL, NULL));
        if (rc < 0)
                return rc;
        if (Tss2_MU_TPMT_PUBLIC_Marshal(&made->publicArea, bytes, sizeof(bytes), &size))
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

int tss2_quote(Tpm *tpm, const PcrSelection *which, Span nonce, Buf *attest, Buf *signature,
                Err *e) {
        static const TPMT_SIG_SCHEME of_the_key = { .scheme = TPM2_ALG_NULL };
        _cleanup_(esys_done) TPM2B_ATTEST *quoted = NULL;
        _cleanup_(esys_done) TPMT_SIGNATURE *made = NULL;
        TPML_PCR_SELECTION list = tss2_selection(which);
        Tss2 *t = tss2_of(tpm);
        TPM2B_DATA data;
        int rc;

        rc = tss2_qualifying(nonce, &data, e);
        if (rc < 0)
                return rc;
        if (t->key == ESYS_TR_NONE)
                return err_set(e, -ENOKEY, "TPM %s: there is no attestation key (any more)",
                                t->name);
        rc = ASK(t, "quoting PCRs", e,
                        Esys_Quote(t->esys, t->key, ESYS_TR_PASSWORD, t->audit, ESYS_TR_NONE, &data,
                                        &of_the_key, &list, &quoted, &made));
        if (rc < 0)
                return rc;
        return tss2_take_signed(t, quoted, made, attest, signature, e);
}
