/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/forge.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "port/crypto.h"
#include "wire/attest.h"

static void put_prefixed(Buf *to, Span s) {
        buf_be(to, s.size, 2);
        buf_bytes(to, s);
}

static void put_point(Forge *f, Buf *to) {
        uint8_t point[97];
        size_t n;

        assert(EVP_PKEY_get_octet_string_param(f->key, "pub", point, sizeof(point), &n) == 1);
        assert((n == 65 || n == 97) && point[0] == 4);
        buf_be(to, n == 65 ? TPM_CURVE_P256 : TPM_CURVE_P384, 2);
        buf_be(to, 0x0010, 2); /* kdf: TPM_ALG_NULL */
        put_prefixed(to, (Span){ point + 1, n / 2 });
        put_prefixed(to, (Span){ point + 1 + n / 2, n / 2 });
}

static void put_modulus(Forge *f, Buf *to) {
        uint8_t bytes[256];
        BIGNUM *n = NULL;

        assert(EVP_PKEY_get_bn_param(f->key, "n", &n) == 1);
        assert(BN_bn2binpad(n, bytes, sizeof(bytes)) == sizeof(bytes));
        BN_free(n);
        buf_be(to, 2048, 2);
        buf_be(to, 0, 4); /* 65537 */
        put_prefixed(to, (Span){ bytes, sizeof(bytes) });
}

/* TPMT_PUBLIC of an attestation key as avouch-evidence(5) has it, with the forge's attributes. */
static void make_public(Forge *f) {
        bool rsa = f->scheme == TPM_SCHEME_RSASSA;
        Digest d;

        buf_done(&f->ak);
        buf_be(&f->ak, rsa ? TPM_KEY_RSA : TPM_KEY_ECC, 2);
        buf_be(&f->ak, HASH_SHA256, 2);
        buf_be(&f->ak, f->attributes, 4);
        buf_be(&f->ak, 0, 2);      /* no policy */
        buf_be(&f->ak, 0x0010, 2); /* symmetric: TPM_ALG_NULL */
        buf_be(&f->ak, f->scheme, 2);
        buf_be(&f->ak, f->hash, 2);
        if (rsa)
                put_modulus(f, &f->ak);
        else
                put_point(f, &f->ak);
        if (hash_bytes(HASH_SHA256, buf_span(&f->ak), &d, NULL) < 0)
                assert(false);
        tpm_name(&d, f->ak_name);
}

void forge_take(Forge *f, const World *w) {
        Digest zero = digest_zero(HASH_SHA256);

        f->values = (PcrValues){};
        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (!pcr_set(&f->values, pcr,
                                    w->pcrs.held.banks[0].mask >> pcr & 1
                                                    ? pcr_value(&w->pcrs, HASH_SHA256, pcr)
                                                    : &zero))
                        assert(false);
        f->signed_values = f->values;
        f->selection = f->asked = f->values.held;
        f->clock = f->audit_clock = w->clock;
        buf_done(&f->log);
        buf_bytes(&f->log, buf_span(&w->log));
}

void forge_new(Forge *f, const World *w) {
        *f = (Forge){
                .key = EVP_EC_gen("P-256"),
                .other_key = EVP_EC_gen("P-256"),
                .scheme = TPM_SCHEME_ECDSA,
                .hash = HASH_SHA256,
                .signed_with = HASH_SHA256,
                .ak = BUF_UP_TO(TPM_PUBLIC_MAX),
                .attest = BUF_UP_TO(ATTEST_MAX),
                .signature = BUF_UP_TO(TPM_SIGNATURE_MAX),
                .log = BUF_UP_TO(LOG_MAX),
                .firmware = BUF_UP_TO(FIRMWARE_LOG_MAX),
                .line = BUF_UP_TO(COMMAND_LINE_MAX),
                .ima = BUF_UP_TO(IMA_LOG_MAX),
                .report = BUF_UP_TO(BUNDLE_MAX),
                .nv_public = BUF_UP_TO(NV_PUBLIC_MAX),
                .nv_attest = BUF_UP_TO(ATTEST_MAX),
                .nv_signature = BUF_UP_TO(TPM_SIGNATURE_MAX),
                .audit_attest = BUF_UP_TO(ATTEST_MAX),
                .audit_signature = BUF_UP_TO(TPM_SIGNATURE_MAX),
                .before = BUF_UP_TO(LOG_MAX),
                .history = BUF_UP_TO(LOG_MAX),
                .systemd_log = BUF_UP_TO(SYSTEMD_LOG_MAX),
                .counter = nv_counter(),
                .nv_size = NV_COUNTER_SIZE,
                .exclusive = true,
                .attributes = 0x00050472,
                .magic = 0xff544347,
                .type = 0x8018,
                .nonce_size = 32,
        };
        assert(f->key && f->other_key);
        memset(f->nonce, 0x5a, sizeof(f->nonce));
        memset(f->nv_nonce, 0x5a, sizeof(f->nv_nonce));
        memset(f->manifest_nonce, 0x5a, sizeof(f->manifest_nonce));
        f->counter.attributes |= NV_WRITTEN;
        forge_take(f, w);
}

