/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "log/receipt.h"
#include "port/crypto.h"

/* In a file of its own: who makes receipts, and does not judge them, is not linked with what checks
 * signatures. */

static int no(Err *why, const char *text) {
        (void) err_set(why, -EBADMSG, "%s", text);
        return 0;
}

int receipt_judge(const HistoryLine *l, const TpmPublic *ak, Err *why, Err *e) {
        PublicKey key = {
                .modulus = ak->modulus, .exponent = ak->exponent, .x = ak->x, .y = ak->y
        };
        TpmSignature s;
        bool holds = false;
        Digest d;
        int rc;

        rc = receipt_says(l->attest, l->content.bytes, l->value, why, e);
        if (rc <= 0)
                return rc;
        if (tpm_signature_parse(l->signature, &s, why) < 0)
                return 0;
        if (s.scheme != ak->scheme || s.hash != ak->hash)
                return no(why, "its receipt is not signed in the way of the attestation key");
        rc = hash_bytes(s.hash, l->attest, &d, e);
        if (rc < 0)
                return rc;
        key.type = ak->curve == TPM_CURVE_P384 ? PUBLIC_KEY_P384 : PUBLIC_KEY_P256;
        if (ak->type == TPM_KEY_RSA) {
                key.type = PUBLIC_KEY_RSA;
                rc = signature_judge_rsa(&key, &d, s.rsa, &holds, e);
        } else {
                rc = signature_judge_ecdsa(&key, &d, s.r, s.s, &holds, e);
        }
        if (rc < 0)
                return rc;
        return holds ? 1 : no(why, "its receipt is not signed with the attestation key");
}
