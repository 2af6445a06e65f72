/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/sdlog.h"

#include <assert.h>
#include <stdio.h>

#include "base/text.h"
#include "port/crypto.h"

static const uint8_t guard[32] = { 0xf5, 0x32, 0x79 };

void sd_new(SdLog *l) {
        *l = (SdLog){ .log = BUF_UP_TO(SYSTEMD_LOG_MAX),
                .banks = "sha256",
                .time = 1000000,
                .boot = SD_BOOT };
        for (unsigned pcr = 0; pcr < 16; pcr++)
                if (!pcr_set(&l->pcrs, pcr, &(Digest){ HASH_SHA256, 32, {} }) ||
                                !pcr_set(&l->pcrs, pcr, &(Digest){ HASH_SHA384, 48, {} }))
                        assert(false);
}

void sd_done(SdLog *l) {
        buf_done(&l->log);
}

static Digest digest_of(HashAlg alg, const char *words) {
        Digest d;

        if (hash_bytes(alg, span_of(words), &d, NULL) < 0)
                assert(false);
        return d;
}

/* As the TPM does it, not by what is tested: H(old || digest). */
static void extend(Digest *value, const Digest *with) {
        Digest next;

        if (hash_parts(value->alg, (Span[]){ digest_span(value), digest_span(with) }, 2, &next,
                            NULL) < 0)
                assert(false);
        *value = next;
}

void sd_extend(SdLog *l, Register reg, const char *words) {
        if (reg.kind == REGISTER_NV) {
                Digest value = { HASH_SHA256, 32, {} }, with = digest_of(HASH_SHA256, words);
                size_t i = 0;

                while (i < l->n_nv && l->nv[i].index != reg.index)
                        i++;
                assert(i < l->n_nv);
                memcpy(value.bytes, l->values[i], 32);
                extend(&value, &with);
                memcpy(l->values[i], value.bytes, 32);
                return;
        }
        for (size_t b = 0; b < l->pcrs.held.n_banks; b++) {
                Digest *value = &l->pcrs.digests[b][reg.index];
                Digest with = digest_of(value->alg, words);

                if (strstr(l->banks, hash_name(value->alg)))
                        extend(value, &with);
        }
}

/* What is not plain comes out as cescape() has it. */
static void put_escaped(Buf *to, const char *words, bool raw) {
        for (; *words; words++) {
                if (!raw && (*words == '"' || *words == '\\'))
                        buf_string(to, "\\\\"); /* once for systemd, once for JSON */
                if (*words == '"' || *words == '\\')
                        buf_byte(to, '\\');
                buf_byte(to, (uint8_t) *words);
        }
}

void sd_write(SdLog *l, Register reg, const char *words, const char *event, const char *told) {
        static const HashAlg algs[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384 };
        const char *between = "";

        buf_printf(&l->log, "\x1e{\"%s\":%u,\"digests\":[",
                        reg.kind == REGISTER_NV ? "nv_index" : "pcr", reg.index);
        for (size_t i = 0; i < ELEMENTS(algs); i++) {
                Digest d = digest_of(algs[i], words);

                if (!strstr(l->banks, hash_name(algs[i])))
                        continue;
                buf_printf(&l->log, "%s{\"hashAlg\":\"%s\",\"digest\":\"", between,
                                hash_name(algs[i]));
                text_hex(&l->log, digest_span(&d));
                buf_string(&l->log, "\"}");
                between = ",";
        }
        buf_string(&l->log, "],\"content_type\":\"systemd\",\"content\":{\"string\":\"");
        put_escaped(&l->log, told, l->raw);
        if (l->boot)
                buf_printf(&l->log, "\",\"bootId\":\"%s", l->boot);
        buf_printf(&l->log, "\",\"timestamp\":%lld", (long long) l->time++);
        if (event)
                buf_printf(&l->log, ",\"eventType\":\"%s\"", event);
        buf_string(&l->log, "}}\n");
}

void sd_measure(SdLog *l, Register reg, const char *words, const char *event) {
        sd_extend(l, reg, words);
        sd_write(l, reg, words, event, words);
}

void sd_name_nvpcr(NvPcr *nv) {
        _cleanup_(buf_done) Buf b = BUF_UP_TO(256);
        Digest d;

        buf_be(&b, nv->index, 4);
        buf_be(&b, HASH_SHA256, 2);
        buf_be(&b, nv->attributes, 4);
        buf_be(&b, nv->policy.size, 2);
        buf_bytes(&b, nv->policy);
        buf_be(&b, nv->size, 2);
        if (hash_bytes(HASH_SHA256, buf_span(&b), &d, NULL) < 0)
                assert(false);
        nv->name[0] = 0;
        nv->name[1] = HASH_SHA256;
        memcpy(nv->name + 2, d.bytes, 32);
}

void sd_define(SdLog *l, uint32_t index) {
        NvPcr *nv = &l->nv[l->n_nv];
        Digest start = { HASH_SHA256, 32, {} }, zeros = start;

        assert(l->n_nv < NVPCRS_MAX);
        extend(&start, &zeros);
        memcpy(l->values[l->n_nv], start.bytes, 32);
        *nv = (NvPcr){ .index = index,
                .attributes = 0x2c060048,
                .size = 32,
                .name = { 0x00, 0x0b, 0x77, (uint8_t) index },
                .policy = { guard, 32 },
                .value = { l->values[l->n_nv], 32 } };
        if (l->name_nvpcr)
                l->name_nvpcr(nv);
        l->n_nv++;
}

void sd_introduce(SdLog *l, uint32_t index, const char *label) {
        _cleanup_(buf_done) Buf words = BUF_UP_TO(256);
        size_t i = 0;

        while (i < l->n_nv && l->nv[i].index != index)
                i++;
        assert(i < l->n_nv);
        buf_printf(&words, "nvpcr-init:%s:0x%x:", label, index);
        text_hex(&words, (Span){ l->nv[i].name, sizeof(l->nv[i].name) });
        buf_byte(&words, 0);
        sd_measure(l, sd_pcr9, (const char *) buf_span(&words).data, "nvpcr-init");
}

void sd_nvpcr(SdLog *l, uint32_t index, const char *label) {
        sd_define(l, index);
        sd_introduce(l, index, label);
}

void sd_boot(SdLog *l) {
        sd_measure(l, sd_pcr11, "enter-initrd", "phase");
        sd_measure(l, sd_pcr9, "os-separator", "os-separator");
        sd_nvpcr(l, SD_VERITY, "verity");
        sd_nvpcr(l, SD_HARDWARE, "hardware");
        sd_nvpcr(l, SD_CRYPTSETUP, "cryptsetup");
        sd_nvpcr(l, SD_LOGIN, "login");
        sd_measure(l, sd_pcr9, "nvpcr-separator", "nvpcr-separator");
        sd_measure(l, sd_nv(SD_CRYPTSETUP), "cryptsetup-keyslot:root:1e02:tpm2:1", "keyslot");
        sd_measure(l, sd_nv(SD_VERITY), "verity:root:" SD_ROOT ":", "dm-verity");
        sd_measure(l, sd_pcr11, "leave-initrd", "phase");
        sd_measure(l, sd_pcr15, "machine-id:" SD_BOOT, "machine-id");
        sd_measure(l, sd_pcr11, "sysinit", "phase");
        sd_measure(l, sd_pcr11, "ready", "phase");
        sd_measure(l, sd_nv(SD_LOGIN), "login:root:{\"uid\":0}", "login");
}