void forge_done(Forge *f) {
        EVP_PKEY_free(f->key);
        EVP_PKEY_free(f->other_key);
        buf_done(&f->ak);
        buf_done(&f->attest);
        buf_done(&f->signature);
        buf_done(&f->log);
        buf_done(&f->firmware);
        buf_done(&f->line);
        buf_done(&f->ima);
        buf_done(&f->report);
        buf_done(&f->before);
        buf_done(&f->history);
        buf_done(&f->systemd_log);
        buf_done(&f->nv_public);
        buf_done(&f->nv_attest);
        buf_done(&f->nv_signature);
        buf_done(&f->audit_attest);
        buf_done(&f->audit_signature);
        forge_drop_nvpcrs(f);
}

void forge_key(Forge *f, TpmCurve curve, HashAlg hash) {
        EVP_PKEY_free(f->key);
        f->key = curve == TPM_CURVE_NONE ? EVP_RSA_gen(2048)
                                         : EVP_EC_gen(curve == TPM_CURVE_P256 ? "P-256" : "P-384");
        assert(f->key);
        f->scheme = curve == TPM_CURVE_NONE ? TPM_SCHEME_RSASSA : TPM_SCHEME_ECDSA;
        f->hash = f->signed_with = hash;
}

static void put_ecdsa(const uint8_t *der, size_t n, int size, Buf *to) {
        ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long) n);
        uint8_t r[48], s[48];

        assert(sig);
        assert(BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, size) == size);
        assert(BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, size) == size);
        ECDSA_SIG_free(sig);
        put_prefixed(to, (Span){ r, (size_t) size });
        put_prefixed(to, (Span){ s, (size_t) size });
}

