/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>

#include "base/text.h"
#include "port/crypto.h"
#include "support/forge.h"

/* What a forge attests besides quotes: a counter, receipts of it, the audit of a session. The
 * session's digest is computed by the words of the specification, and shares no code with
 * verify/session. */

static void put_prefixed(Buf *to, Span s) {
        buf_be(to, s.size, 2);
        buf_bytes(to, s);
}

static Digest hash(const Buf *b) {
        Digest d = {};

        if (b->failed < 0 || hash_bytes(HASH_SHA256, buf_span(b), &d, NULL) < 0)
                assert(false);
        return d;
}

static void put_name(Span public, Buf *to) {
        uint8_t name[TPM_NAME_SHA256];
        Digest d;

        if (hash_bytes(HASH_SHA256, public, &d, NULL) < 0)
                assert(false);
        tpm_name(&d, name);
        buf_bytes(to, (Span){ name, sizeof(name) });
}

void forge_certify(Forge *f, uint64_t value, Span qualifying, const TpmClock *clock, Buf *attest,
                Buf *signature) {
        _cleanup_(buf_done) Buf public = BUF_UP_TO(NV_PUBLIC_MAX), name = BUF_UP_TO(64);

        nv_public_write(&f->counter, &public);
        put_name(buf_span(&public), &name);
        buf_done(attest);
        forge_head(f, 0x8014, qualifying, clock, attest);
        put_prefixed(attest, buf_span(&name));
        buf_be(attest, f->nv_offset, 2);
        buf_be(attest, f->nv_size, 2);
        buf_be(attest, value, f->nv_size);
        forge_sign(f, buf_span(attest), false, signature);
}

void forge_nvpcr(Forge *f, NvPublic public, Span value) {
        assert(f->n_nvpcrs < NVPCRS_MAX);
        f->nvpcrs[f->n_nvpcrs++] = (ForgeNv){ .public = public,
                .value = value,
                .bytes = BUF_UP_TO(NV_PUBLIC_MAX),
                .attest = BUF_UP_TO(ATTEST_MAX),
                .signature = BUF_UP_TO(TPM_SIGNATURE_MAX) };
}

void forge_drop_nvpcrs(Forge *f) {
        for (size_t i = 0; i < f->n_nvpcrs; i++) {
                buf_done(&f->nvpcrs[i].bytes);
                buf_done(&f->nvpcrs[i].attest);
                buf_done(&f->nvpcrs[i].signature);
        }
        f->n_nvpcrs = 0;
}

void forge_certify_nvpcrs(Forge *f) {
        for (size_t i = 0; i < f->n_nvpcrs; i++) {
                ForgeNv *nv = &f->nvpcrs[i];
                _cleanup_(buf_done) Buf name = BUF_UP_TO(64);

                buf_done(&nv->bytes);
                nv_public_write(&nv->public, &nv->bytes);
                put_name(buf_span(&nv->bytes), &name);
                memcpy(nv->name, buf_span(&name).data, sizeof(nv->name));
                buf_done(&nv->attest);
                forge_head(f, 0x8014, (Span){ f->nonce, f->nonce_size }, &f->clock, &nv->attest);
                put_prefixed(&nv->attest, buf_span(&name));
                buf_be(&nv->attest, 0, 2);
                put_prefixed(&nv->attest, nv->value);
                forge_sign(f, buf_span(&nv->attest), false, &nv->signature);
        }
}

void forge_add_nvpcrs(Forge *f, TpmPart *part) {
        for (size_t i = 0; i < f->n_nvpcrs; i++) {
                const ForgeNv *nv = &f->nvpcrs[i];

                part->commands[part->n_quotes + part->n_nv] = TPM_COMMAND_NV;
                part->nv[part->n_nv++] = (TpmNv){ .public = buf_span(&nv->bytes),
                        .auth = { nv->name, sizeof(nv->name) },
                        .size = nv->public.size,
                        .attest = buf_span(&nv->attest),
                        .signature = buf_span(&nv->signature) };
        }
}

/* The command's bytes after the handles: what was asked with which nonce. */
static void put_command(uint32_t code, Span names, Span nonce, Span rest, Buf *to) {
        buf_be(to, code, 4);
        buf_bytes(to, names);
        put_prefixed(to, nonce);
        buf_be(to, 0x0010, 2);
        buf_bytes(to, rest);
}

