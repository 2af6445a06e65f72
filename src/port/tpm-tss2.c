/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/tpm-tss2.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

enum {
        WAIT_FIRST = 2, /* milliseconds, doubled up to the last */
        WAIT_LAST = 250,
        READ_ATTEMPTS = 10, /* of reading PCRs that are extended meanwhile */
};

typedef struct Tss2 {
        Tpm tpm; /* first: what callers hold */
        char *name;
        unsigned patience;
        TSS2_TCTI_CONTEXT *tcti; /* both NULL while there is no connection */
        ESYS_CONTEXT *esys;
        ESYS_TR key; /* ESYS_TR_NONE while there is none */
} Tss2;

static Tss2 *tss2_of(Tpm *t) {
        return (Tss2 *) t;
}

/* Frees what ESYS allocated; for _cleanup_ on a pointer to any of its types. */
static void esys_done(void *p) {
        Esys_Free(*(void **) p);
}

/* The TPM's own response code without the number of the handle, session or parameter that it is
 * about (Part 2, section 6.6); 0 where another layer speaks. */
static TSS2_RC tpm_code(TSS2_RC rc) {
        TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

        if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER)
                return 0;
        rc &= ~TSS2_RC_LAYER_MASK;
        return rc & TPM2_RC_FMT1 ? rc & (TPM2_RC_FMT1 | 0x3f) : rc;
}

/* The answers that mean "not now": the command was refused whole, so that asking again cannot do it
 * twice, an extend neither. */
static bool says_not_now(TSS2_RC rc) {
        TSS2_RC code = tpm_code(rc);

        /* short of contexts, memory or handles, of objects or of sessions */
        if (code >= TPM2_RC_CONTEXT_GAP && code <= TPM2_RC_OBJECT_HANDLES)
                return true;
        return code == TPM2_RC_RETRY || code == TPM2_RC_YIELDED || code == TPM2_RC_TESTING ||
               code == TPM2_RC_NV_RATE;
}

