/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/draftlog.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "base/text.h"

/* OpenSSL's own, so that a mistake in port/crypto shows. */
static Digest hash(HashAlg alg, Span one, Span two) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        Digest d = digest_zero(alg);

        if (EVP_DigestInit_ex(ctx, EVP_get_digestbyname(hash_name(alg)), NULL) != 1 ||
                        EVP_DigestUpdate(ctx, one.data, one.size) != 1 ||
                        EVP_DigestUpdate(ctx, two.data, two.size) != 1 ||
                        EVP_DigestFinal_ex(ctx, d.bytes, NULL) != 1)
                assert(false);
        EVP_MD_CTX_free(ctx);
        return d;
}

DraftLog draft_log(void) {
        return (DraftLog){
                .bytes = BUF_UP_TO(DRAFT_LOG_MAX),
                .reg = { REGISTER_PCR, 8 },
                .banks = { HASH_SHA1, HASH_SHA256 },
                .n_banks = 2,
                .spoiled = -1,
        };
}

void draft_log_done(DraftLog *l) {
        buf_done(&l->bytes);
}

void draft_line(Register reg, const HashAlg *banks, size_t n_banks, int spoiled, const char *recnum,
                Span content, Buf *to) {
        buf_string(to, "\x1e{");
        if (reg.kind == REGISTER_PCR)
                buf_printf(to, "\"pcr\":%u,", reg.index);
        if (reg.kind == REGISTER_NV)
                buf_printf(to, "\"nv_index\":%u,", reg.index);
        buf_printf(to, "\"recnum\":%s,\"digests\":[", recnum);
        for (size_t i = 0; i < n_banks; i++) {
                Digest d = hash(banks[i], content, (Span){});

                if (spoiled == (int) i)
                        d.bytes[d.size - 1] ^= 1;
                buf_printf(to, "%s{\"hashAlg\":\"%s\",\"digest\":\"", i > 0 ? "," : "",
                                hash_name(banks[i]));
                text_hex(to, digest_span(&d));
                buf_string(to, "\"}");
        }
        buf_string(to, "],\"content_type\":\"avouch\",\"content\":");
        buf_bytes(to, content);
        buf_string(to, "}\n");
}

enum { CHANGES_MAX = 12 };

void draft_log_add(DraftLog *l, Event event, const DraftChange *changes) {
        _cleanup_(buf_done) Buf content = BUF_UP_TO(DRAFT_LOG_MAX), hex = BUF_UP_TO(80);
        DraftChange all[CHANGES_MAX + 3] = {};
        char seq[24];
        Digest d;
        size_t n = 0;

        assert(l->n < DRAFT_RECORDS_MAX);
        for (; changes && changes->path; changes++)
                all[n++] = *changes;
        assert(n <= CHANGES_MAX);
        (void) snprintf(seq, sizeof(seq), "%zu", l->n);
        buf_byte(&hex, '"');
        text_hex(&hex, (Span){ l->prev, sizeof(l->prev) });
        buf_string(&hex, "\"");
        buf_byte(&hex, '\0');
        all[n++] = (DraftChange){ "seq", seq }; /* the first of two changes counts */
        all[n] = (DraftChange){ "prev", (const char *) buf_span(&hex).data };
        draft_content(event, all, &content);

        draft_line(l->reg, l->banks, l->n_banks, l->spoiled, seq, buf_span(&content), &l->bytes);
        l->at[++l->n] = buf_span(&l->bytes).size;
        d = hash(HASH_SHA256, buf_span(&content), (Span){});
        memcpy(l->prev, d.bytes, sizeof(l->prev));
}

Span draft_log_record(const DraftLog *l, size_t n) {
        assert(n < l->n);
        return (Span){ l->bytes.data + l->at[n], l->at[n + 1] - l->at[n] };
}

Span draft_log_bytes(const DraftLog *l) {
        return buf_span(&l->bytes);
}

Digest draft_log_replay(const DraftLog *l, size_t bank, Digest start) {
        static const char mark[] = "\"content\":";

        for (size_t i = 0; i < l->n; i++) {
                Span line = draft_log_record(l, i);
                const uint8_t *at = memmem(line.data, line.size, mark, sizeof(mark) - 1);
                const uint8_t *content = at + sizeof(mark) - 1;
                Digest d = hash(l->banks[bank],
                                (Span){ content, line.size - (size_t) (content - line.data) - 2 },
                                (Span){});

                start = hash(l->banks[bank], digest_span(&start), digest_span(&d));
        }
        return start;
}

void draft_register_values(const Digest *sha1, const Digest *sha256, char into[DRAFT_START_MAX]) {
        const Digest *values[] = { sha1, sha256 };
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS(values); i++) {
                n += (size_t) snprintf(into + n, DRAFT_START_MAX - n, "%s\"%s\":\"",
                                i == 0 ? "{" : ",", hash_name(values[i]->alg));
                for (size_t k = 0; k < values[i]->size; k++)
                        n += (size_t) snprintf(
                                        into + n, DRAFT_START_MAX - n, "%02x", values[i]->bytes[k]);
                n += (size_t) snprintf(into + n, DRAFT_START_MAX - n, "\"");
        }
        (void) snprintf(into + n, DRAFT_START_MAX - n, "}");
}
