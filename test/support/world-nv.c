/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/world-nv.h"

#include <assert.h>
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "port/crypto.h"
#include "support/attest.h"
#include "wire/nvpublic.h"
#include "wire/tpmcontext.h"
#include "wire/tpmkey.h"

static World *world_of(Tpm *t) {
        return (World *) (void *) t; /* tpm is the first member */
}

static EVP_PKEY *key_of(World *w) {
        if (!w->key)
                w->key = EVP_EC_gen("P-256");
        assert(w->key);
        return w->key;
}

void world_nv_done(World *w) {
        EVP_PKEY_free(w->key);
}

int world_begin(World *w, Err *e) {
        w->tpm_commands++;
        if (w->dying && w->commands_left-- <= 0)
                return err_set(e, -EIO, "a TPM that the test let die");
        return world_step(w, e);
}

static int put_key(World *w, Buf *public) {
        uint8_t point[65];
        size_t n;

        if (EVP_PKEY_get_octet_string_param(key_of(w), "pub", point, sizeof(point), &n) != 1)
                assert(false);
        assert(n == sizeof(point) && point[0] == 4);
        buf_be(public, TPM_KEY_ECC, 2);
        buf_be(public, HASH_SHA256, 2);
        buf_be(public, 0x00050472, 4);
        buf_be(public, 0, 2);      /* no policy */
        buf_be(public, 0x0010, 2); /* symmetric: TPM_ALG_NULL */
        buf_be(public, TPM_SCHEME_ECDSA, 2);
        buf_be(public, HASH_SHA256, 2);
        buf_be(public, TPM_CURVE_P256, 2);
        buf_be(public, 0x0010, 2); /* kdf: TPM_ALG_NULL */
        sample_sized((Span){ point + 1, 32 }, public);
        sample_sized((Span){ point + 33, 32 }, public);
        w->key_made = true;
        return public->failed;
}

int world_key(Tpm *t, TpmAkType type, Buf *public, Err *e) {
        World *w = world_of(t);
        int rc = world_begin(w, e);

        w->key_made = false;
        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        assert(type == TPM_AK_ECC);
        w->keys++;
        return put_key(w, public);
}

/* Good until the next reset. */
static void put_blob(const World *w, Buf *to) {
        buf_bytes(to, SPAN_LITERAL("the key, sealed "));
        buf_be(to, w->clock.reset_count, 4);
}

int world_key_save(Tpm *t, Buf *context, Err *e) {
        _cleanup_(buf_done) Buf blob = BUF_UP_TO(64);
        World *w = world_of(t);
        int rc = world_begin(w, e);

        assert(w->key_made);
        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        put_blob(w, &blob);
        tpm_context_write(&(TpmContext){ 1, buf_span(&blob) }, context);
        if (w->odd_context)
                buf_byte(context, 0);
        return context->failed;
}

int world_key_load(Tpm *t, TpmAkType type, uint64_t sequence, Span blob, Buf *public, Err *e) {
        _cleanup_(buf_done) Buf good = BUF_UP_TO(64);
        World *w = world_of(t);
        int rc = world_begin(w, e);

        w->key_made = false;
        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        put_blob(w, &good);
        if (type != TPM_AK_ECC || sequence != 1 || !span_equal(blob, buf_span(&good)))
                return err_set(e, -EBADMSG, "not the key that it handed out");
        return put_key(w, public);
}

static WorldNv *find(World *w, uint32_t index) {
        for (size_t i = 0; i < WORLD_NV_MAX; i++)
                if (w->nv[i].index == index)
                        return &w->nv[i];
        return NULL;
}

static int not_there(uint32_t index, Err *e) {
        return err_set(e, -ENOENT, "NV index 0x%08x is not there", index);
}

static void put_public(const WorldNv *nv, Buf *to) {
        const NvPublic p = {
                .index = nv->index,
                .name_alg = HASH_SHA256,
                .attributes = nv->attributes,
                .size = nv->size,
        };

        nv_public_write(&p, to);
}