static uint64_t now_ms(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

typedef struct Waiting {
        uint64_t until;
        unsigned next;
} Waiting;

/* Waits, longer each time, and is true where the TPM said "not now" and there is patience left. */
static bool once_more(const Tss2 *t, Waiting *w, TSS2_RC rc) {
        if (!says_not_now(rc))
                return false;
        if (w->next == 0)
                *w = (Waiting){ .until = now_ms() + t->patience, .next = WAIT_FIRST };
        if (now_ms() + w->next > w->until)
                return false;
        (void) usleep(w->next * 1000);
        w->next = w->next * 2 < WAIT_LAST ? w->next * 2 : WAIT_LAST;
        return true;
}

static void disconnect(Tss2 *t) {
        if (t->esys)
                Esys_Finalize(&t->esys);
        if (t->tcti)
                Tss2_TctiLdr_Finalize(&t->tcti);
        t->key = ESYS_TR_NONE;
}

/* What the one who reads the message can do about it. */
static const char *advice(TSS2_RC rc) {
        static const struct {
                TSS2_RC code;
                const char *text;
        } known[] = {
                { TPM2_RC_INITIALIZE, "; it was not started, which is the firmware's task" },
                { TPM2_RC_BAD_AUTH, "; it has a password where avouch expects none" },
                { TPM2_RC_HIERARCHY, "; is the TPM switched off in the firmware's settings?" },
                { TPM2_RC_CURVE, "; try the other kind of key (-G rsa)" },
                { TPM2_RC_ASYMMETRIC, "; try the other kind of key (-G ecc or -G rsa)" },
        };

        if (says_not_now(rc))
                return "; something else keeps it busy: try again later";
        for (size_t i = 0; i < ELEMENTS(known); i++)
                if (known[i].code == tpm_code(rc))
                        return known[i].text;
        if (tpm_code(rc) == 0)
                return "; is it still there? choose another with --tpm=";
        return "";
}

/* Puts into words what came of asking for something. Where it was not the TPM that refused, the
 * connection is of no use any more (ESYS would refuse the next call), and is dropped. */
static int refused(Tss2 *t, TSS2_RC rc, const char *what, Err *e) {
        if (tpm_code(rc) == 0)
                disconnect(t);
        return err_set(e, says_not_now(rc) ? -EBUSY : -EIO, "TPM %s: %s: %s%s", t->name, what,
                        Tss2_RC_Decode(rc), advice(rc));
}

static int connect_failed(const Tss2 *t, TSS2_RC rc, Err *e) {
        static const Span device = SPAN_LITERAL("device:"), swtpm = SPAN_LITERAL("swtpm:");
        const char *ask = "is the TPM there?", *why = Tss2_RC_Decode(rc);
        Span name = span_of(t->name);

        if (span_starts(name, swtpm))
                ask = "is swtpm running?";
        if (span_starts(name, device) && access(t->name + device.size, R_OK | W_OK) < 0) {
                ask = errno == EACCES ? "be root, or" : "is there a TPM?";
                why = strerror(errno);
        }
        return err_set(e, -ENODEV, "TPM %s: %s; %s choose another with --tpm=", t->name, why, ask);
}

static int connect_now(Tss2 *t, Err *e) {
        TSS2_RC rc;

        if (t->esys)
                return 0;
        rc = Tss2_TctiLdr_Initialize(t->name, &t->tcti);
        if (rc == TSS2_RC_SUCCESS)
                rc = Esys_Initialize(&t->esys, t->tcti, NULL);
        if (rc == TSS2_RC_SUCCESS)
                return 0;
        disconnect(t);
        return connect_failed(t, rc, e);
}

/* Sends one command, connecting first where needed: 0, or a negative errno with e filled. */
#define ASK(t, what, e, command)                                                                   \
        ({                                                                                         \
                int sent = connect_now((t), (e));                                                  \
                TSS2_RC answer = TSS2_RC_SUCCESS;                                                  \
                Waiting waiting = {};                                                              \
                                                                                                   \
                if (sent == 0) {                                                                   \
                        do                                                                         \
                                answer = (command);                                                \
                        while (once_more((t), &waiting, answer));                                  \
                }                                                                                  \
                if (answer != TSS2_RC_SUCCESS)                                                     \
                        sent = refused((t), answer, (what), (e));                                  \
                sent;                                                                              \
        })

static TPML_PCR_SELECTION to_tss2(const PcrSelection *s) {
        TPML_PCR_SELECTION list = { .count = (UINT32) s->n_banks };

        for (size_t i = 0; i < s->n_banks; i++) {
                TPMS_PCR_SELECTION *bank = &list.pcrSelections[i];

                bank->hash = s->banks[i].alg;
                bank->sizeofSelect = PCR_COUNT / 8;
                for (unsigned k = 0; k < PCR_COUNT / 8; k++)
                        bank->pcrSelect[k] = (BYTE) (s->banks[i].mask >> (8 * k));
        }
        return list;
}

static uint32_t mask_of(const TPMS_PCR_SELECTION *bank) {
        uint32_t mask = 0;

        for (unsigned k = 0; k < PCR_COUNT / 8 && k < bank->sizeofSelect; k++)
                mask |= (uint32_t) bank->pcrSelect[k] << (8 * k);
        return mask;
}

static int tss2_banks(Tpm *tpm, PcrSelection *ret, Err *e) {
        _cleanup_(esys_done) TPMS_CAPABILITY_DATA *data = NULL;
        const TPML_PCR_SELECTION *list;
        Tss2 *t = tss2_of(tpm);
        PcrSelection s = {};
        TPMI_YES_NO more;
        int rc;

        rc = ASK(t, "asking for its PCR banks", e,
                        Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                        TPM2_CAP_PCRS, 0, 1, &more, &data));
        if (rc < 0)
                return rc;

        list = &data->data.assignedPCR;
        for (UINT32 i = 0; i < list->count; i++) {
                PcrBank bank = { list->pcrSelections[i].hash, mask_of(&list->pcrSelections[i]) };

                if (bank.mask == 0)
                        continue;
                if (s.n_banks == PCR_BANKS_MAX)
                        return err_set(e, -E2BIG, "TPM %s: more than %d PCR banks are active",
                                        t->name, PCR_BANKS_MAX);
                s.banks[s.n_banks++] = bank;
        }
        *ret = s;
        return 0;
}

/* What of a selection the values do not hold yet. */
static PcrSelection missing(const PcrSelection *which, const PcrValues *v) {
        PcrSelection s = {};

        for (size_t i = 0; i < which->n_banks; i++) {
                uint32_t mask = which->banks[i].mask & ~v->held.banks[i].mask;

                if (mask != 0)
                        s.banks[s.n_banks++] = (PcrBank){ which->banks[i].alg, mask };
        }
        return s;
}

/* Takes over the values of one answer: only what was asked for, each as long as its hash, no more
 * and no fewer than the answer's selection says. */
