/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "port/crypto.h"
#include "port/tpm-tss2-inside.h"

/* Audit sessions (TPM 2.0 Library, Part 1, section 19.7 "Audit Session"): unsalted and unbound,
 * since nothing in it is secret; the password sessions beside it authorise the commands, and it
 * only listens. */

void tss2_drop_audit(Tss2 *t) {
        if (t->sys && t->audit.handle != 0)
                (void) Tss2_Sys_FlushContext(t->sys, t->audit.handle);
        t->audit = (Audit){};
}

static int draw_nonce(TPM2B_NONCE *ret, Err *e) {
        *ret = (TPM2B_NONCE){ .size = 32 };
        if (getrandom(ret->buffer, ret->size, 0) != ret->size)
                return err_set(e, -EIO, "no random bytes are to be had: %s", strerror(errno));
        return 0;
}

int tss2_audit_begin(Tpm *tpm, bool exclusive, Err *e) {
        static const TPMT_SYM_DEF in_clear = { .algorithm = TPM2_ALG_NULL };
        static const TPM2B_ENCRYPTED_SECRET no_salt = {};
        Audit audit = { .attributes = TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_AUDIT,
                .from_tpm = ROOM_FOR(TPM2B_NONCE) };
        Tss2 *t = tss2_of(tpm);
        TPM2B_NONCE nonce;
        int rc;

        if (exclusive)
                audit.attributes |= TPMA_SESSION_AUDITEXCLUSIVE;
        tss2_drop_audit(t);
        rc = draw_nonce(&nonce, e);
        if (rc == 0)
                rc = ASK(t, "beginning an audit session", e,
                                Tss2_Sys_StartAuthSession(t->sys, TPM2_RH_NULL, TPM2_RH_NULL, NULL,
                                                &nonce, &no_salt, TPM2_SE_HMAC, &in_clear,
                                                TPM2_ALG_SHA256, &audit.handle, &audit.from_tpm,
                                                NULL));
        if (rc < 0)
                return rc;
        t->audit = audit;
        return 0;
}

/* Part 1, section 16.7: H(command code || Names || parameters). */
static int command_hash(Tss2 *t, const Span *names, size_t n_names, Digest *ret) {
        const uint8_t *parameters;
        Span parts[1 + 3 + 1];
        size_t size, n = 0;
        uint8_t code[4];

        if (Tss2_Sys_GetCommandCode(t->sys, code) != TSS2_RC_SUCCESS ||
                        Tss2_Sys_GetCpBuffer(t->sys, &size, &parameters) != TSS2_RC_SUCCESS)
                return -EIO;
        parts[n++] = (Span){ code, sizeof(code) };
        for (size_t i = 0; i < n_names; i++)
                parts[n++] = names[i];
        parts[n++] = (Span){ parameters, size };
        return hash_parts(HASH_SHA256, parts, n, ret, NULL);
}

/* Part 1, section 19.6: the session has no key, so whoever can hash can make its HMAC. It proves
 * nothing, but the TPM wants it. */
static int authorise(Tss2 *t, const Span *names, size_t n_names, TPMS_AUTH_COMMAND *ret) {
        TPMS_AUTH_COMMAND a = { .sessionHandle = t->audit.handle,
                .sessionAttributes = t->audit.attributes };
        Digest command, hmac;
        int rc;

        rc = draw_nonce(&a.nonce, NULL);
        if (rc == 0)
                rc = command_hash(t, names, n_names, &command);
        if (rc < 0)
                return rc;

        const Span parts[] = {
                digest_span(&command),
                { a.nonce.buffer, a.nonce.size },
                { t->audit.from_tpm.buffer, t->audit.from_tpm.size },
                { &a.sessionAttributes, 1 },
        };

        rc = hmac_sha256((Span){}, parts, ELEMENTS(parts), &hmac, NULL);
        if (rc < 0)
                return rc;
        a.hmac.size = hmac.size;
        memcpy(a.hmac.buffer, hmac.bytes, hmac.size);
        *ret = a;
        return 0;
}

TSS2_RC tss2_execute(Tss2 *t, const TSS2L_SYS_AUTH_COMMAND *passwords, const Span *names,
                size_t n_names) {
        TSS2L_SYS_AUTH_COMMAND all = *passwords;
        TSS2L_SYS_AUTH_RESPONSE answered = {};
        TSS2_RC rc;

        if (t->audit.handle != 0 && authorise(t, names, n_names, &all.auths[all.count++]) < 0)
                return TSS2_SYS_RC_GENERAL_FAILURE;
        rc = Tss2_Sys_SetCmdAuths(t->sys, &all);
        if (rc == TSS2_RC_SUCCESS)
                rc = Tss2_Sys_Execute(t->sys);
        if (rc == TSS2_RC_SUCCESS)
                rc = Tss2_Sys_GetRspAuths(t->sys, &answered);
        if (rc == TSS2_RC_SUCCESS && t->audit.handle != 0)
                t->audit.from_tpm = answered.auths[passwords->count].nonce;
        return rc;
}

int tss2_audit_end(Tpm *tpm, Span extra, Buf *attest, Buf *signature, Err *e) {
        static const TPMT_SIG_SCHEME of_the_key = { .scheme = TPM2_ALG_NULL };
        TPM2B_ATTEST audited = ROOM_FOR(TPM2B_ATTEST);
        TPMT_SIGNATURE made = {};
        Tss2 *t = tss2_of(tpm);
        TPM2B_DATA data;
        int rc;

        if (t->audit.handle == 0)
                return err_set(e, -ENOKEY, "TPM %s: there is no audit session (any more)", t->name);
        rc = tss2_qualifying(extra, &data, e);
        if (rc == 0 && t->key == 0)
                rc = err_set(e, -ENOKEY, "TPM %s: there is no attestation key (any more)", t->name);
        if (rc == 0)
                rc = ASK(t, "ending the audit session", e,
                                Tss2_Sys_GetSessionAuditDigest(t->sys, TPM2_RH_ENDORSEMENT, t->key,
                                                t->audit.handle, &tss2_two_passwords, &data,
                                                &of_the_key, &audited, &made, NULL));
        tss2_drop_audit(t);
        return rc < 0 ? rc : tss2_take_signed(t, &audited, &made, attest, signature, e);
}
