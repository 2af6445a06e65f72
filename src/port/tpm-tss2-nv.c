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
        for (size_t i = 0; i < NV_NAMES_MAX; i++)
                if (t->nv[i].index == index)
                        t->nv[i] = (NvName){};
}

/* In the first place that is free, or else the first one's. */
static void remember(Tss2 *t, uint32_t index, const TPM2B_NAME *name) {
        size_t i = 0;

        forget(t, index);
        while (i < NV_NAMES_MAX && t->nv[i].index != 0)
                i++;
        t->nv[i < NV_NAMES_MAX ? i : 0] = (NvName){ index, *name };
}

/* Whoever was refused may have met another index than the one whose Name is known; unless it was
 * the audit session that was refused. */
static int done(Tss2 *t, uint32_t index, int rc) {
        if (rc < 0 && rc != -EAGAIN)
                forget(t, index);
        return rc;
}

static int read_public(Tss2 *t, uint32_t index, const char *what, TPM2B_NV_PUBLIC *ret, Err *e) {
        TPM2B_NAME name = ROOM_FOR(TPM2B_NAME);
        int rc;

        *ret = (TPM2B_NV_PUBLIC){};
        rc = ASK(t, what, e, Tss2_Sys_NV_ReadPublic(t->sys, index, NULL, ret, &name, NULL));
        if (rc == 0)
                remember(t, index, &name);
        return done(t, index, rc);
}

int tss2_nv_public(Tpm *tpm, uint32_t index, Buf *public, Err *e) {
        What what = what_of("reading the public area of", index);
        uint8_t bytes[sizeof(TPMS_NV_PUBLIC)];
        Tss2 *t = tss2_of(tpm);
        TPM2B_NV_PUBLIC found;
        size_t size = 0;
        Err why = {};
        int rc;

        rc = read_public(t, index, what.text, &found, &why);
        if (rc == -ENOENT)
                return 0;
        if (rc < 0)
                return err_set(e, rc, "%s", why.text);
        if (Tss2_MU_TPMS_NV_PUBLIC_Marshal(&found.nvPublic, bytes, sizeof(bytes), &size))
                return err_set(e, -EBADMSG, "TPM %s: has an NV index that is none", t->name);
        buf_bytes(public, (Span){ bytes, size });
        return public->failed < 0 ? public->failed : 1;
}

int tss2_nv_define(Tpm *tpm, Span public, Err *e) {
        TPM2B_AUTH none = {};
        TPM2B_NV_PUBLIC p = {};
        Tss2 *t = tss2_of(tpm);
        size_t at = 0;
        Err why = {};
        What what;
        int rc;

        if (Tss2_MU_TPMS_NV_PUBLIC_Unmarshal(public.data, public.size, &at, &p.nvPublic) ||
                        at != public.size)
                return err_set(e, -EINVAL, "not the public area of an NV index");
        what = what_of("defining", p.nvPublic.nvIndex);
        forget(t, p.nvPublic.nvIndex);
        rc = ASK(t, what.text, &why,
                        Tss2_Sys_NV_DefineSpace(
                                        t->sys, TPM2_RH_OWNER, &tss2_password, &none, &p, NULL));
        return tss2_owner(t, rc, what.text, &why, e);
}

int tss2_nv_undefine(Tpm *tpm, uint32_t index, Err *e) {
        What what = what_of("removing", index);
        Tss2 *t = tss2_of(tpm);
        Err why = {};
        int rc;

        forget(t, index);
        rc = ASK(t, what.text, &why,
                        Tss2_Sys_NV_UndefineSpace(
                                        t->sys, TPM2_RH_OWNER, index, &tss2_password, NULL));
        return tss2_owner(t, rc, what.text, &why, e);
}

int tss2_nv_increment(Tpm *tpm, uint32_t index, Err *e) {
        What what = what_of("incrementing", index);
        Tss2 *t = tss2_of(tpm);
        int rc;

        rc = ASK(t, what.text, e,
                        Tss2_Sys_NV_Increment(t->sys, index, index, &tss2_password, NULL));
        return done(t, index, rc);
}

