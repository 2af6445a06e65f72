/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sysforge.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "port/crypto.h"

typedef struct Writer {
        SysForge *f;
        Buf *to; /* components, in JSON */
        uint8_t name[34];
        uint8_t x[32], y[32];
        Digest session;
        unsigned n; /* components so far */
        bool any;   /* one is written */
} Writer;

static Digest sha256(const Span *parts, size_t n) {
        Digest d;

        if (hash_parts(HASH_SHA256, parts, n, &d, NULL) < 0)
                assert(false);
        return d;
}

static void hex(Buf *to, Span bytes) {
        text_hex(to, bytes);
}

static void put_sized(Buf *to, Span s) {
        buf_be(to, s.size, 2);
        buf_bytes(to, s);
}

static void find_point(SysForge *f, uint8_t x[32], uint8_t y[32]) {
        uint8_t point[65];
        size_t n;

        assert(EVP_PKEY_get_octet_string_param(f->key, "pub", point, sizeof(point), &n) == 1);
        assert(n == sizeof(point));
        memcpy(x, point + 1, 32);
        memcpy(y, point + 33, 32);
}

void sysforge_name(SysForge *f, uint8_t ret[34]) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(1024);
        uint8_t x[32], y[32];
        Span bytes;
        Digest d;

        find_point(f, x, y);
        buf_be(&b, 0x0023000b, 4);
        buf_be(&b, f->attributes, 4);
        buf_be(&b, 0, 2);
        buf_be(&b, 0x00100018, 4);
        buf_be(&b, 0x000b0003, 4);
        buf_be(&b, 0x0010, 2);
        put_sized(&b, (Span){ x, 32 });
        put_sized(&b, (Span){ y, 32 });
        bytes = buf_span(&b);
        d = sha256(&bytes, 1);
        ret[0] = 0;
        ret[1] = 0x0b;
        memcpy(ret + 2, d.bytes, 32);
}

static void sign(SysForge *f, Span message, uint8_t r[32], uint8_t s[32]) {
        EVP_MD_CTX *md = EVP_MD_CTX_new();
        uint8_t der[128];
        const uint8_t *at = der;
        size_t n = sizeof(der);
        const BIGNUM *br, *bs;
        ECDSA_SIG *sig;

        assert(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, f->key) == 1);
        assert(EVP_DigestSign(md, der, &n, message.data, message.size) == 1);
        sig = d2i_ECDSA_SIG(NULL, &at, (long) n);
        assert(sig);
        ECDSA_SIG_get0(sig, &br, &bs);
        assert(BN_bn2binpad(br, r, 32) == 32 && BN_bn2binpad(bs, s, 32) == 32);
        ECDSA_SIG_free(sig);
        EVP_MD_CTX_free(md);
}

/* Head of a TPMS_ATTEST and its JSON, up to "attested". */
static void begin_attest(
                Writer *w, const char *type, uint16_t tag, Span extra, Buf *bin, Buf *json) {
        static const uint8_t signer[34] = { 0x00, 0x0b, 0x77 };
        uint32_t restart = w->f->restart + (w->f->other_run == w->n + 1);
        uint32_t reset = w->f->reset + (w->f->other_reset == w->n + 1);
        uint64_t clock = w->f->clock + w->n;

        buf_be(bin, 0xff544347, 4);
        buf_be(bin, tag, 2);
        put_sized(bin, (Span){ signer, sizeof(signer) });
        put_sized(bin, extra);
        buf_be(bin, clock, 8);
        buf_be(bin, reset, 4);
        buf_be(bin, restart, 4);
        buf_byte(bin, 1);
        buf_be(bin, w->f->firmware, 8);
        buf_printf(json,
                        "\"attestInfo\":{\"sig_scheme\":{},\"attest\":{\"magic\":\"VALUE\","
                        "\"type\":\"%s\",\"qualifiedSigner\":\"",
                        type);
        hex(json, (Span){ signer, sizeof(signer) });
        buf_string(json, "\",\"extraData\":\"");
        hex(json, extra);
        buf_printf(json,
                        "\",\"clockInfo\":{\"clock\":%" PRIu64
                        ",\"resetCount\":%u,\"restartCount\":%u,"
                        "\"safe\":\"YES\"},\"firmwareVersion\":%" PRIu64 ",\"attested\":",
                        clock, reset, restart, w->f->firmware);
}

