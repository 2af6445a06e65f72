/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/tpm-tss2-seal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#include "port/tpm-tss2-inside.h"
#include "port/tpm-tss2.h"

/* Sealing: a secret that the TPM hands out while a policy holds. */

typedef struct Sealing {
        ESYS_CONTEXT *esys;      /* NULL while there is no connection */
        ESYS_TR storage, policy; /* the storage key, and a policy session; ESYS_TR_NONE: none */
        void (*close)(Tpm *t);   /* of the TPM without this */
} Sealing;

static Sealing *sealing_of(const Tss2 *t) {
        return t->sealing;
}

/* Frees what ESYS allocated; for _cleanup_ on a pointer to any of its types. */
static void esys_done(void *p) {
        Esys_Free(*(void **) p);
}

static void let_go(Tss2 *t) {
        Sealing *s = sealing_of(t);

        if (s->esys)
                Esys_Finalize(&s->esys);
        s->storage = s->policy = ESYS_TR_NONE;
}

static int connect_esys(Tss2 *t, Err *e) {
        Sealing *s = sealing_of(t);
        int rc;

        rc = tss2_connect(t, e);
        if (rc < 0 || s->esys)
                return rc;
        if (Esys_Initialize(&s->esys, line_tcti(t->line), NULL) != TSS2_RC_SUCCESS)
                return err_set(e, -ENOMEM, "no memory for a TPM connection");
        return 0;
}

#define ASK_ESYS(t, what, e, command) ASK_OVER(connect_esys, t, what, e, command)

/* The storage key of the TCG's "TPM v2.0 Provisioning Guidance",
 * section 7.5.1, on P-256; systemd makes the same. */
static TPM2B_PUBLIC storage_template(void) {
        TPM2B_PUBLIC p = {};
        TPMT_PUBLIC *t = &p.publicArea;
        TPMS_ECC_PARMS *ecc = &t->parameters.eccDetail;

        t->type = TPM2_ALG_ECC;
        t->nameAlg = TPM2_ALG_SHA256;
        t->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                              TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                              TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
        ecc->symmetric.algorithm = TPM2_ALG_AES;
        ecc->symmetric.keyBits.aes = 128;
        ecc->symmetric.mode.aes = TPM2_ALG_CFB;
        ecc->scheme.scheme = TPM2_ALG_NULL;
        ecc->curveID = TPM2_ECC_NIST_P256;
        ecc->kdf.scheme = TPM2_ALG_NULL;
        return p;
}

static void drop(Tss2 *t, ESYS_TR *handle) {
        if (sealing_of(t)->esys && *handle != ESYS_TR_NONE)
                (void) Esys_FlushContext(sealing_of(t)->esys, *handle);
        *handle = ESYS_TR_NONE;
}

static void drop_policy(Tss2 *t) {
        drop(t, &sealing_of(t)->policy);
        drop(t, &sealing_of(t)->storage);
}

static int make_storage(Tss2 *t, Err *e) {
        TPM2B_PUBLIC template = storage_template();
        TPM2B_SENSITIVE_CREATE no_auth = {};
        TPML_PCR_SELECTION no_pcrs = {};
        TPM2B_DATA no_data = {};
        Err why = {};
        int rc;

        rc = ASK_ESYS(t, "making the storage key", &why,
                        Esys_CreatePrimary(sealing_of(t)->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &template, &no_data,
                                        &no_pcrs, &sealing_of(t)->storage, NULL, NULL, NULL, NULL));
        return tss2_owner(t, rc, "making the storage key", &why, e);
}

/* A session whose key only the storage key's TPM can learn: what is encrypted in it is not to be
 * read on the way. */
static int begin_session(Tss2 *t, TPM2_SE type, TPMA_SESSION attributes, Err *e) {
        static const TPMT_SYM_DEF aes = {
                .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB
        };
        int rc;

        drop_policy(t);
        rc = make_storage(t, e);
        if (rc < 0)
                return rc;
        rc = ASK_ESYS(t, "beginning a session", e,
                        Esys_StartAuthSession(sealing_of(t)->esys, sealing_of(t)->storage,
                                        ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                        NULL, type, &aes, TPM2_ALG_SHA256, &sealing_of(t)->policy));
        if (rc < 0)
                return rc;
        if (Esys_TRSess_SetAttributes(sealing_of(t)->esys, sealing_of(t)->policy,
                            attributes | TPMA_SESSION_CONTINUESESSION, 0xff) != TSS2_RC_SUCCESS)
                return err_set(e, -EIO, "TPM %s: its session cannot encrypt", t->name);
        return 0;
}

