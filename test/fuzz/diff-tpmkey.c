/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include <tss2/tss2_mu.h>

#include "wire/tpmkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Our reader of TPM keys and signatures against tss2's, over the same bytes: whatever ours takes,
 * tss2 takes too, to the last byte and with the same values. */

static void need(bool holds) {
        if (!holds)
                abort();
}

static bool same(Span ours, const uint8_t *bytes, size_t size) {
        return span_equal(ours, (Span){ bytes, size });
}

static void need_rsa(const TpmPublic *p, const TPMT_PUBLIC *t) {
        const TPMS_RSA_PARMS *r = &t->parameters.rsaDetail;

        need(r->symmetric.algorithm == TPM2_ALG_NULL);
        need(r->scheme.scheme == p->scheme && r->scheme.details.rsassa.hashAlg == p->hash);
        need(r->keyBits == p->bits);
        need(r->exponent == p->exponent || (r->exponent == 0 && p->exponent == 65537));
        need(same(p->modulus, t->unique.rsa.buffer, t->unique.rsa.size));
}

static void need_ecc(const TpmPublic *p, const TPMT_PUBLIC *t) {
        const TPMS_ECC_PARMS *ecc = &t->parameters.eccDetail;

        need(ecc->symmetric.algorithm == TPM2_ALG_NULL && ecc->kdf.scheme == TPM2_ALG_NULL);
        need(ecc->scheme.scheme == p->scheme && ecc->scheme.details.ecdsa.hashAlg == p->hash);
        need(ecc->curveID == p->curve);
        need(same(p->x, t->unique.ecc.x.buffer, t->unique.ecc.x.size));
        need(same(p->y, t->unique.ecc.y.buffer, t->unique.ecc.y.size));
}

static void compare_public(Span in) {
        TPMT_PUBLIC t = {};
        TpmPublic p;
        size_t at = 0;

        if (tpm_public_parse(in, &p, NULL) < 0)
                return;
        need(Tss2_MU_TPMT_PUBLIC_Unmarshal(in.data, in.size, &at, &t) == TSS2_RC_SUCCESS);
        need(at == in.size);
        need(t.type == p.type && t.nameAlg == p.name_alg && t.objectAttributes == p.attributes);
        need(same(p.policy, t.authPolicy.buffer, t.authPolicy.size));
        if (p.type == TPM_KEY_RSA)
                need_rsa(&p, &t);
        else
                need_ecc(&p, &t);
}

static void compare_signature(Span in) {
        TPMT_SIGNATURE t = {};
        TpmSignature s;
        size_t at = 0;

        if (tpm_signature_parse(in, &s, NULL) < 0)
                return;
        need(Tss2_MU_TPMT_SIGNATURE_Unmarshal(in.data, in.size, &at, &t) == TSS2_RC_SUCCESS);
        need(at == in.size);
        need(t.sigAlg == s.scheme && t.signature.any.hashAlg == s.hash);
        if (s.scheme == TPM_SCHEME_RSASSA) {
                need(same(s.rsa, t.signature.rsassa.sig.buffer, t.signature.rsassa.sig.size));
        } else {
                need(same(s.r, t.signature.ecdsa.signatureR.buffer,
                                t.signature.ecdsa.signatureR.size));
                need(same(s.s, t.signature.ecdsa.signatureS.buffer,
                                t.signature.ecdsa.signatureS.size));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        (void) setenv("TSS2_LOG", "all+NONE", 0);
        compare_public((Span){ data, size });
        compare_signature((Span){ data, size });
        return 0;
}