int world_nv_public(Tpm *t, uint32_t index, Buf *public, Err *e) {
        const WorldNv *nv = find(world_of(t), index);
        int rc = world_begin(world_of(t), e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        if (!nv)
                return 0;
        put_public(nv, public);
        return public->failed < 0 ? public->failed : 1;
}

int world_nv_define(Tpm *t, Span public, Err *e) {
        World *w = world_of(t);
        int rc = world_begin(world_of(t), e);
        WorldNv *nv;
        NvPublic p;

        if (rc < 0)
                return rc;
        if (nv_public_parse(public, &p, NULL) < 0)
                assert(false);
        if (find(w, p.index))
                return err_set(e, -EEXIST, "NV index 0x%08x is there already", p.index);
        if (w->nv_full)
                return err_set(e, -ENOSPC, "no room for an NV index");
        nv = find(w, 0);
        assert(nv && p.name_alg == HASH_SHA256 && p.policy.size == 0);
        *nv = (WorldNv){ .index = p.index, .attributes = p.attributes, .size = p.size };
        nv->digest = digest_zero(HASH_SHA256);
        return rc > 0 ? world_lost(e) : 0;
}

int world_nv_undefine(Tpm *t, uint32_t index, Err *e) {
        WorldNv *nv = find(world_of(t), index);
        int rc = world_begin(world_of(t), e);

        if (rc < 0)
                return rc;
        if (!nv)
                return not_there(index, e);
        *nv = (WorldNv){};
        return rc > 0 ? world_lost(e) : 0;
}

int world_nv_increment(Tpm *t, uint32_t index, Err *e) {
        World *w = world_of(t);
        WorldNv *nv = find(w, index);
        int rc = world_begin(world_of(t), e);

        if (rc < 0)
                return rc;
        if (!nv)
                return not_there(index, e);
        assert((nv->attributes & NV_TYPE) == NV_COUNTER);
        if (!(nv->attributes & NV_WRITTEN))
                nv->value = w->highest;
        nv->attributes |= NV_WRITTEN;
        nv->value++;
        if (w->highest < nv->value)
                w->highest = nv->value;
        return rc > 0 ? world_lost(e) : 0;
}

int world_nv_extend(Tpm *t, uint32_t index, Span data, Err *e) {
        WorldNv *nv = find(world_of(t), index);
        int rc = world_begin(world_of(t), e);

        if (rc < 0)
                return rc;
        if (!nv)
                return not_there(index, e);
        assert((nv->attributes & NV_TYPE) == NV_EXTEND);
        if (hash_parts(HASH_SHA256, (Span[]){ digest_span(&nv->digest), data }, 2, &nv->digest,
                            NULL) < 0)
                assert(false);
        nv->attributes |= NV_WRITTEN;
        return rc > 0 ? world_lost(e) : 0;
}

static int put_contents(const WorldNv *nv, size_t size, Buf *to, Err *e) {
        if (!(nv->attributes & NV_WRITTEN))
                return err_set(e, -ENODATA, "NV index 0x%08x was never written", nv->index);
        assert(size == nv->size);
        if ((nv->attributes & NV_TYPE) == NV_COUNTER)
                buf_be(to, nv->value, 8);
        else
                buf_bytes(to, digest_span(&nv->digest));
        return to->failed;
}

int world_nv_read(Tpm *t, uint32_t index, size_t size, Buf *ret, Err *e) {
        const WorldNv *nv = find(world_of(t), index);
        int rc = world_begin(world_of(t), e);

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        return nv ? put_contents(nv, size, ret, e) : not_there(index, e);
}

void world_sign(World *w, Span bytes, Buf *to) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        uint8_t made[128], r[32], s[32];
        const uint8_t *der = made;
        size_t n = sizeof(made);
        ECDSA_SIG *sig;

        if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key_of(w)) != 1 ||
                        EVP_DigestSign(ctx, made, &n, bytes.data, bytes.size) != 1)
                assert(false);
        EVP_MD_CTX_free(ctx);
        sig = d2i_ECDSA_SIG(NULL, &der, (long) n);
        if (BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, sizeof(r)) < 0 ||
                        BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, sizeof(s)) < 0)
                assert(false);
        ECDSA_SIG_free(sig);
        buf_be(to, TPM_SCHEME_ECDSA, 2);
        buf_be(to, HASH_SHA256, 2);
        sample_sized((Span){ r, sizeof(r) }, to);
        sample_sized((Span){ s, sizeof(s) }, to);
}

/* TPMS_NV_CERTIFY_INFO: Name, offset, contents */
static int put_body(const WorldNv *nv, size_t size, Buf *to, Err *e) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(256), contents = BUF_UP_TO(NV_READ_MAX);
        uint8_t name[TPM_NAME_SHA256];
        Digest d;
        int rc;

        rc = put_contents(nv, size, &contents, e);
        if (rc < 0)
                return rc;
        put_public(nv, &public);
        if (hash_bytes(HASH_SHA256, buf_span(&public), &d, NULL) < 0)
                assert(false);
        tpm_name(&d, name);
        sample_sized((Span){ name, sizeof(name) }, to);
        buf_be(to, 0, 2);
        sample_sized(buf_span(&contents), to);
        return to->failed;
}

int world_nv_certify(Tpm *t, uint32_t index, size_t size, Span qualifying, Buf *attest,
                Buf *signature, Err *e) {
        _cleanup_(buf_done) Buf body = BUF_UP_TO(4096);
        World *w = world_of(t);
        const WorldNv *nv = find(w, index);
        int rc = world_begin(world_of(t), e);
        SampleAttest a;

        if (rc != 0)
                return rc < 0 ? rc : world_lost(e);
        if (!w->key_made)
                return err_set(e, -ENOKEY, "there is no attestation key");
        if (!nv)
                return not_there(index, e);
        rc = put_body(nv, size, &body, e);
        if (rc < 0)
                return rc;
        a = sample_attest(0x8014, buf_span(&body));
        a.extra = qualifying;
        a.clock = w->clock.clock;
        a.reset_count = w->clock.reset_count;
        a.restart_count = w->clock.restart_count;
        a.safe = w->clock.safe;
        sample_attest_write(&a, attest);
        world_sign(w, buf_span(attest), signature);
        return attest->failed < 0 ? attest->failed : signature->failed;
}