int tss2_nv_extend(Tpm *tpm, uint32_t index, Span data, Err *e) {
        TPM2B_MAX_NV_BUFFER with = { .size = (UINT16) data.size };
        What what = what_of("extending", index);
        Tss2 *t = tss2_of(tpm);
        int rc;

        assert(data.size > 0 && data.size <= sizeof(with.buffer));
        memcpy(with.buffer, data.data, data.size);
        rc = ASK(t, what.text, e,
                        Tss2_Sys_NV_Extend(t->sys, index, index, &tss2_password, &with, NULL));
        return done(t, index, rc);
}

int tss2_nv_read(Tpm *tpm, uint32_t index, size_t size, Buf *ret, Err *e) {
        TPM2B_MAX_NV_BUFFER found = ROOM_FOR(TPM2B_MAX_NV_BUFFER);
        What what = what_of("reading", index);
        Tss2 *t = tss2_of(tpm);
        int rc;

        assert(size > 0 && size <= NV_READ_MAX);
        rc = ASK(t, what.text, e,
                        Tss2_Sys_NV_Read(t->sys, index, index, &tss2_password, (UINT16) size, 0,
                                        &found, NULL));
        rc = done(t, index, rc);
        if (rc < 0)
                return rc;
        if (found.size != size)
                return err_set(e, -EBADMSG, "TPM %s: %s: %u bytes came, not %zu", t->name,
                                what.text, found.size, size);
        buf_bytes(ret, (Span){ found.buffer, found.size });
        return ret->failed;
}

/* The index's Name, where an audit session will hash it. */
static int find_name(Tss2 *t, uint32_t index, const char *what, Span *ret, Err *e) {
        TPM2B_NV_PUBLIC unused;
        int rc = 0;

        *ret = (Span){};
        if (t->audit.handle == 0)
                return 0;
        for (int again = 0; rc == 0 && again < 2; again++) {
                for (size_t i = 0; i < NV_NAMES_MAX; i++)
                        if (t->nv[i].index == index) {
                                *ret = (Span){ t->nv[i].name.name, t->nv[i].name.size };
                                return 0;
                        }
                rc = read_public(t, index, what, &unused, e);
        }
        return rc;
}

static TSS2_RC certify(Tss2 *t, uint32_t index, size_t size, const Span *names,
                const TPM2B_DATA *data, TPM2B_ATTEST *certified, TPMT_SIGNATURE *made) {
        static const TPMT_SIG_SCHEME of_the_key = { .scheme = TPM2_ALG_NULL };
        TSS2_RC rc;

        rc = Tss2_Sys_NV_Certify_Prepare(
                        t->sys, t->key, index, index, data, &of_the_key, (UINT16) size, 0);
        if (rc == TSS2_RC_SUCCESS)
                rc = tss2_execute(t, &tss2_two_passwords, names, 3);
        return rc == TSS2_RC_SUCCESS ? Tss2_Sys_NV_Certify_Complete(t->sys, certified, made) : rc;
}

int tss2_nv_certify(Tpm *tpm, uint32_t index, size_t size, Span qualifying, Buf *attest,
                Buf *signature, Err *e) {
        TPM2B_ATTEST certified = ROOM_FOR(TPM2B_ATTEST);
        What what = what_of("certifying", index);
        TPMT_SIGNATURE made = {};
        Tss2 *t = tss2_of(tpm);
        TPM2B_DATA data;
        Span name;
        int rc;

        assert(size > 0 && size <= NV_READ_MAX);
        rc = tss2_qualifying(qualifying, &data, e);
        if (rc < 0)
                return rc;
        if (t->key == 0)
                return err_set(e, -ENOKEY, "TPM %s: there is no attestation key (any more)",
                                t->name);
        rc = find_name(t, index, what.text, &name, e);
        if (rc < 0)
                return rc;

        const Span names[] = { { t->key_name.name, t->key_name.size }, name, name };

        rc = ASK(t, what.text, e, certify(t, index, size, names, &data, &certified, &made));
        rc = done(t, index, rc);
        if (rc < 0)
                return rc;
        return tss2_take_signed(t, &certified, &made, attest, signature, e);
}
