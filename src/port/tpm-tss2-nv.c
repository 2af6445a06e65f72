/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "port/tpm-tss2-inside.h"

/* NV indices: counters and registers. */

/* "incrementing NV index 0x01806176" */
typedef struct What {
        char text[64];
} What;

static What what_of(const char *doing, uint32_t index) {
        What w;

        (void) snprintf(w.text, sizeof(w.text), "%s NV index 0x%08x", doing, index);
        return w;
}

static void forget(Tss2 *t, uint32_t index) {
        for (size_t i = 0; i < NV_HANDLES_MAX; i++) {
                if (t->nv[i].index != index)
                        continue;
                if (t->esys)
                        (void) Esys_TR_Close(t->esys, &t->nv[i].handle);
                t->nv[i] = (NvHandle){};
        }
}

/* A place for one more handle; where all are taken, the first one's. */
static NvHandle *free_place(Tss2 *t) {
        for (size_t i = 0; i < NV_HANDLES_MAX; i++)
                if (t->nv[i].index == 0)
                        return &t->nv[i];
        forget(t, t->nv[0].index);
        return &t->nv[0];
}

/* ESYS's handle for an index. The TPM is asked where this connection does not know it yet. */
static int find(Tss2 *t, uint32_t index, const char *doing, ESYS_TR *ret, Err *e) {
        What what = what_of(doing, index);
        ESYS_TR handle = ESYS_TR_NONE;
        int rc;

        for (size_t i = 0; i < NV_HANDLES_MAX; i++)
                if (t->nv[i].index == index) {
                        *ret = t->nv[i].handle;
                        return 0;
                }
        rc = ASK(t, what.text, e,
                        Esys_TR_FromTPMPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE,
                                        ESYS_TR_NONE, &handle));
        if (rc < 0)
                return rc;
        *free_place(t) = (NvHandle){ index, handle };
        *ret = handle;
        return 0;
}

/* Whoever was refused may have met another index than the one that the handle was made for; unless
 * it was the audit session that was refused. */
static int done(Tss2 *t, uint32_t index, int rc) {
        if (rc < 0 && rc != -EAGAIN)
                forget(t, index);
        return rc;
}

int tss2_nv_public(Tpm *tpm, uint32_t index, Buf *public, Err *e) {
        _cleanup_(esys_done) TPM2B_NV_PUBLIC *found = NULL;
        static const char doing[] = "reading the public area of";
        What what = what_of(doing, index);
        uint8_t bytes[sizeof(TPMS_NV_PUBLIC)];
        Tss2 *t = tss2_of(tpm);
        ESYS_TR handle;
        size_t size = 0;
        Err why = {};
        int rc;

        rc = find(t, index, doing, &handle, &why);
        if (rc == 0)
                rc = done(t, index,
                                ASK(t, what.text, &why,
                                                Esys_NV_ReadPublic(t->esys, handle, ESYS_TR_NONE,
                                                                ESYS_TR_NONE, ESYS_TR_NONE, &found,
                                                                NULL)));
        if (rc == -ENOENT)
                return 0;
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        if (Tss2_MU_TPMS_NV_PUBLIC_Marshal(&found->nvPublic, bytes, sizeof(bytes), &size))
                return err_set(e, -EBADMSG, "TPM %s: has an NV index that is none", t->name);
        buf_bytes(public, (Span){ bytes, size });
        return public->failed < 0 ? public->failed : 1;
}

int tss2_nv_define(Tpm *tpm, Span public, Err *e) {
        TPM2B_AUTH none = {};
        TPM2B_NV_PUBLIC p = {};
        ESYS_TR handle = ESYS_TR_NONE;
        Tss2 *t = tss2_of(tpm);
        size_t at = 0;
        What what;
        int rc;

        if (Tss2_MU_TPMS_NV_PUBLIC_Unmarshal(public.data, public.size, &at, &p.nvPublic) ||
                        at != public.size)
                return err_set(e, -EINVAL, "not the public area of an NV index");
        what = what_of("defining", p.nvPublic.nvIndex);
        forget(t, p.nvPublic.nvIndex);
        rc = ASK(t, what.text, e,
                        Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE, ESYS_TR_NONE, &none, &p, &handle));
        if (rc < 0)
                return rc;
        *free_place(t) = (NvHandle){ p.nvPublic.nvIndex, handle };
        return 0;
}