/* What came into being, without sizes. */
static int take_object(const Tss2 *t, const TPM2B_PUBLIC *made, const TPM2B_PRIVATE *hidden,
                Buf *public, Buf *private, Err *e) {
        uint8_t bytes[sizeof(TPMT_PUBLIC)];
        size_t size = 0;

        if (Tss2_MU_TPMT_PUBLIC_Marshal(&made->publicArea, bytes, sizeof(bytes), &size))
                return err_set(e, -EBADMSG, "TPM %s: made an object that is none", t->name);
        buf_bytes(public, (Span){ bytes, size });
        buf_bytes(private, (Span){ hidden->buffer, hidden->size });
        return public->failed < 0 ? public->failed : private->failed;
}

static int create(Tss2 *t, const Digest *policy, Span secret, Buf *public, Buf *private, Err *e) {
        _cleanup_(esys_done) TPM2B_PRIVATE *hidden = NULL;
        _cleanup_(esys_done) TPM2B_PUBLIC *made = NULL;
        TPM2B_SENSITIVE_CREATE sensitive = {};
        TPML_PCR_SELECTION no_pcrs = {};
        TPM2B_DATA no_data = {};
        TPM2B_PUBLIC p = {};
        int rc;

        p.publicArea.type = TPM2_ALG_KEYEDHASH;
        p.publicArea.nameAlg = TPM2_ALG_SHA256;
        p.publicArea.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                        TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_NODA;
        p.publicArea.authPolicy.size = policy->size;
        memcpy(p.publicArea.authPolicy.buffer, policy->bytes, policy->size);
        p.publicArea.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
        sensitive.sensitive.data.size = (UINT16) secret.size;
        memcpy(sensitive.sensitive.data.buffer, secret.data, secret.size);
        rc = ASK_ESYS(t, "sealing", e,
                        Esys_Create(sealing_of(t)->esys, sealing_of(t)->storage, ESYS_TR_PASSWORD,
                                        sealing_of(t)->policy, ESYS_TR_NONE, &sensitive, &p,
                                        &no_data, &no_pcrs, &hidden, &made, NULL, NULL, NULL));
        explicit_bzero(&sensitive, sizeof(sensitive));
        return rc < 0 ? rc : take_object(t, made, hidden, public, private, e);
}

static int tss2_seal(
                Tpm *tpm, const Digest *policy, Span secret, Buf *public, Buf *private, Err *e) {
        Tss2 *t = tss2_of(tpm);
        int rc;

        assert(policy->alg == HASH_SHA256);
        if (secret.size == 0 || secret.size > 128) /* MAX_SYM_DATA */
                return err_set(e, -EINVAL, "a TPM seals 1 to 128 bytes, not %zu", secret.size);
        rc = begin_session(t, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT, e);
        if (rc == 0)
                rc = create(t, policy, secret, public, private, e);
        drop_policy(t);
        return rc;
}

static int assert_pcrs(Tss2 *t, const TpmPolicy *p, Err *e) {
        TPML_PCR_SELECTION list = tss2_selection(&p->pcrs);
        TPM2B_DIGEST digest = { .size = p->pcr_digest.size };
        Err why = {};
        int rc;

        memcpy(digest.buffer, p->pcr_digest.bytes, p->pcr_digest.size);
        rc = ASK_ESYS(t, "asserting the PCRs", &why,
                        Esys_PolicyPCR(sealing_of(t)->esys, sealing_of(t)->policy, ESYS_TR_NONE,
                                        ESYS_TR_NONE, ESYS_TR_NONE, &digest, &list));
        if (rc == 0)
                return 0;
        /* TPM_RC_VALUE, which it says of much else; asked with its values, a PCR that holds another
         * is what is left of it */
        return err_set(e, rc == -EIO ? -EACCES : rc, "%s", why.text);
}

static int assert_counter(Tss2 *t, const TpmPolicy *p, Err *e) {
        TPM2B_OPERAND operand = { .size = 8 };
        ESYS_TR handle = ESYS_TR_NONE;
        int rc;

        for (unsigned i = 0; i < 8; i++)
                operand.buffer[i] = (BYTE) (p->count >> (8 * (7 - i)));
        rc = ASK_ESYS(t, "looking for the counter", e,
                        Esys_TR_FromTPMPublic(sealing_of(t)->esys, p->counter, ESYS_TR_NONE,
                                        ESYS_TR_NONE, ESYS_TR_NONE, &handle));
        if (rc < 0)
                return rc;
        rc = ASK_ESYS(t, "asserting the counter", e,
                        Esys_PolicyNV(sealing_of(t)->esys, handle, handle, sealing_of(t)->policy,
                                        ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &operand, 0,
                                        TPM2_EO_UNSIGNED_LE));
        if (sealing_of(t)->esys)
                (void) Esys_TR_Close(sealing_of(t)->esys, &handle);
        return rc;
}

