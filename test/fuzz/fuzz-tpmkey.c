/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "support/attest.h"
#include "wire/tpmkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds) {
        if (!holds)
                abort();
}

/* Written again from its fields, a key gives the same bytes; only a default exponent may have been
 * written out, which the length does not show. */
static void need_same_key(const TpmPublic *p, Span in, uint32_t exponent) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * TPM_PUBLIC_MAX);

        buf_be(&b, p->type, 2);
        buf_be(&b, p->name_alg, 2);
        buf_be(&b, p->attributes, 4);
        sample_sized(p->policy, &b);
        buf_be(&b, 0x0010, 2);
        buf_be(&b, p->scheme, 2);
        buf_be(&b, p->hash, 2);
        if (p->type == TPM_KEY_RSA) {
                buf_be(&b, p->bits, 2);
                buf_be(&b, exponent, 4);
                sample_sized(p->modulus, &b);
        } else {
                buf_be(&b, p->curve, 2);
                buf_be(&b, 0x0010, 2);
                sample_sized(p->x, &b);
                sample_sized(p->y, &b);
        }
        if (p->exponent == 65537 && exponent != 0 && !span_equal(buf_span(&b), in))
                need_same_key(p, in, 0);
        else
                need(span_equal(buf_span(&b), in));
}

static bool try_public(Span in) {
        Err e = {};
        TpmPublic p;

        if (tpm_public_parse(in, &p, &e) < 0) {
                need(e.code < 0 && e.text[0] != '\0');
                return false;
        }
        need(p.bytes.data == in.data && p.bytes.size == in.size);
        need(hash_proves(p.hash));
        need_same_key(&p, in, p.exponent);
        return true;
}

static bool try_signature(Span in) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(2 * TPM_SIGNATURE_MAX);
        TpmSignature s;
        Err e = {};

        if (tpm_signature_parse(in, &s, &e) < 0) {
                need(e.code < 0 && e.text[0] != '\0');
                return false;
        }
        need(hash_proves(s.hash));
        buf_be(&b, s.scheme, 2);
        buf_be(&b, s.hash, 2);
        if (s.scheme == TPM_SCHEME_RSASSA) {
                sample_sized(s.rsa, &b);
        } else {
                sample_sized(s.r, &b);
                sample_sized(s.s, &b);
        }
        need(span_equal(buf_span(&b), in));
        return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span in = { data, size };

        need(!(try_public(in) && try_signature(in)));
        return 0;
}
