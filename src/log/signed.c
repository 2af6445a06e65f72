/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log/signed.h"

PublicKey signed_key(const TpmPublic *key) {
        if (key->type == TPM_KEY_RSA)
                return (PublicKey){
                        .type = PUBLIC_KEY_RSA, .modulus = key->modulus, .exponent = key->exponent
                };
        return (PublicKey){ .type = key->curve == TPM_CURVE_P384 ? PUBLIC_KEY_P384
                                                                 : PUBLIC_KEY_P256,
                .x = key->x,
                .y = key->y };
}

int signed_by(const TpmPublic *key, Span bytes, const TpmSignature *s, bool *ret_holds, Err *e) {
        PublicKey numbers = signed_key(key);
        Digest d;
        int rc;

        *ret_holds = false;
        /* A restricted key signs with its own scheme and hash only; anything else is not from it.
         */
        if (s->scheme != key->scheme || s->hash != key->hash)
                return 0;
        rc = hash_bytes(s->hash, bytes, &d, e);
        if (rc < 0)
                return rc;
        if (s->scheme == TPM_SCHEME_RSASSA)
                return signature_judge_rsa(&numbers, &d, s->rsa, ret_holds, e);
        return signature_judge_ecdsa(&numbers, &d, s->r, s->s, ret_holds, e);
}