/* aHash of TPM2_PolicyAuthorize: H(approved || ref), which the key has signed. */
static int check_approval(
                Tss2 *t, const TpmPolicy *p, ESYS_TR key, TPMT_TK_VERIFIED **ret, Err *e) {
        _cleanup_(esys_done) TPM2B_DIGEST *of_both = NULL;
        TPM2B_MAX_BUFFER both = { .size = (UINT16) (p->approved.size + p->ref.size) };
        TPMT_SIGNATURE sig = { .sigAlg = TPM2_ALG_ECDSA };
        TPMS_SIGNATURE_ECC *ecc = &sig.signature.ecdsa;
        int rc;

        memcpy(both.buffer, p->approved.bytes, p->approved.size);
        memcpy(both.buffer + p->approved.size, p->ref.data, p->ref.size);
        ecc->hash = TPM2_ALG_SHA256;
        ecc->signatureR.size = (UINT16) p->r.size;
        ecc->signatureS.size = (UINT16) p->s.size;
        memcpy(ecc->signatureR.buffer, p->r.data, p->r.size);
        memcpy(ecc->signatureS.buffer, p->s.data, p->s.size);
        rc = ASK_ESYS(t, "hashing", e,
                        Esys_Hash(sealing_of(t)->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                        &both, TPM2_ALG_SHA256, ESYS_TR_RH_OWNER, &of_both, NULL));
        if (rc < 0)
                return rc;
        return ASK_ESYS(t, "checking the approval", e,
                        Esys_VerifySignature(sealing_of(t)->esys, key, ESYS_TR_NONE, ESYS_TR_NONE,
                                        ESYS_TR_NONE, of_both, &sig, ret));
}

static int authorize(Tss2 *t, const TpmPolicy *p, ESYS_TR key, Err *e) {
        _cleanup_(esys_done) TPMT_TK_VERIFIED *ticket = NULL;
        _cleanup_(esys_done) TPM2B_NAME *name = NULL;
        TPM2B_DIGEST approved = { .size = p->approved.size };
        TPM2B_NONCE ref = { .size = (UINT16) p->ref.size };
        Err why = {};
        int rc;

        memcpy(approved.buffer, p->approved.bytes, p->approved.size);
        memcpy(ref.buffer, p->ref.data, p->ref.size);
        rc = check_approval(t, p, key, &ticket, e);
        if (rc < 0)
                return rc;
        if (Esys_TR_GetName(sealing_of(t)->esys, key, &name) != TSS2_RC_SUCCESS)
                return err_set(e, -EIO, "TPM %s: a key without a Name", t->name);
        rc = ASK_ESYS(t, "asserting the approval", &why,
                        Esys_PolicyAuthorize(sealing_of(t)->esys, sealing_of(t)->policy,
                                        ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &approved, &ref,
                                        name, ticket));
        /* TPM_RC_VALUE: what was asserted is not what was approved */
        return rc < 0 ? err_set(e, rc == -EIO ? -EACCES : rc, "%s", why.text) : 0;
}

static int assert_key(Tss2 *t, const TpmPolicy *p, Err *e) {
        TPM2B_PUBLIC public = {};
        ESYS_TR key = ESYS_TR_NONE;
        size_t at = 0;
        int rc;

        if (Tss2_MU_TPMT_PUBLIC_Unmarshal(p->key.data, p->key.size, &at, &public.publicArea) ||
                        at != p->key.size)
                return err_set(e, -EINVAL, "not the public area of a key");
        rc = ASK_ESYS(t, "loading the key that approves", e,
                        Esys_LoadExternal(sealing_of(t)->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                                        ESYS_TR_NONE, NULL, &public, ESYS_TR_RH_OWNER, &key));
        if (rc < 0)
                return rc;
        rc = authorize(t, p, key, e);
        drop(t, &key);
        return rc;
}

