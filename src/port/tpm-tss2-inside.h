/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <tss2/tss2_esys.h>

#include "port/tpm.h"

/* What the files behind the door to libtss2 share: the connection, and the one way to send a
 * command over it. Nobody but port/tpm-tss2*.c includes this. */

/* ESYS speaks of an NV index by a handle of its own, which it has to ask the TPM for. */
enum { NV_HANDLES_MAX = 8 };

typedef struct NvHandle {
        uint32_t index; /* 0: none */
        ESYS_TR handle;
} NvHandle;

typedef struct Tss2 {
        Tpm tpm; /* first: what callers hold */
        char *name;
        unsigned patience;
        TSS2_TCTI_CONTEXT *tcti; /* both NULL while there is no connection */
        ESYS_CONTEXT *esys;
        ESYS_TR key;   /* ESYS_TR_NONE while there is none */
        ESYS_TR audit; /* the audit session; the same */
        NvHandle nv[NV_HANDLES_MAX];
} Tss2;

static inline Tss2 *tss2_of(Tpm *t) {
        return (Tss2 *) t;
}

/* Frees what ESYS allocated; for _cleanup_ on a pointer to any of its types. */
static inline void esys_done(void *p) {
        Esys_Free(*(void **) p);
}

/* Connects where there is no connection; -ENODEV with e filled where none can be had. */
int tss2_connect(Tss2 *t, Err *e) _must_check_;

/* How long a command has been waiting for a TPM that says "not now". */
typedef struct Waiting {
        uint64_t until;
        unsigned next;
} Waiting;

/* Waits, longer each time, and is true where the TPM said "not now" and there is patience left. */
bool tss2_once_more(const Tss2 *t, Waiting *w, TSS2_RC rc);

/* Puts into words what came of asking for something. Where it was not the TPM that refused, the
 * connection is of no use any more (ESYS would refuse the next call), and is dropped. */
int tss2_refused(Tss2 *t, TSS2_RC rc, const char *what, Err *e);

/* Sends one command, connecting first where needed: 0, or a negative errno with e filled. */
#define ASK(t, what, e, command)                                                                   \
        ({                                                                                         \
                int sent = tss2_connect((t), (e));                                                 \
                TSS2_RC answer = TSS2_RC_SUCCESS;                                                  \
                Waiting waiting = {};                                                              \
                                                                                                   \
                if (sent == 0) {                                                                   \
                        do                                                                         \
                                answer = (command);                                                \
                        while (tss2_once_more((t), &waiting, answer));                             \
                }                                                                                  \
                if (answer != TSS2_RC_SUCCESS)                                                     \
                        sent = tss2_refused((t), answer, (what), (e));                             \
                sent;                                                                              \
        })

/* What the key signed, without sizes. */
int tss2_take_signed(const Tss2 *t, const TPM2B_ATTEST *made, const TPMT_SIGNATURE *by, Buf *attest,
                Buf *signature, Err *e);

/* Data to be signed with an attestation; -EINVAL where it does not fit. */
int tss2_qualifying(Span bytes, TPM2B_DATA *ret, Err *e);

/* The selection as the TPM wants it. */
TPML_PCR_SELECTION tss2_selection(const PcrSelection *s);

/* Lets the TPM forget the attestation key that tss2_key() made, and an audit session. */
void tss2_drop_key(Tss2 *t);
void tss2_drop_audit(Tss2 *t);

/* The rows of the table in tpm-tss2.c; what each does is said in port/tpm.h. */
int tss2_banks(Tpm *t, PcrSelection *ret, Err *e);
int tss2_read(Tpm *t, const PcrSelection *which, PcrValues *ret, Err *e);
int tss2_extend(Tpm *t, unsigned pcr, const Digest *digests, size_t n, Err *e);
int tss2_key(Tpm *t, TpmAkType type, Buf *public, Err *e);
int tss2_quote(Tpm *t, const PcrSelection *which, Span nonce, Buf *attest, Buf *signature, Err *e);
int tss2_audit_begin(Tpm *t, bool exclusive, Err *e);
int tss2_audit_end(Tpm *t, Span extra, Buf *attest, Buf *signature, Err *e);
int tss2_nv_public(Tpm *t, uint32_t index, Buf *public, Err *e);
int tss2_nv_define(Tpm *t, Span public, Err *e);
int tss2_nv_undefine(Tpm *t, uint32_t index, Err *e);
int tss2_nv_increment(Tpm *t, uint32_t index, Err *e);
int tss2_nv_extend(Tpm *t, uint32_t index, Span data, Err *e);
int tss2_nv_read(Tpm *t, uint32_t index, size_t size, Buf *ret, Err *e);
int tss2_nv_certify(Tpm *t, uint32_t index, size_t size, Span qualifying, Buf *attest,
                Buf *signature, Err *e);
