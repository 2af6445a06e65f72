/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "port/crypto.h"
#include "port/tpm-tss2-inside.h"
#include "port/tpm-tss2.h"

/* The attestation key, and what it signs. */

/* The template of avouch-evidence(5). What is not named, also the rest of "unique", is zero. */
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

/* A TPMT_PUBLIC's bytes. */
typedef struct PublicBytes {
        size_t size;
        uint8_t bytes[sizeof(TPMT_PUBLIC)];
} PublicBytes;

static bool write_public(const TPMT_PUBLIC *p, PublicBytes *ret) {
        ret->size = 0;
        return Tss2_MU_TPMT_PUBLIC_Marshal(p, ret->bytes, sizeof(ret->bytes), &ret->size) ==
               TSS2_RC_SUCCESS;
}

int tss2_key(Tpm *tpm, TpmAkType type, Buf *public, Err *e) {
        Tss2 *t = tss2_of(tpm);
        TPM2B_PUBLIC made = {};
        PublicBytes p;
        int rc;

        tss2_drop_key(t);
        rc = ASK(t, "making the attestation key", e, create(t, type, &made));
        if (rc < 0)
                return rc;
        if (!write_public(&made.publicArea, &p))
                return err_set(e, -EBADMSG, "TPM %s: made a key that is none", t->name);
        buf_bytes(public, (Span){ p.bytes, p.size });
        return public->failed;
}

int tss2_key_save(Tpm *tpm, Buf *context, Err *e) {
        uint8_t bytes[sizeof(TPMS_CONTEXT)];
        Tss2 *t = tss2_of(tpm);
        TPMS_CONTEXT saved = {};
        size_t size = 0;
        int rc;

        if (t->key == 0)
                return err_set(e, -ENOKEY, "TPM %s: there is no attestation key (any more)",
                                t->name);
        rc = ASK(t, "handing out the attestation key", e,
                        Tss2_Sys_ContextSave(t->sys, t->key, &saved));
        if (rc < 0)
                return rc;
        if (Tss2_MU_TPMS_CONTEXT_Marshal(&saved, bytes, sizeof(bytes), &size))
                return err_set(e, -EBADMSG, "TPM %s: handed out a key that is none", t->name);
        buf_bytes(context, (Span){ bytes, size });
        return context->failed;
}

/* What the TPM says of a key that it has loaded. */
typedef struct Loaded {
        TPM2B_PUBLIC public;
        TPM2B_NAME name, qualified;
        PublicBytes bytes;
} Loaded;

/* All but "unique", which is the key itself, is as in the template. */
static bool fits_template(TpmAkType type, Loaded *l) {
        TPM2B_PUBLIC template = ak_template(type);
        PublicBytes wanted;

        template.publicArea.unique = l->public.publicArea.unique;
        return write_public(&l->public.publicArea, &l->bytes) &&
               write_public(&template.publicArea, &wanted) && wanted.size == l->bytes.size &&
               memcmp(wanted.bytes, l->bytes.bytes, wanted.size) == 0;
}

/* A Name by SHA-256 (Part 1, section 16): of an object, of what it is derived from and itself. */
static bool name_is(const TPM2B_NAME *name, const Span *parts, size_t n) {
        static const uint8_t alg[2] = { TPM2_ALG_SHA256 >> 8, TPM2_ALG_SHA256 };
        Digest d;

        return hash_parts(HASH_SHA256, parts, n, &d, NULL) == 0 &&
               name->size == sizeof(alg) + d.size && memcmp(name->name, alg, sizeof(alg)) == 0 &&
               memcmp(name->name + sizeof(alg), d.bytes, d.size) == 0;
}

/* The qualified Name tells a primary of this hierarchy from all other objects. */
static bool is_primary(const Loaded *l) {
        static const uint8_t endorsement[4] = { TPM2_RH_ENDORSEMENT >> 24, 0, 0,
                TPM2_RH_ENDORSEMENT & 0xff };
        const Span public = { l->bytes.bytes, l->bytes.size };
        const Span name = { l->name.name, l->name.size };

        return name_is(&l->name, &public, 1) &&
               name_is(&l->qualified, (Span[]){ { endorsement, sizeof(endorsement) }, name }, 2);
}

static int load(Tss2 *t, TpmAkType type, const TPMS_CONTEXT *context, Loaded *ret, Err *e) {
        int rc;

        rc = ASK(t, "loading the attestation key", e,
                        Tss2_Sys_ContextLoad(t->sys, context, &t->key));
        if (rc == 0)
                rc = ASK(t, "reading the attestation key", e,
                                Tss2_Sys_ReadPublic(t->sys, t->key, NULL, &ret->public, &ret->name,
                                                &ret->qualified, NULL));
        if (rc < 0)
                return rc;
        if (!fits_template(type, ret) || !is_primary(ret))
                return err_set(e, -EBADMSG, "TPM %s: loaded another key than the attestation key",
                                t->name);
        return 0;
}

/* Of a context (Part 2, section 14.6.2). */
static const TPM2_HANDLE ORDINARY_OBJECT = UINT32_C(0x80000000);

int tss2_key_load(Tpm *tpm, TpmAkType type, uint64_t sequence, Span blob, Buf *public, Err *e) {
        TPMS_CONTEXT context = { .sequence = sequence,
                .savedHandle = ORDINARY_OBJECT,
                .hierarchy = TPM2_RH_ENDORSEMENT,
                .contextBlob.size = (UINT16) blob.size };
        Loaded l = { .name = ROOM_FOR(TPM2B_NAME), .qualified = ROOM_FOR(TPM2B_NAME) };
        Tss2 *t = tss2_of(tpm);
        int rc;

        if (blob.size == 0 || blob.size > sizeof(context.contextBlob.buffer))
                return err_set(e, -EINVAL, "a key of %zu bytes, where a TPM takes %zu", blob.size,
                                sizeof(context.contextBlob.buffer));
        memcpy(context.contextBlob.buffer, blob.data, blob.size);
        tss2_drop_key(t);
        rc = load(t, type, &context, &l, e);
        if (rc < 0) {
                tss2_drop_key(t);
                return rc;
        }
        t->key_name = l.name;
        buf_bytes(public, (Span){ l.bytes.bytes, l.bytes.size });
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