int tss2_nv_undefine(Tpm *tpm, uint32_t index, Err *e) {
        static const char doing[] = "removing";
        What what = what_of(doing, index);
        Tss2 *t = tss2_of(tpm);
        ESYS_TR handle;
        int rc;

        rc = find(t, index, doing, &handle, e);
        if (rc < 0)
                return rc;
        rc = ASK(t, what.text, e,
                        Esys_NV_UndefineSpace(t->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE, ESYS_TR_NONE));
        /* ESYS forgets the handle of an index that it removed */
        for (size_t i = 0; rc == 0 && i < NV_HANDLES_MAX; i++)
                if (t->nv[i].index == index)
                        t->nv[i] = (NvHandle){};
        return done(t, index, rc);
}

int tss2_nv_increment(Tpm *tpm, uint32_t index, Err *e) {
        static const char doing[] = "incrementing";
        What what = what_of(doing, index);
        Tss2 *t = tss2_of(tpm);
        ESYS_TR handle;
        int rc;

        rc = find(t, index, doing, &handle, e);
        if (rc < 0)
                return rc;
        rc = ASK(t, what.text, e,
                        Esys_NV_Increment(t->esys, handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                        ESYS_TR_NONE));
        return done(t, index, rc);
}

int tss2_nv_extend(Tpm *tpm, uint32_t index, Span data, Err *e) {
        static const char doing[] = "extending";
        TPM2B_MAX_NV_BUFFER with = { .size = (UINT16) data.size };
        What what = what_of(doing, index);
        Tss2 *t = tss2_of(tpm);
        ESYS_TR handle;
        int rc;

        assert(data.size > 0 && data.size <= sizeof(with.buffer));
        memcpy(with.buffer, data.data, data.size);
        rc = find(t, index, doing, &handle, e);
        if (rc < 0)
                return rc;
        rc = ASK(t, what.text, e,
                        Esys_NV_Extend(t->esys, handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                        ESYS_TR_NONE, &with));
        return done(t, index, rc);
}

int tss2_nv_read(Tpm *tpm, uint32_t index, size_t size, Buf *ret, Err *e) {
        _cleanup_(esys_done) TPM2B_MAX_NV_BUFFER *found = NULL;
        static const char doing[] = "reading";
        What what = what_of(doing, index);
        Tss2 *t = tss2_of(tpm);
        ESYS_TR handle;
        int rc;

        assert(size > 0 && size <= NV_READ_MAX);
        rc = find(t, index, doing, &handle, e);
        if (rc < 0)
                return rc;
        rc = ASK(t, what.text, e,
                        Esys_NV_Read(t->esys, handle, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                        ESYS_TR_NONE, (UINT16) size, 0, &found));
        rc = done(t, index, rc);
        if (rc < 0)
                return rc;
        if (found->size != size)
                return err_set(e, -EBADMSG, "TPM %s: %s: %u bytes came, not %zu", t->name,
                                what.text, found->size, size);
        buf_bytes(ret, (Span){ found->buffer, found->size });
        return ret->failed;
}

int tss2_nv_certify(Tpm *tpm, uint32_t index, size_t size, Span qualifying, Buf *attest,
                Buf *signature, Err *e) {
        static const TPMT_SIG_SCHEME of_the_key = { .scheme = TPM2_ALG_NULL };
        _cleanup_(esys_done) TPM2B_ATTEST *certified = NULL;
        _cleanup_(esys_done) TPMT_SIGNATURE *made = NULL;
        static const char doing[] = "certifying";
        What what = what_of(doing, index);
        Tss2 *t = tss2_of(tpm);
        ESYS_TR handle;
        TPM2B_DATA data;
        int rc;

        assert(size > 0 && size <= NV_READ_MAX);
        rc = tss2_qualifying(qualifying, &data, e);
        if (rc < 0)
                return rc;
        if (t->key == ESYS_TR_NONE)
                return err_set(e, -ENOKEY, "TPM %s: there is no attestation key (any more)",
                                t->name);
        rc = find(t, index, doing, &handle, e);
        if (rc < 0)
                return rc;
        rc = ASK(t, what.text, e,
                        Esys_NV_Certify(t->esys, t->key, handle, handle, ESYS_TR_PASSWORD,
                                        ESYS_TR_PASSWORD, t->audit, &data, &of_the_key,
                                        (UINT16) size, 0, &certified, &made));
        rc = done(t, index, rc);
        if (rc < 0)
                return rc;
        return tss2_take_signed(t, certified, made, attest, signature, e);
}