/* Signs, ends the component, and takes it into the session: code, Names, parameters. */
static void end_component(Writer *w, Span bin, Buf *json, uint32_t code, const Span *names,
                size_t n_names, Span parameters) {
        static const uint8_t other[] = "something else";
        _cleanup_(buf_done) Buf cp = BUF_UP_TO(4096), rp = BUF_UP_TO(4096);
        Span message = bin, span;
        uint8_t r[32], s[32];
        Digest cp_hash, rp_hash;

        w->n++;
        if (w->f->unsigned_ == w->n)
                message = (Span){ other, sizeof(other) };
        sign(w->f, message, r, s);
        buf_string(json,
                        "}},\"signature\":{\"sigAlg\":\"ECDSA\",\"signature\":{\"hash\":\"SHA256\","
                        "\"signatureR\":\"");
        hex(json, (Span){ r, 32 });
        buf_string(json, "\",\"signatureS\":\"");
        hex(json, (Span){ s, 32 });
        buf_string(json, "\"}},\"signaturePEM\":\"\"}");

        buf_be(&cp, code, 4);
        for (size_t i = 0; i < n_names; i++)
                buf_bytes(&cp, names[i]);
        buf_bytes(&cp, parameters);
        buf_be(&rp, 0, 4);
        buf_be(&rp, code, 4);
        put_sized(&rp, bin);
        buf_be(&rp, 0x0018000b, 4);
        put_sized(&rp, (Span){ r, 32 });
        put_sized(&rp, (Span){ s, 32 });
        span = buf_span(&cp);
        cp_hash = sha256(&span, 1);
        span = buf_span(&rp);
        rp_hash = sha256(&span, 1);
        if (code != 0)
                w->session = sha256((Span[]){ digest_span(&w->session), digest_span(&cp_hash),
                                                    digest_span(&rp_hash) },
                                3);
        if (w->f->left_out == w->n)
                return;
        buf_string(w->to, w->any ? "," : "");
        buf_bytes(w->to, buf_span(json));
        w->any = true;
}

static void put_quote(Writer *w) {
        _cleanup_(buf_done) Buf bin = BUF_UP_TO(4096), json = BUF_UP_TO(8192);
        _cleanup_(buf_done) Buf parameters = BUF_UP_TO(256), selection = BUF_UP_TO(256);
        const Digest empty = digest_zero(HASH_SHA1);
        const char *between = "";
        Span values[PCR_COUNT];
        size_t n = 0;
        Digest d;

        buf_string(&json, "{\"type\":\"pcr\",");
        begin_attest(w, "ATTEST_QUOTE", 0x8018, (Span){}, &bin, &json);
        buf_be(&selection, 1, 4);
        buf_be(&selection, w->f->sha1 ? HASH_SHA1 : HASH_SHA256, 2);
        buf_byte(&selection, 3);
        buf_le(&selection, w->f->pcrs, 3);
        buf_printf(&json, "{\"pcrSelect\":[{\"hash\":\"%s\",\"pcrSelect\":[",
                        w->f->sha1 ? "SHA1" : "SHA256");
        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (w->f->pcrs >> pcr & 1) {
                        const Digest *value = pcr_value(&w->f->l.pcrs, HASH_SHA256, pcr);

                        values[n++] = digest_span(w->f->sha1 ? &empty : value);
                        buf_printf(&json, "%s%u", between, pcr);
                        between = ",";
                }
        d = sha256(values, n);
        d.bytes[0] ^= w->f->other_digest;
        buf_bytes(&bin, buf_span(&selection));
        put_sized(&bin, digest_span(&d));
        buf_string(&json, "]}],\"pcrDigest\":\"");
        hex(&json, digest_span(&d));
        buf_string(&json, "\"}");
        buf_be(&parameters, 0, 2);
        buf_be(&parameters, 0x0010, 2);
        buf_bytes(&parameters, buf_span(&selection));
        end_component(w, buf_span(&bin), &json, 0x158, (Span[]){ { w->name, 34 } }, 1,
                        buf_span(&parameters));
}