static int take_digest(Tss2 *t, Digest *ret, Err *e) {
        _cleanup_(esys_done) TPM2B_DIGEST *found = NULL;
        int rc;

        rc = ASK_ESYS(t, "asking what the policy came to", e,
                        Esys_PolicyGetDigest(sealing_of(t)->esys, sealing_of(t)->policy,
                                        ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &found));
        if (rc < 0)
                return rc;
        if (!digest_from(HASH_SHA256, (Span){ found->buffer, found->size }, ret))
                return err_set(e, -EBADMSG, "TPM %s: a policy of %u bytes", t->name, found->size);
        return 0;
}

static int tss2_policy(Tpm *tpm, const TpmPolicy *p, Digest *ret, Err *e) {
        Tss2 *t = tss2_of(tpm);
        int rc;

        assert(p->pcr_digest.alg == HASH_SHA256 && p->approved.alg == HASH_SHA256);
        assert(p->ref.size <= DIGEST_MAX && p->r.size <= 32 && p->s.size <= 32);
        rc = begin_session(t, TPM2_SE_POLICY, TPMA_SESSION_ENCRYPT, e);
        if (rc == 0)
                rc = assert_pcrs(t, p, e);
        if (rc == 0)
                rc = assert_counter(t, p, e);
        if (rc == 0)
                rc = assert_key(t, p, e);
        if (rc == 0)
                rc = take_digest(t, ret, e);
        if (rc < 0)
                drop_policy(t);
        return rc;
}

static int load(Tss2 *t, Span public, Span private, ESYS_TR *ret, Err *e) {
        TPM2B_PRIVATE hidden = { .size = (UINT16) private.size };
        TPM2B_PUBLIC p = {};
        size_t at = 0;

        if (private.size > sizeof(hidden.buffer) ||
                        Tss2_MU_TPMT_PUBLIC_Unmarshal(
                                        public.data, public.size, &at, &p.publicArea) ||
                        at != public.size)
                return err_set(e, -EBADMSG, "not a sealed object");
        memcpy(hidden.buffer, private.data, private.size);
        return ASK_ESYS(t, "loading the sealed object", e,
                        Esys_Load(sealing_of(t)->esys, sealing_of(t)->storage, ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE, ESYS_TR_NONE, &hidden, &p, ret));
}

static int unseal(Tss2 *t, Span public, Span private, Secret *ret, Err *e) {
        TPM2B_SENSITIVE_DATA *found = NULL;
        ESYS_TR object = ESYS_TR_NONE;
        int rc;

        rc = load(t, public, private, &object, e);
        if (rc < 0)
                return rc;
        rc = ASK_ESYS(t, "opening", e,
                        Esys_Unseal(sealing_of(t)->esys, object, sealing_of(t)->policy,
                                        ESYS_TR_NONE, ESYS_TR_NONE, &found));
        drop(t, &object);
        if (rc < 0)
                return rc;
        rc = secret_set(ret, (Span){ found->buffer, found->size }, e);
        explicit_bzero(found, sizeof(*found));
        Esys_Free(found);
        return rc;
}

static int tss2_unseal(Tpm *tpm, Span public, Span private, Secret *ret, Err *e) {
        Tss2 *t = tss2_of(tpm);
        int rc;

        if (sealing_of(t)->policy == ESYS_TR_NONE)
                return err_set(e, -ENOKEY, "TPM %s: there is no policy session (any more)",
                                t->name);
        rc = unseal(t, public, private, ret, e);
        drop_policy(t);
        return rc;
}

static void close_sealing(Tpm *tpm) {
        Tss2 *t = tss2_of(tpm);
        Sealing *s = sealing_of(t);

        drop_policy(t);
        s->close(tpm);
        free(s);
}

int tpm_open_sealing(const char *tcti, unsigned patience, Tpm **ret, Err *e) {
        Sealing *s = calloc(1, sizeof(*s));
        Tpm *tpm = NULL;
        Tss2 *t;
        int rc;

        if (!s)
                return err_set(e, -ENOMEM, "no memory for a TPM connection");
        rc = tpm_open_within(tcti, patience, &tpm, e);
        if (rc < 0) {
                free(s);
                return rc;
        }
        t = tss2_of(tpm);
        *s = (Sealing){ .storage = ESYS_TR_NONE, .policy = ESYS_TR_NONE, .close = t->ops.close };
        t->sealing = s;
        t->let_go = let_go;
        t->ops.seal = tss2_seal;
        t->ops.policy = tss2_policy;
        t->ops.unseal = tss2_unseal;
        t->ops.close = close_sealing;
        *ret = tpm;
        return 0;
}