static void audit(uint32_t code, const Buf *command, Span attest, Span signature, Digest *session) {
        _cleanup_(buf_done) Buf answer = BUF_UP_TO(8192), all = BUF_UP_TO(256);
        Digest cp = hash(command), rp;

        buf_be(&answer, 0, 4);
        buf_be(&answer, code, 4);
        put_prefixed(&answer, attest);
        buf_bytes(&answer, signature);
        rp = hash(&answer);
        buf_bytes(&all, digest_span(session));
        buf_bytes(&all, digest_span(&cp));
        buf_bytes(&all, digest_span(&rp));
        *session = hash(&all);
}

static Digest session_of(const Forge *f, const TpmPart *p) {
        _cleanup_(buf_done) Buf names = BUF_UP_TO(256), quote = BUF_UP_TO(8192),
                                certify = BUF_UP_TO(8192), where = BUF_UP_TO(4);
        Digest session = digest_zero(HASH_SHA256);

        put_name(buf_span(&f->ak), &names);
        put_command(0x158, buf_span(&names), (Span){ f->nonce, f->nonce_size },
                        p->quotes[0].selection, &quote);
        audit(0x158, &quote, p->quotes[0].attest, p->quotes[0].signature, &session);
        if (p->n_nv == 0)
                return session;
        buf_bytes(&names, p->nv[0].auth);
        put_name(p->nv[0].public, &names);
        buf_be(&where, p->nv[0].size, 2);
        buf_be(&where, p->nv[0].offset, 2);
        put_command(0x184, buf_span(&names), (Span){ f->nv_nonce, f->nonce_size }, buf_span(&where),
                        &certify);
        audit(0x184, &certify, p->nv[0].attest, p->nv[0].signature, &session);
        return session;
}

static Digest extra_of(const Forge *f, Span manifest) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        Digest d;

        if (hash_bytes(HASH_SHA256, manifest, &d, NULL) < 0)
                assert(false);
        buf_bytes(&b, SPAN_LITERAL("avouch-evidence/v1\0"));
        put_prefixed(&b, (Span){ f->manifest_nonce, sizeof(f->manifest_nonce) });
        buf_bytes(&b, digest_span(&d));
        return hash(&b);
}

void forge_audit(Forge *f, Span manifest, TpmPart *part) {
        Digest session = session_of(f, part), extra = extra_of(f, manifest);

        session.bytes[31] ^= f->audit_spoiled == 1;
        extra.bytes[31] ^= f->audit_spoiled == 2;
        buf_done(&f->audit_attest);
        forge_head(f, 0x8016, digest_span(&extra), &f->audit_clock, &f->audit_attest);
        buf_byte(&f->audit_attest, f->exclusive);
        put_prefixed(&f->audit_attest, digest_span(&session));
        forge_sign(f, buf_span(&f->audit_attest), f->audit_with_other, &f->audit_signature);
        part->has_audit = true;
        part->audit_attest = buf_span(&f->audit_attest);
        part->audit_signature = buf_span(&f->audit_signature);
}

void forge_history_add(Forge *f, Span content, uint64_t value, const TpmClock *clock) {
        _cleanup_(buf_done) Buf both = BUF_UP_TO(2 * CONTENT_MAX), attest = BUF_UP_TO(ATTEST_MAX),
                                signature = BUF_UP_TO(TPM_SIGNATURE_MAX);
        Digest d;

        buf_bytes(&both, SPAN_LITERAL("avouch-glass/v1\0"));
        buf_bytes(&both, content);
        d = hash(&both);
        forge_certify(f, value, digest_span(&d), clock, &attest, &signature);
        buf_string(&f->history, "\x1e{\"content\":");
        buf_bytes(&f->history, content);
        buf_string(&f->history, ",\"receipt\":{\"attest\":\"");
        text_base64url(&f->history, buf_span(&attest));
        buf_string(&f->history, "\",\"signature\":\"");
        text_base64url(&f->history, buf_span(&signature));
        buf_string(&f->history, "\"}}\n");
}