static bool take_values(const PcrSelection *asked, const TPML_PCR_SELECTION *got,
                const TPML_DIGEST *values, PcrValues *into) {
        const TPM2B_DIGEST *next = values->digests, *end = next + values->count;

        for (UINT32 i = 0; i < got->count; i++) {
                uint16_t alg = got->pcrSelections[i].hash;
                uint32_t mask = mask_of(&got->pcrSelections[i]);

                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
                        Digest d;

                        if (!(mask >> pcr & 1))
                                continue;
                        if (!pcr_selected(asked, alg, pcr) || next == end)
                                return false;
                        if (!digest_from((HashAlg) alg, (Span){ next->buffer, next->size }, &d))
                                return false;
                        if (!pcr_set(into, pcr, &d))
                                return false;
                        next++;
                }
        }
        return next == end;
}

/* One TPM2_PCR_Read: as many values as the TPM puts into one answer (8). */
static int read_some(Tss2 *t, const PcrSelection *asked, PcrValues *into, uint32_t *ret_updates,
                Err *e) {
        _cleanup_(esys_done) TPML_PCR_SELECTION *got = NULL;
        _cleanup_(esys_done) TPML_DIGEST *values = NULL;
        TPML_PCR_SELECTION list = to_tss2(asked);
        int rc;

        rc = ASK(t, "reading PCRs", e,
                        Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &list,
                                        ret_updates, &got, &values));
        if (rc < 0)
                return rc;
        if (values->count == 0)
                return err_set(e, -ENOENT,
                                "TPM %s: bank %s is not active: choose with --pcrs=", t->name,
                                hash_name(asked->banks[0].alg));
        if (!take_values(asked, got, values, into))
                return err_set(e, -EBADMSG, "TPM %s: other PCRs came than were asked for", t->name);
        return 0;
}

/* 1 where all values were read and nothing was extended meanwhile; 0 where something was. */
static int read_all(Tss2 *t, const PcrSelection *which, PcrValues *ret, Err *e) {
        PcrValues v = { .held = *which };
        uint32_t first = 0, updates = 0;
        bool begun = false;
        PcrSelection left;
        int rc;

        for (size_t i = 0; i < which->n_banks; i++)
                v.held.banks[i].mask = 0;
        for (left = missing(which, &v); left.n_banks > 0; left = missing(which, &v)) {
                rc = read_some(t, &left, &v, &updates, e);
                if (rc < 0)
                        return rc;
                if (begun && updates != first)
                        return 0;
                first = updates;
                begun = true;
        }
        *ret = v;
        return 1;
}

static int tss2_read(Tpm *tpm, const PcrSelection *which, PcrValues *ret, Err *e) {
        Tss2 *t = tss2_of(tpm);
        int rc;

        for (size_t i = 0; i < which->n_banks; i++)
                if (hash_size(which->banks[i].alg) == 0)
                        return err_set(e, -EINVAL, "PCR bank 0x%04x: not a hash that we know",
                                        which->banks[i].alg);
        for (unsigned n = 0; n < READ_ATTEMPTS; n++) {
                rc = read_all(t, which, ret, e);
                if (rc != 0)
                        return rc < 0 ? rc : 0;
        }
        return err_set(e, -EAGAIN,
                        "TPM %s: PCRs were extended each of the %d times that they were read: try again",
                        t->name, READ_ATTEMPTS);
}

static int tss2_extend(Tpm *tpm, unsigned pcr, const Digest *digests, size_t n, Err *e) {
        TPML_DIGEST_VALUES list = { .count = (UINT32) n };
        Tss2 *t = tss2_of(tpm);
        char what[32];

        assert(pcr < PCR_COUNT && n > 0 && n <= PCR_BANKS_MAX);
        for (size_t i = 0; i < n; i++) {
                assert(digests[i].size > 0 && digests[i].size == hash_size(digests[i].alg));
                for (size_t k = 0; k < i; k++)
                        assert(digests[k].alg != digests[i].alg);
                list.digests[i].hashAlg = (TPM2_ALG_ID) digests[i].alg;
                memcpy(&list.digests[i].digest, digests[i].bytes, digests[i].size);
        }
        (void) snprintf(what, sizeof(what), "extending PCR %u", pcr);
        return ASK(t, what, e,
                        Esys_PCR_Extend(t->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                        ESYS_TR_NONE, &list));
}