static void put_nvpcr(Writer *w, const NvPcr *nv) {
        static const char text[] = "{\\\"name\\\":\\\"x\\\"}";
        _cleanup_(buf_done) Buf bin = BUF_UP_TO(4096), json = BUF_UP_TO(8192);
        _cleanup_(buf_done) Buf parameters = BUF_UP_TO(256);
        uint8_t extra[34] = { 0x00, 0x0b };
        Span plain = SPAN_LITERAL("{\"name\":\"x\"}");
        Digest d = sha256(&plain, 1);

        memcpy(extra + 2, d.bytes, 32);
        buf_printf(&json,
                        "{\"type\":\"nvpcr\",\"nvpcrName\":\"x\",\"nvPublic\":{\"nvIndex\":%u,"
                        "\"nameAlg\":\"SHA256\",\"attributes\":%u,\"authPolicy\":\"",
                        nv->index, nv->attributes);
        hex(&json, nv->policy);
        buf_printf(&json, "\",\"dataSize\":%u},\"authenticatedData\":\"%s\",", nv->size, text);
        begin_attest(w, "ATTEST_NV", 0x8014, (Span){ extra, 34 }, &bin, &json);
        put_sized(&bin, (Span){ nv->name, 34 });
        buf_be(&bin, 0, 2);
        put_sized(&bin, nv->value);
        buf_string(&json, "{\"indexName\":\"");
        hex(&json, (Span){ nv->name, 34 });
        buf_string(&json, "\",\"offset\":0,\"nvContents\":\"");
        hex(&json, nv->value);
        buf_string(&json, "\"}");
        put_sized(&parameters, (Span){ extra, 34 });
        buf_be(&parameters, 0x0010, 2);
        buf_be(&parameters, nv->size, 2);
        buf_be(&parameters, 0, 2);
        end_component(w, buf_span(&bin), &json, 0x184,
                        (Span[]){ { w->name, 34 }, { nv->name, 34 }, { nv->name, 34 } }, 3,
                        buf_span(&parameters));
}

static void put_audit(Writer *w, const Digest *report) {
        _cleanup_(buf_done) Buf bin = BUF_UP_TO(4096), json = BUF_UP_TO(8192);
        uint8_t extra[34] = { 0x00, 0x0b };

        memcpy(extra + 2, report->bytes, 32);
        extra[5] ^= w->f->other_report;
        buf_string(&json, "{\"type\":\"session-audit\",");
        begin_attest(w, "ATTEST_SESSION_AUDIT", 0x8016, (Span){ extra, 34 }, &bin, &json);
        buf_byte(&bin, w->f->exclusive);
        put_sized(&bin, digest_span(&w->session));
        buf_printf(&json, "{\"exclusiveSession\":\"%s\",\"sessionDigest\":\"",
                        w->f->exclusive ? "YES" : "NO");
        hex(&json, digest_span(&w->session));
        buf_string(&json, "\"}");
        end_component(w, buf_span(&bin), &json, 0, NULL, 0, (Span){});
}

static void put_log(SysForge *f, Buf *to) {
        Span log = buf_span(&f->l.log), line;

        for (bool first = true; systemd_log_next(&log, &line, NULL) > 0; first = false) {
                buf_string(to, first ? "" : ",");
                buf_bytes(to, (Span){ line.data + 1, line.size - 2 });
        }
}

static void put_key(Writer *w, Buf *to) {
        buf_printf(to,
                        "\"publicKey\":{\"type\":\"ECC\",\"nameAlg\":\"SHA256\",\"objectAttributes\":%u,"
                        "\"authPolicy\":\"\",\"parameters\":{\"symmetric\":{\"algorithm\":\"NULL\"},"
                        "\"scheme\":{\"scheme\":\"ECDSA\",\"details\":{\"hashAlg\":\"SHA256\"}},"
                        "\"curveID\":\"NIST_P256\",\"kdf\":{\"scheme\":\"NULL\"}},\"unique\":{\"x\":\"",
                        w->f->attributes);
        hex(to, (Span){ w->x, 32 });
        buf_string(to, "\",\"y\":\"");
        hex(to, (Span){ w->y, 32 });
        buf_string(to, "\"}}");
}

