/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <tss2/tss2_sys.h>

#include "port/tpm-tss2-line.h"
#include "port/tpm.h"

/* What the files behind the door to libtss2 share: the connection, and the one way to send a
 * command over it. Nobody but port/tpm-tss2*.c includes this.
 *
 * Commands are put together by libtss2's system API, which sends what it is told and nothing else.
 * Its enhanced API asks for the Name of each NV index first, and brings all of OpenSSL along: it is
 * used where a session has to be encrypted, in tpm-tss2-seal.c, which few programs are linked with.
 */

/* The Names of NV indices, which an audit session hashes. */
enum { NV_NAMES_MAX = 8 };

typedef struct NvName {
        uint32_t index; /* 0: none */
        TPM2B_NAME name;
} NvName;

/* An audit session (Part 1, section 19.7). */
typedef struct Audit {
        TPM2_HANDLE handle; /* 0: none */
        TPMA_SESSION attributes;
        TPM2B_NONCE from_tpm;
} Audit;

typedef struct Tss2 Tss2;
struct Tss2 {
        Tpm tpm; /* first: what callers hold */
        TpmOps ops;
        char *name;
        unsigned patience;
        uint64_t silent_until;
        Line *line; /* both NULL while there is no connection */
        TSS2_SYS_CONTEXT *sys;
        TPM2_HANDLE key; /* 0 while there is none */
        TPM2B_NAME key_name;
        Audit audit;
        NvName nv[NV_NAMES_MAX];

        void *sealing; /* tpm-tss2-seal.c's own, which has to let go before the line is closed */
        void (*let_go)(Tss2 *t);
};

static inline Tss2 *tss2_of(Tpm *t) {
        return (Tss2 *) t;
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
 * connection is of no use any more, and is dropped. */
int tss2_refused(Tss2 *t, TSS2_RC rc, const char *what, Err *e);

/* What came of asking for something in the owner's hierarchy, and why: a refused password is the
 * owner's. */
int tss2_owner(const Tss2 *t, int rc, const char *what, const Err *why, Err *e);

/* Sends one command, connecting first where needed: 0, or a negative errno with e filled. */
#define ASK_OVER(connect, t, what, e, command)                                                     \
        ({                                                                                         \
                int sent = connect((t), (e));                                                      \
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
#define ASK(t, what, e, command) ASK_OVER(tss2_connect, t, what, e, command)

/* The authorisation of commands: all that avouch uses has an empty password. */
extern const TSS2L_SYS_AUTH_COMMAND tss2_password, tss2_two_passwords;

/* Where the system API shall write a TPM2B, it wants to know how much room there is. */
#define ROOM_FOR(type) ((type){ .size = sizeof(type) - sizeof(UINT16) })

/* Sends what was prepared, authorised by this many passwords, and audited where there is a session.
 * names: of its handles, in their order. */
TSS2_RC tss2_execute(Tss2 *t, const TSS2L_SYS_AUTH_COMMAND *passwords, const Span *names,
                size_t n_names);

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
int tss2_key_save(Tpm *t, Buf *context, Err *e);
int tss2_key_load(Tpm *t, TpmAkType type, uint64_t sequence, Span blob, Buf *public, Err *e);
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