static int tss2_clock(Tpm *tpm, TpmClock *ret, Err *e) {
        _cleanup_(esys_done) TPMS_TIME_INFO *info = NULL;
        Tss2 *t = tss2_of(tpm);
        int rc;

        rc = ASK(t, "reading its clock", e,
                        Esys_ReadClock(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &info));
        if (rc < 0)
                return rc;
        *ret = (TpmClock){
                .clock = info->clockInfo.clock,
                .reset_count = info->clockInfo.resetCount,
                .restart_count = info->clockInfo.restartCount,
                .safe = info->clockInfo.safe == TPM2_YES,
        };
        return 0;
}

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

static void drop_key(Tss2 *t) {
        if (t->esys && t->key != ESYS_TR_NONE)
                (void) Esys_FlushContext(t->esys, t->key);
        t->key = ESYS_TR_NONE;
}

static int tss2_key(Tpm *tpm, TpmAkType type, Buf *public, Err *e) {
        _cleanup_(esys_done) TPM2B_PUBLIC *made = NULL;
        TPM2B_PUBLIC template = ak_template(type);
        TPM2B_SENSITIVE_CREATE no_auth = {};
        TPML_PCR_SELECTION no_pcrs = {};
        TPM2B_DATA no_data = {};
        uint8_t bytes[sizeof(TPMT_PUBLIC)];
        Tss2 *t = tss2_of(tpm);
        size_t size = 0;
        int rc;

        drop_key(t);
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

static int tss2_quote(Tpm *tpm, const PcrSelection *which, Span nonce, Buf *attest, Buf *signature,
                Err *e) {
        static const TPMT_SIG_SCHEME of_the_key = { .scheme = TPM2_ALG_NULL };
        _cleanup_(esys_done) TPM2B_ATTEST *quoted = NULL;
        _cleanup_(esys_done) TPMT_SIGNATURE *made = NULL;
        TPML_PCR_SELECTION list = to_tss2(which);
        TPM2B_DATA data = { .size = (UINT16) nonce.size };
        uint8_t bytes[sizeof(TPMT_SIGNATURE)];
        Tss2 *t = tss2_of(tpm);
        size_t size = 0;
        int rc;

        if (nonce.size > sizeof(data.buffer))
                return err_set(e, -EINVAL, "a nonce of %zu bytes, where a TPM takes %zu",
                                nonce.size, sizeof(data.buffer));
        if (t->key == ESYS_TR_NONE)
                return err_set(e, -ENOKEY, "TPM %s: there is no attestation key (any more)",
                                t->name);
        if (nonce.size > 0)
                memcpy(data.buffer, nonce.data, nonce.size);
        rc = ASK(t, "quoting PCRs", e,
                        Esys_Quote(t->esys, t->key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                        &data, &of_the_key, &list, &quoted, &made));
        if (rc < 0)
                return rc;
        if (Tss2_MU_TPMT_SIGNATURE_Marshal(made, bytes, sizeof(bytes), &size))
                return err_set(e, -EBADMSG, "TPM %s: made a signature that is none", t->name);
        buf_bytes(attest, (Span){ quoted->attestationData, quoted->size });
        buf_bytes(signature, (Span){ bytes, size });
        return attest->failed < 0 ? attest->failed : signature->failed;
}

static void tss2_close(Tpm *tpm) {
        Tss2 *t = tss2_of(tpm);

        drop_key(t);
        disconnect(t);
        free(t->name);
        free(t);
}

static const TpmOps tss2_ops = {
        .banks = tss2_banks,
        .read = tss2_read,
        .extend = tss2_extend,
        .clock = tss2_clock,
        .key = tss2_key,
        .quote = tss2_quote,
        .close = tss2_close,
};

int tpm_open_within(const char *tcti, unsigned patience, Tpm **ret, Err *e) {
        Tss2 *t = calloc(1, sizeof(*t));
        int rc;

        /* before libtss2 speaks for the first time: it reads this once */
        (void) setenv("TSS2_LOG", "all+NONE", 0);

        if (t)
                t->name = strdup(tcti ? tcti : "device:/dev/tpmrm0");
        if (!t || !t->name) {
                free(t);
                return err_set(e, -ENOMEM, "no memory for a TPM connection");
        }
        t->tpm.ops = &tss2_ops;
        t->patience = patience;
        t->key = ESYS_TR_NONE;
        rc = connect_now(t, e);
        if (rc < 0) {
                tss2_close(&t->tpm);
                return rc;
        }
        *ret = &t->tpm;
        return 0;
}