static void change(SysForge *f) {
        size_t old = f->old ? strlen(f->old) : 0;
        _cleanup_(buf_done) Buf b = BUF_UP_TO(BUNDLE_MAX);
        uint8_t *at;

        if (!f->old)
                return;
        at = memmem(f->file.data, f->file.size, f->old, old);
        assert(at);
        buf_bytes(&b, (Span){ f->file.data, (size_t) (at - f->file.data) });
        buf_string(&b, f->new);
        buf_bytes(&b, (Span){ at + old, f->file.size - old - (size_t) (at - f->file.data) });
        buf_done(&f->file);
        buf_bytes(&f->file, buf_span(&b));
}

static void put_data(Writer *w, Span components, Buf *to) {
        buf_string(to, "\"eventLog\":[");
        put_log(w->f, to);
        buf_string(to, "],");
        put_key(w, to);
        buf_string(to, ",\"publicKeyPEM\":\"\",\"components\":[");
        buf_bytes(to, components);
        buf_string(to, "]");
}

static void put_signature(Buf *to, const char *mechanism, const Digest *report, Span data) {
        buf_printf(to,
                        "\x1e{\"mediaType\":\"application/vnd.io.systemd.report.signature\",\"mechanism\":"
                        "\"%s\",\"sha256\":\"",
                        mechanism);
        hex(to, digest_span(report));
        buf_string(to, "\",\"data\":{");
        buf_bytes(to, data);
        buf_string(to, "}}\n");
}

Span sysforge_file(SysForge *f) {
        _cleanup_(buf_done) Buf components = BUF_UP_TO(BUNDLE_MAX), data = BUF_UP_TO(BUNDLE_MAX);
        Writer w = { .f = f, .to = &components, .session = digest_zero(HASH_SHA256) };
        Span report;
        Digest d;

        sysforge_name(f, w.name);
        find_point(f, w.x, w.y);
        buf_done(&f->file);
        buf_printf(&f->file,
                        "\x1e{\"mediaType\":\"application/vnd.io.systemd.report\",\"timestamp\":"
                        "\"Sun 2026-11-22 11:25:12 UTC\",\"metrics\":[{\"name\":\"x\","
                        "\"value\":\"%s\"}]}\n",
                        f->metric);
        report = buf_span(&f->file);
        d = sha256(&report, 1);
        put_quote(&w);
        for (size_t i = 0; i < f->l.n_nv; i++)
                put_nvpcr(&w, &f->l.nv[i]);
        put_audit(&w, &d);

        if (!f->twice)
                put_signature(&f->file, "plain", &d,
                                SPAN_LITERAL("\"signature\":\"x\",\"key\":\"y\""));
        put_data(&w, buf_span(&components), &data);
        for (unsigned i = 0; i <= f->twice; i++)
                put_signature(&f->file, "tpm2", &d, buf_span(&data));
        change(f);
        return buf_span(&f->file);
}

void sysforge_new(SysForge *f) {
        *f = (SysForge){ .key = EVP_EC_gen("P-256"),
                .metric = "y",
                .attributes = 0x50072,
                .pcrs = 0xfabf, /* 0-5, 7, 9, 11-15 */
                .exclusive = true,
                .clock = 1000,
                .reset = 2,
                .firmware = UINT64_C(2315977366801874944),
                .file = BUF_UP_TO(BUNDLE_MAX) };
        assert(f->key);
        sd_new(&f->l);
        f->l.name_nvpcr = sd_name_nvpcr;
        sd_boot(&f->l);
}

void sysforge_done(SysForge *f) {
        EVP_PKEY_free(f->key);
        sd_done(&f->l);
        buf_done(&f->file);
}