void forge_sign(Forge *f, Span attest, bool with_other, Buf *signature) {
        EVP_PKEY *key = with_other ? f->other_key : f->key;
        const EVP_MD *md = EVP_get_digestbyname(hash_name(f->signed_with));
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        uint8_t made[512];
        size_t n = sizeof(made);

        assert(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
        assert(EVP_DigestSign(ctx, made, &n, attest.data, attest.size) == 1);
        EVP_MD_CTX_free(ctx);

        buf_done(signature);
        buf_be(signature, f->scheme, 2);
        buf_be(signature, f->signed_with, 2);
        if (f->scheme == TPM_SCHEME_RSASSA)
                put_prefixed(signature, (Span){ made, n });
        else
                put_ecdsa(made, n, (EVP_PKEY_get_bits(key) + 7) / 8, signature);
}

void forge_head(const Forge *f, uint16_t type, Span extra, const TpmClock *clock, Buf *to) {
        static const uint8_t signer[34] = { 0x00, 0x0b, 0x77 };

        buf_be(to, f->magic, 4);
        buf_be(to, type, 2);
        put_prefixed(to, (Span){ signer, sizeof(signer) });
        put_prefixed(to, extra);
        buf_be(to, clock->clock + 1000, 8);
        buf_be(to, clock->reset_count, 4);
        buf_be(to, clock->restart_count, 4);
        buf_be(to, clock->safe, 1);
        buf_be(to, 0x2024, 8);
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
        if (hash_parts(f->signed_with, parts, n, ret, NULL) < 0)
                assert(false);
}

static void certify(Forge *f) {
        buf_done(&f->nv_public);
        nv_public_write(&f->counter, &f->nv_public);
        forge_certify(f, f->count, (Span){ f->nv_nonce, f->nonce_size }, &f->clock, &f->nv_attest,
                        &f->nv_signature);
        if (f->nv_with_other)
                forge_sign(f, buf_span(&f->nv_attest), true, &f->nv_signature);
}

void forge_quote(Forge *f) {
        Digest digest;

        make_public(f);
        digest_of_values(f, &digest);
        buf_done(&f->attest);
        forge_head(f, f->type, (Span){ f->nonce, f->nonce_size }, &f->clock, &f->attest);
        pcr_selection_write(&f->selection, &f->attest);
        put_prefixed(&f->attest, digest_span(&digest));
        forge_sign(f, buf_span(&f->attest), f->sign_with_other, &f->signature);
        if (f->counted)
                certify(f);
        forge_certify_nvpcrs(f);
}

void forge_firmware(Forge *f, const FirmLog *l) {
        PcrValues after, all = {};

        firmlog_replay(l, &after);
        for (size_t b = 0; b < after.held.n_banks; b++)
                for (unsigned pcr = 0; pcr < 16; pcr++) {
                        Digest zero = digest_zero(after.digests[b][pcr].alg);
                        const Digest *own = pcr_value(&f->values, (uint16_t) zero.alg, pcr);

                        if (!pcr_set(&all, pcr,
                                            pcr != WORLD_PCR ? &after.digests[b][pcr]
                                            : own            ? own
                                                             : &zero))
                                assert(false);
                }
        f->values = f->signed_values = all;
        f->selection = f->asked = all.held;
        buf_done(&f->firmware);
        firmlog_write(l, &f->firmware);
}

static void list_part(Manifest *m, BundleLabel label, Span bytes) {
        Digest d;

        if (hash_bytes(HASH_SHA256, bytes, &d, NULL) < 0)
                assert(false);
        m->parts[label].listed = true;
        m->parts[label].size = bytes.size;
        memcpy(m->parts[label].sha256, d.bytes, 32);
}

static void add_part(Forge *f, BundleLabel label, const Buf *bytes, Bundle *b, Manifest *m) {
        b->has[label] = bytes->size > 0;
        if (!b->has[label])
                return;
        b->parts[label] = buf_span(bytes);
        if (!f->leave_log_out_of_manifest || label != PART_AVOUCH_LOG)
                list_part(m, label, buf_span(bytes));
}

static void add_counter(Forge *f, uint8_t name[static 34], TpmPart *part) {
        Digest d;

        if (!f->counted)
                return;
        if (hash_bytes(HASH_SHA256, buf_span(&f->nv_public), &d, NULL) < 0)
                assert(false);
        tpm_name(&d, name);
        part->n_nv = 1;
        part->commands[1] = TPM_COMMAND_NV;
        part->nv[0] = (TpmNv){ .public = buf_span(&f->nv_public),
                .auth = { name, 34 },
                .size = f->nv_size,
                .offset = f->nv_offset,
                .attest = buf_span(&f->nv_attest),
                .signature = buf_span(&f->nv_signature) };
}

void forge_bundle(Forge *f, Buf *to) {
        _cleanup_(buf_done) Buf manifest = BUF_UP_TO(BUNDLE_MAX), tpm = BUF_UP_TO(BUNDLE_MAX);
        _cleanup_(buf_done) Buf selection = BUF_UP_TO(256);
        Manifest m = { .created = 1767225600000000, .nonce_size = sizeof(m.nonce) };
        TpmPart part = { .ak = buf_span(&f->ak), .n_quotes = 1, .pcrs = f->values };
        uint8_t counter_name[34];
        Bundle b = {};

        memcpy(m.ak, f->ak_name, sizeof(m.ak));
        memcpy(m.nonce, f->manifest_nonce, sizeof(m.nonce));
        add_part(f, PART_AVOUCH_LOG, &f->log, &b, &m);
        add_part(f, PART_AVOUCH_LOG_BEFORE, &f->before, &b, &m);
        add_part(f, PART_HISTORY, &f->history, &b, &m);
        add_part(f, PART_FIRMWARE_LOG, &f->firmware, &b, &m);
        add_part(f, PART_COMMAND_LINE, &f->line, &b, &m);
        add_part(f, PART_IMA_LOG, &f->ima, &b, &m);
        add_part(f, PART_SYSTEMD_LOG, &f->systemd_log, &b, &m);
        add_part(f, PART_SYSTEMD_REPORT, &f->report, &b, &m);
        if (f->spoil_manifest)
                f->spoil_manifest(&m);
        manifest_write(&m, &manifest);

        pcr_selection_write(&f->asked, &selection);
        part.quotes[0] = (TpmQuote){ buf_span(&selection), buf_span(&f->attest),
                buf_span(&f->signature) };
        add_counter(f, counter_name, &part);
        forge_add_nvpcrs(f, &part);
        if (f->audited)
                forge_audit(f, buf_span(&manifest), &part);
        if (f->spoil_tpm)
                f->spoil_tpm(&part);
        tpm_part_write(&part, &tpm);

        b.has[PART_MANIFEST] = b.has[PART_TPM] = true;
        b.parts[PART_MANIFEST] = buf_span(&manifest);
        b.parts[PART_TPM] = buf_span(&tpm);
        if (f->spoil_bundle)
                f->spoil_bundle(&b);
        bundle_write(&b, to);
}
