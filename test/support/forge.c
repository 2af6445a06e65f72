/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/forge.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "port/crypto.h"
#include "wire/attest.h"
#include "wire/tpmkey.h"

static void put_prefixed(Buf *to, Span s) {
        buf_be(to, s.size, 2);
        buf_bytes(to, s);
}

/* TPMT_PUBLIC of an attestation key as forms.md, section 2 has it, with the forge's attributes. */
static void make_public(Forge *f) {
        uint8_t point[65];
        size_t n;
        Digest d;

        buf_done(&f->ak);
        assert(EVP_PKEY_get_octet_string_param(f->key, "pub", point, sizeof(point), &n) == 1);
        assert(n == sizeof(point) && point[0] == 4);
        buf_be(&f->ak, TPM_KEY_ECC, 2);
        buf_be(&f->ak, HASH_SHA256, 2);
        buf_be(&f->ak, f->attributes, 4);
        buf_be(&f->ak, 0, 2);      /* no policy */
        buf_be(&f->ak, 0x0010, 2); /* symmetric: TPM_ALG_NULL */
        buf_be(&f->ak, TPM_SCHEME_ECDSA, 2);
        buf_be(&f->ak, HASH_SHA256, 2);
        buf_be(&f->ak, TPM_CURVE_P256, 2);
        buf_be(&f->ak, 0x0010, 2); /* kdf: TPM_ALG_NULL */
        put_prefixed(&f->ak, (Span){ point + 1, 32 });
        put_prefixed(&f->ak, (Span){ point + 33, 32 });
        if (hash_bytes(HASH_SHA256, buf_span(&f->ak), &d, NULL) < 0)
                assert(false);
        tpm_name(&d, f->ak_name);
}

void forge_take(Forge *f, const World *w) {
        Digest zero = digest_zero(HASH_SHA256);

        f->values = (PcrValues){};
        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (!pcr_set(&f->values, pcr,
                                    pcr == WORLD_PCR ? pcr_value(&w->pcrs, HASH_SHA256, pcr)
                                                     : &zero))
                        assert(false);
        f->signed_values = f->values;
        f->selection = f->asked = f->values.held;
        f->clock = w->clock;
        buf_done(&f->log);
        buf_bytes(&f->log, buf_span(&w->log));
}

void forge_new(Forge *f, const World *w) {
        *f = (Forge){
                .key = EVP_EC_gen("P-256"),
                .other_key = EVP_EC_gen("P-256"),
                .ak = BUF_UP_TO(TPM_PUBLIC_MAX),
                .attest = BUF_UP_TO(ATTEST_MAX),
                .signature = BUF_UP_TO(TPM_SIGNATURE_MAX),
                .log = BUF_UP_TO(LOG_MAX),
                .attributes = 0x00050472,
                .magic = 0xff544347,
                .type = 0x8018,
                .nonce_size = 32,
        };
        assert(f->key && f->other_key);
        memset(f->nonce, 0x5a, sizeof(f->nonce));
        memset(f->manifest_nonce, 0x5a, sizeof(f->manifest_nonce));
        forge_take(f, w);
}

void forge_done(Forge *f) {
        EVP_PKEY_free(f->key);
        EVP_PKEY_free(f->other_key);
        buf_done(&f->ak);
        buf_done(&f->attest);
        buf_done(&f->signature);
        buf_done(&f->log);
}

static void sign(Forge *f) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        uint8_t der[128], r[32], s[32];
        size_t n = sizeof(der);
        const uint8_t *at = der;
        ECDSA_SIG *sig;

        assert(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
                               f->sign_with_other ? f->other_key : f->key) == 1);
        assert(EVP_DigestSign(ctx, der, &n, f->attest.data, f->attest.size) == 1);
        EVP_MD_CTX_free(ctx);
        sig = d2i_ECDSA_SIG(NULL, &at, (long) n);
        assert(sig);
        assert(BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, 32) == 32);
        assert(BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, 32) == 32);
        ECDSA_SIG_free(sig);

        buf_done(&f->signature);
        buf_be(&f->signature, TPM_SCHEME_ECDSA, 2);
        buf_be(&f->signature, HASH_SHA256, 2);
        put_prefixed(&f->signature, (Span){ r, 32 });
        put_prefixed(&f->signature, (Span){ s, 32 });
}

static void digest_of_values(const Forge *f, Digest *ret) {
        Span parts[PCR_BANKS_MAX * PCR_COUNT];
        size_t n = 0;

        for (size_t b = 0; b < f->selection.n_banks; b++)
                for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
                        if (f->selection.banks[b].mask >> pcr & 1) {
                                const Digest *d = pcr_value(
                                                &f->signed_values, f->selection.banks[b].alg, pcr);

                                assert(d);
                                parts[n++] = digest_span(d);
                        }
        if (hash_parts(HASH_SHA256, parts, n, ret, NULL) < 0)
                assert(false);
}

void forge_quote(Forge *f) {
        static const uint8_t signer[34] = { 0x00, 0x0b, 0x77 };
        Digest digest;

        make_public(f);
        digest_of_values(f, &digest);
        buf_done(&f->attest);
        buf_be(&f->attest, f->magic, 4);
        buf_be(&f->attest, f->type, 2);
        put_prefixed(&f->attest, (Span){ signer, sizeof(signer) });
        put_prefixed(&f->attest, (Span){ f->nonce, f->nonce_size });
        buf_be(&f->attest, f->clock.clock + 1000, 8);
        buf_be(&f->attest, f->clock.reset_count, 4);
        buf_be(&f->attest, f->clock.restart_count, 4);
        buf_be(&f->attest, f->clock.safe, 1);
        buf_be(&f->attest, 0x2024, 8);
        pcr_selection_write(&f->selection, &f->attest);
        put_prefixed(&f->attest, digest_span(&digest));
        sign(f);
}

static void list_part(Manifest *m, BundleLabel label, Span bytes) {
        Digest d;

        if (hash_bytes(HASH_SHA256, bytes, &d, NULL) < 0)
                assert(false);
        m->parts[label].listed = true;
        m->parts[label].size = bytes.size;
        memcpy(m->parts[label].sha256, d.bytes, 32);
}

void forge_bundle(Forge *f, Buf *to) {
        _cleanup_(buf_done) Buf manifest = BUF_UP_TO(BUNDLE_MAX), tpm = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(buf_done) Buf selection = BUF_UP_TO(256);
        Manifest m = { .created = 1767225600000000, .nonce_size = sizeof(m.nonce) };
        TpmPart part = { .ak = buf_span(&f->ak), .n_quotes = 1, .pcrs = f->values };
        Bundle b = {};

        pcr_selection_write(&f->asked, &selection);
        part.quotes[0] = (TpmQuote){ buf_span(&selection), buf_span(&f->attest),
                buf_span(&f->signature) };
        tpm_part_write(&part, &tpm);

        memcpy(m.ak, f->ak_name, sizeof(m.ak));
        memcpy(m.nonce, f->manifest_nonce, sizeof(m.nonce));
        if (f->log.size > 0) {
                b.has[PART_AVOUCH_LOG] = true;
                b.parts[PART_AVOUCH_LOG] = buf_span(&f->log);
                if (!f->leave_log_out_of_manifest)
                        list_part(&m, PART_AVOUCH_LOG, buf_span(&f->log));
        }
        manifest_write(&m, &manifest);
        b.has[PART_MANIFEST] = b.has[PART_TPM] = true;
        b.parts[PART_MANIFEST] = buf_span(&manifest);
        b.parts[PART_TPM] = buf_span(&tpm);
        bundle_write(&b, to);
}
